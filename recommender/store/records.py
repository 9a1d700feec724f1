"""What the store takes and gives: plain frozen records, no database in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

BeginStatus = Literal["queued", "running"]
EndStatus = Literal["done", "failed", "stopped"]
Status = Literal["queued", "running", "paused", "done", "failed", "stopped"]
ALIVE = ("queued", "running", "paused")  # not ended
JsonObject = Mapping[str, object]


@dataclass(frozen=True)
class RunStart:
    """What is known when a run begins: enough to start the same run again.

    inputs: names of the columns used; settings: every choice made for this run; versions: of program, corpus and index.
    """

    table_name: str
    table_hash: str
    target: str
    inputs: tuple[str, ...] = ()
    about: str = ""
    seed: int = 0
    settings: JsonObject = field(default_factory=dict)
    versions: JsonObject = field(default_factory=dict)
    tenant: str = "local"


@dataclass(frozen=True)
class CandidateRow:
    """One formula of a finished run. rank 1 is the best; key: its canonical form; score None if it could not be scored."""

    rank: int
    key: str
    formula: str
    proposers: tuple[str, ...]
    score: float | None
    evidence: JsonObject = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """One thing that happened in a run; seq counts 1, 2, 3... within the run. Events are never changed."""

    seq: int
    time: datetime
    author: str
    kind: str
    payload: JsonObject


@dataclass(frozen=True)
class CallRow:
    """One call of a language model. round, number, turn: where it belongs in its run (see `recommender.llm.ensemble`).

    prompt, reply: their texts, kept once by their SHA-256; cost in US dollars, None when unknown; failure: a sentence as JSON, None if
    there was a reply; offered: [formula, canonical key] of each proposal, the key "" for a form that had been told, which is no vote;
    rejected: [text, sentence] of what stayed unusable.
    """

    round: int
    number: int
    turn: int
    member: str
    role: str
    model: str
    purpose: str
    request_hash: str
    prompt: str
    reply: str
    resolved_model: str
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None
    seconds: float
    attempts: int
    failure: JsonObject | None
    json_valid: bool
    repairs: tuple[str, ...]
    offered: tuple[tuple[str, str], ...]
    rejected: tuple[tuple[str, JsonObject], ...]


@dataclass(frozen=True)
class RunSummary:
    """One line of the list of runs; best: the formula of rank 1. Times are UTC."""

    id: str
    tenant: str
    started: datetime
    finished: datetime | None
    status: Status
    table_name: str
    target: str
    best: str | None


@dataclass(frozen=True)
class RunRecord:
    """A whole run; result and candidates are there once it has finished. interim: what it knows by
    now; beat: when it was last seen alive."""

    id: str
    status: Status
    started: datetime
    finished: datetime | None
    start: RunStart
    result: JsonObject | None
    candidates: tuple[CandidateRow, ...]
    interim: JsonObject | None = None
    beat: datetime | None = None
