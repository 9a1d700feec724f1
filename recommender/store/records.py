"""What the store takes and gives: plain frozen records, no database in sight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Status = Literal["running", "done", "failed", "stopped"]
EndStatus = Literal["done", "failed", "stopped"]
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
    """A whole run; result and candidates are there once it has finished."""

    id: str
    status: Status
    started: datetime
    finished: datetime | None
    start: RunStart
    result: JsonObject | None
    candidates: tuple[CandidateRow, ...]
