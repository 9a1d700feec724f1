"""A run and those outside its process: what it says goes to its record, what a person asks of it comes from there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.errors import StoreError
from recommender.journal import STEERED
from recommender.problem import Problem
from recommender.progress import Progress, Report, Stop
from recommender.recommendation import Recommendation
from recommender.search.steering import Command, command_again, command_told, scoped_after
from recommender.store import ALIVE, RunRecord, Status, Store

_EVERY = 1.0  # seconds between two words to the record
_SHARES = {
    "indexing": 0.0,
    "proposing": 0.02,
    "racing": 0.1,
    "searching": 0.3,
    "islands": 0.5,
    "refining": 0.85,
    "assessing": 0.9,
    "ranking": 1.0,
}
STEER = "steer"


@dataclass(frozen=True)
class News:
    """What is known of a run by now. stages: how far each stage is, (done, total); share: of the whole, 0 to 1, about; seconds: since it
    was first taken up; ranking: the latest one."""

    stages: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    stage: str = "queued"
    best: str = ""
    share: float = 0.0
    seconds: float = 0.0
    ranking: Recommendation | None = None

    @classmethod
    def of(cls, record: RunRecord) -> News:
        """From the record."""
        told: Mapping[str, Any] = record.interim or {}
        if not told:
            return cls()
        ranking = None if told["ranking"] is None else Recommendation.from_dict(told["ranking"])
        stages = {name: (int(done), int(total)) for name, (done, total) in told["stages"].items()}
        return cls(stages, told["stage"], told["best"], float(told["share"]), float(told["seconds"]), ranking)


class Herald:
    """Tells the record how a run goes, at most once in a while: an interim ranking at once, everything else when it is due."""

    def __init__(self, store: Store, run_id: str, progress: Report, stop: Stop) -> None:
        self._store = store
        self._run_id = run_id
        self._progress = progress
        self._stop = stop
        self._news: dict[str, Any] = {"stages": {}, "stage": "indexing", "best": "", "share": 0.0, "seconds": 0.0, "ranking": None}
        self._begun = time.monotonic()
        self._told = 0.0

    def tell(self, progress: Progress) -> None:
        """A word of the run."""
        news = self._news
        news["stages"][progress.stage] = [progress.done, progress.total]
        news["stage"], news["best"] = progress.stage, progress.best or news["best"]
        news["share"] = max(news["share"], _SHARES.get(progress.stage, 0.0))
        if progress.interim is not None:
            news["ranking"] = progress.interim.to_dict()
        self._write(progress.interim is not None)
        self._progress(progress)

    def stop(self) -> bool:
        """Whether to stop; asked often, so it is also the sign of life."""
        self._write(False)
        return self._stop()

    def _write(self, at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now - self._told >= _EVERY:
            self._told = now
            self._store.beat(self._run_id, {**self._news, "seconds": now - self._begun})


class StoredCommands:
    """Commands that people have put on the record of a run, in their order."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._seen = max((row["event"] for row in obeyed(store, run_id)), default=0)

    def fresh(self) -> Sequence[tuple[int, Command]]:
        found = self._store.events(self._run_id, after=self._seen, kind=STEER)
        self._seen = max((event.seq for event in found), default=self._seen)
        return [(event.seq, command_again(event.payload)) for event in found]


def obeyed(store: Store, run_id: str) -> list[Mapping[str, Any]]:
    """Commands a run has followed: verb, text, the number of their event, and the point of the search."""
    out: list[Mapping[str, Any]] = []
    for event in store.events(run_id, kind=STEERED):
        payload: Any = event.payload
        out += [{**row, "point": payload["name"]} for row in payload["outcome"]]
    return out


def answer_of(record: RunRecord) -> Recommendation:
    """What a run has answered. StoreError if it has not."""
    if not record.result:
        raise unanswered(record.id, record.status)
    return Recommendation.from_dict(record.result)


def unanswered(run_id: str, status: Status) -> StoreError:
    """Why there is nothing to show of a run."""
    return StoreError("run_unfinished" if status in ALIVE else "run_without_result", run=run_id[:8])


def as_steered(store: Store, run_id: str, problem: Problem) -> Problem:
    """The question of a run with the rows that count, and the split, as people have asked by now."""
    told = [command_again(row) for row in obeyed(store, run_id)]
    return scoped_after(told, problem)


def give(store: Store, run_id: str, command: Command, author: str) -> int:
    """Put a command on the record of a run; gives the number of its event."""
    return store.append_event(run_id, STEER, command_told(command), author)
