"""How calls of language models lie in the database: rows, and their texts once each, by content."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from recommender.store import schema
from recommender.store.encoding import storable
from recommender.store.records import CallRow

_KEEP = text("INSERT INTO texts (hash, text) VALUES (:hash, :text) ON CONFLICT (hash) DO NOTHING")


def call_values(connection: Connection, run_id: str, call: CallRow) -> dict[str, Any]:
    """Columns of a call; its texts are kept first."""
    values = asdict(call) | {"run_id": run_id, "time": datetime.now(UTC), "json_valid": int(call.json_valid)}
    return values | {f"{name}_hash": kept_text(connection, str(values.pop(name))) for name in ("prompt", "reply")}


def add_call(connection: Connection, run_id: str, call: CallRow) -> None:
    """Keep a call; the very same one is kept once, another one at its place stands behind it."""
    calls = schema.calls.c
    place = select(calls.turn, calls.request_hash).where(calls.run_id == run_id, calls.round == call.round, calls.number == call.number)
    there = {row.turn: row.request_hash for row in connection.execute(place)}
    if there.get(call.turn) == call.request_hash:
        return
    free = call if call.turn not in there else replace(call, turn=max(there) + 1)
    connection.execute(insert(schema.calls).values(call_values(connection, run_id, free)))


def calls_by_run(connection: Connection, run_id: str | None, tenant: str | None) -> dict[str, list[CallRow]]:
    """Calls of one run or of all, with their texts, by run."""
    calls, prompts, replies = schema.calls, schema.texts.alias(), schema.texts.alias()
    query = (
        select(calls, prompts.c.text.label("prompt"), replies.c.text.label("reply"))
        .join(schema.runs, schema.runs.c.id == calls.c.run_id)
        .join(prompts, prompts.c.hash == calls.c.prompt_hash)
        .join(replies, replies.c.hash == calls.c.reply_hash)
        .order_by(schema.runs.c.started, calls.c.run_id, calls.c.round, calls.c.number, calls.c.turn)
    )
    query = query if run_id is None else query.where(calls.c.run_id == run_id)
    query = query if tenant is None else query.where(schema.runs.c.tenant == tenant)
    found: dict[str, list[CallRow]] = {}
    for row in connection.execute(query):
        found.setdefault(row.run_id, []).append(_call(row))
    return found


def kept_text(connection: Connection, content: str) -> str:
    """The hash under which a text is kept."""
    content = storable(content)
    digest = hashlib.sha256(content.encode()).hexdigest()
    connection.execute(_KEEP, {"hash": digest, "text": content})
    return digest


def _call(row: Row[Any]) -> CallRow:
    values = {name: getattr(row, name) for name in CallRow.__dataclass_fields__}
    pairs = {name: tuple((one, other) for one, other in values[name]) for name in ("offered", "rejected")}
    return CallRow(**{**values, **pairs, "repairs": tuple(values["repairs"]), "json_valid": bool(values["json_valid"])})
