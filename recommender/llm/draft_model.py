"""A model reads what the rules of `recommender.llm.draft` left open; only what the table and our own readers accept is taken over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.llm._base import Chat, Member, Message, Request
from recommender.llm.client import Client
from recommender.llm.draft import Draft, Finding, Kind, can, completed
from recommender.llm.evidence import inert
from recommender.llm.loose_json import values_in
from recommender.llm.members import first_member
from recommender.llm.prompt import template
from recommender.llm.schema import TEXT, strict
from recommender.quantities import Quantity
from recommender.table import Table, symbols_for

REPLY = """{"target": "symbol", "inputs": ["symbol"], "units": [{"column": "symbol", "unit": "mm"}],
 "known": [{"name": "n", "value": "2.2"}]}"""
SCHEMA: Mapping[str, Any] = strict(
    {
        "target": TEXT,
        "inputs": {"type": "array", "items": TEXT},
        "units": {"type": "array", "items": strict({"column": TEXT, "unit": TEXT})},
        "known": {"type": "array", "items": strict({"name": TEXT, "value": TEXT})},
    }
)


def ask(draft: Draft, table: Table, members: Path) -> tuple[Draft, Sentence | None]:
    """The draft completed by the first member of a file, and why the member could not be asked, if so."""
    return asyncio.run(complete(draft, table, first_member(members), Client()))


async def complete(draft: Draft, table: Table, member: Member, chat: Chat) -> tuple[Draft, Sentence | None]:
    """The same with a chat at hand."""
    reply = await chat.ask(Request(member, messages(draft, table, member), SCHEMA, "draft"))
    if reply.failure is not None:
        return draft, reply.failure
    values, _ = values_in(reply.text)
    told = next((value for value in values if isinstance(value, Mapping)), {})
    return completed(draft, findings(told, table)), None


def messages(draft: Draft, table: Table, member: Member) -> tuple[Message, ...]:
    """What the member is sent; the sentence and the table's words are data."""
    language = "ja" if member.language == "ja" else "en"
    own, frame = template("draft", language), template("user", language)
    columns = [
        {"symbol": symbol, "header": column.label, "words": column.description}
        for column, symbol in zip(table.columns, symbols_for(table.names).values(), strict=True)
    ]
    data = inert({"sentence": draft.about, "columns": columns})
    user = frame.words.replace("{task}", own.task).replace("{data}", data)  # the data last: nothing in it is replaced
    return Message("system", own.words.replace("{reply}", REPLY)), Message("user", user)


def findings(told: Mapping[str, Any], table: Table) -> Iterator[Finding]:
    """What of a reply is true of the table: columns it has, units and values that can be read."""
    columns = {symbol: name for name, symbol in symbols_for(table.names).items()}

    def found(kind: Kind, name: object, value: str = "") -> Iterator[Finding]:
        spelled = columns.get(str(name), str(name))
        if can(table.find, spelled):
            yield Finding(kind, table.find(spelled).name, value, by="model")

    yield from found("target", told.get("target", ""))
    for name in _list(told.get("inputs")):
        yield from found("input", name)
    for pair in _list(told.get("units")):
        if isinstance(pair, Mapping) and can(parse_unit, str(pair.get("unit", "")) or "?"):
            yield from found("unit", pair.get("column", ""), str(pair["unit"]))
    for pair in _list(told.get("known")):
        if isinstance(pair, Mapping):
            name, value = str(pair.get("name", ""))[:40], str(pair.get("value", ""))[:60]
            if not can(table.find, name) and can(Quantity.of, name, value):
                yield Finding("known", name, value, by="model")


def _list(value: Any) -> list[Any]:
    return value[:40] if isinstance(value, list) else []
