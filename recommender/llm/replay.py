"""Answers from a record instead of a network: a run again bit for bit, and cassettes, the test doubles of this package.

A cassette is a JSONL file, one line a reply under the hash of its request; the same question asked twice gets its replies in their order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from corpus.errors import SettingsError
from corpus.language import Sentence
from recommender.llm._base import Chat, Reply, Request
from recommender.llm.ensemble import Ensemble, Place, Plan
from recommender.llm.ledger import HEARD, reply_of, request_hash
from recommender.llm.members import Members
from recommender.store import CallRow, Event

_NOBODY: Any = None  # the request of a reply on record is known when it is asked again
_KEPT = ("text", "resolved_model", "tokens_in", "tokens_out", "cost", "seconds", "attempts")


class Replayed:
    """A chat that answers from a record; what is not in it is a failure that says so."""

    def __init__(self, replies: Iterable[tuple[str, Reply]]) -> None:
        self._replies: dict[str, list[Reply]] = defaultdict(list)
        for key, reply in replies:
            self._replies[key].append(reply)

    @classmethod
    def of_calls(cls, calls: Sequence[CallRow]) -> Replayed:
        """From a run's ledger."""
        return cls((call.request_hash, reply_of(call, _NOBODY)) for call in calls)

    async def ask(self, request: Request) -> Reply:
        waiting = self._replies.get(request_hash(request))
        if not waiting:
            return Reply(request, "", attempts=0, failure=Sentence.of("llm.not_recorded", member=request.member.name))
        return replace(waiting.pop(0), request=request)


class TakenUp:
    """A chat for a run that goes on: what is on its record is not asked and paid for again."""

    def __init__(self, calls: Sequence[CallRow], live: Chat) -> None:
        self._recorded = Replayed.of_calls([call for call in calls if call.failure is None])
        self._live = live

    async def ask(self, request: Request) -> Reply:
        found = await self._recorded.ask(request)
        return found if found.failure is None else await self._live.ask(request)


class Recording:
    """A chat that writes what another one answers to a cassette."""

    def __init__(self, chat: Chat, path: Path) -> None:
        self._chat = chat
        self._path = path

    async def ask(self, request: Request) -> Reply:
        reply = await self._chat.ask(request)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(reply) + "\n")
        return reply


def cassette(path: Path) -> Replayed:
    """The chat of a cassette. SettingsError if the file cannot be read."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return Replayed([(str(line["request"]), _reply(line)) for line in lines])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError("settings_unreadable", path=path, reason=error) from None


def _line(reply: Reply) -> str:
    told: dict[str, Any] = {"request": request_hash(reply.request), **{name: getattr(reply, name) for name in _KEPT}}
    told["failure"] = None if reply.failure is None else reply.failure.to_dict()
    return json.dumps(told, ensure_ascii=False)


def _reply(line: dict[str, Any]) -> Reply:
    failure = line.get("failure")
    return Reply(_NOBODY, **{name: line[name] for name in _KEPT if name in line}, failure=failure and Sentence.from_dict(failure))


def replaying(members: Members, calls: Sequence[CallRow], events: Sequence[Event]) -> Ensemble:
    """An ensemble that goes through a recorded run again: the same members asked in the same rounds, heard at the same points."""
    return Ensemble(members, Replayed.of_calls(calls), plan=planned(calls, events))


def planned(calls: Sequence[CallRow], events: Sequence[Event], goes_on: bool = False) -> Plan:
    """What the record of a run holds it to; goes_on: it did not come to its end, and is free behind what is on record."""
    asked: dict[int, dict[int, str]] = defaultdict(dict)
    for call in calls:
        asked[call.round][call.number] = call.role
    heard = {event.payload["point"]: _places(event) for event in events if event.kind == HEARD}
    return Plan(asked, heard, goes_on)  # type: ignore[arg-type]  # points are whole numbers


def _places(event: Event) -> frozenset[Place]:
    found: Any = event.payload["places"]
    return frozenset((int(round_), int(number), int(turn)) for round_, number, turn in found)
