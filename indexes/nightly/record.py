"""The record of a run (its manifest), the log in JSON lines, and how long each stage took.

<state>/running.json        the run under way; left behind by one that was killed
        runs/<run>.json     one manifest per run, the newest sixty
        log.jsonl           every stage of every run
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from corpus import atomic
from corpus.errors import RecommenderError
from corpus.ingest import Folded, Held
from corpus.language import Sentence
from indexes.publish import Progress, Tell

Outcome = Literal["published", "unchanged", "rehearsed", "failed"]
_LOG = "log.jsonl"
_LOG_BYTES = 10_000_000
_RUNS = 60
_RUNNING = "running.json"


@dataclass(frozen=True)
class SourceCount:
    """What one source gave. problem: why it could not be read; the counts are then those of its last good reading."""

    name: str
    complete: int
    review: int
    rejected: int
    problem: Sentence | None = None


@dataclass(frozen=True)
class Record:
    """What a run did.

    stage, reason: where and why it failed. added, changed, removed: ids against the snapshot that served before. rejected, drafts: what
    lies in quarantine and review now, undecided. snapshot, golden: id and recall@5 by language, `before` and `after`. seconds: by stage.
    """

    run: str
    started: str
    finished: str = ""
    outcome: Outcome = "failed"
    stage: str = ""
    reason: Sentence | None = None
    sources: tuple[SourceCount, ...] = ()
    entries: int = 0
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    folded: tuple[Folded, ...] = ()
    rejected: tuple[Held, ...] = ()
    drafts: tuple[Held, ...] = ()
    snapshot: Mapping[str, str] = field(default_factory=dict)
    golden: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    pruned: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[SourceCount, ...]:
        """The sources that could not be read."""
        return tuple(source for source in self.sources if source.problem is not None)

    def to_dict(self) -> dict[str, Any]:
        """JSON form; the texts of what was left out stay on their shelves."""
        told = {item.name: getattr(self, item.name) for item in fields(self)}
        told["reason"] = self.reason and self.reason.to_dict()
        told["sources"] = [{**asdict(source), "problem": source.problem and source.problem.to_dict()} for source in self.sources]
        told["folded"] = [asdict(item) for item in self.folded]
        return told | {name: [held.to_dict() for held in told[name]] for name in ("rejected", "drafts")}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Record:
        """What `to_dict` wrote; items of the shelves come without their texts."""
        told: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
        told["reason"] = told["reason"] and Sentence.from_dict(told["reason"])
        told["sources"] = tuple(SourceCount(**{**s, "problem": s["problem"] and Sentence.from_dict(s["problem"])}) for s in told["sources"])
        told["folded"] = tuple(Folded(**item) for item in told["folded"])
        return cls(**told | {name: tuple(Held.from_dict(item) for item in told[name]) for name in ("rejected", "drafts")})


class Records:
    """The records of the runs of one state folder."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "runs"

    def newest(self) -> Iterator[Record]:
        """Newest first; a damaged record is passed over."""
        for path in sorted(self._folder.glob("*.json"), reverse=True):
            try:
                yield Record.from_dict(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError, KeyError, TypeError):
                continue

    def write(self, record: Record) -> None:
        """Keep a record; the oldest go."""
        atomic.write(self._folder / f"{record.run}.json", json.dumps(record.to_dict(), ensure_ascii=False, default=str) + "\n")
        for path in sorted(self._folder.glob("*.json"), reverse=True)[_RUNS:]:
            path.unlink(missing_ok=True)


class Journal:
    """Follows one run: tells its stages on, times them, writes the log."""

    def __init__(self, state: Path, tell: Tell, *, written: bool = True) -> None:
        self.started = now()
        self.run = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z-{os.getpid()}"
        self.seconds: dict[str, float] = {}
        self.stage = ""
        self.before = ""
        self._state = state
        self._tell = tell
        self._written = written
        self._clock = time.monotonic()

    def begin(self, serving: str) -> None:
        """Say that a run is under way, and which snapshot serves; after a killed run, which one served before that."""
        self.before = str((running(self._state) or {}).get("serving") or serving)
        told = {"run": self.run, "process": os.getpid(), "started": self.started, "serving": self.before}
        atomic.write(self._state / _RUNNING, json.dumps(told) + "\n")
        self._log("started")

    def tell(self, progress: Progress) -> None:
        """A stage begins, or is further on."""
        if progress.stage != self.stage:
            self._lap()
            self.stage = progress.stage
            self._log("stage", stage=progress.stage, total=progress.total)
        self._tell(progress)

    def end(self, record: Record) -> Record:
        """Write the record, log and times of a run that came to its end, good or bad."""
        self._lap()
        record = replace(record, finished=now(), seconds=dict(self.seconds))
        Records(self._state).write(record)
        self._log("ended", outcome=record.outcome, entries=record.entries, rejected=len(record.rejected), snapshot=record.snapshot)
        (self._state / _RUNNING).unlink(missing_ok=True)
        return record

    def failed(self, error: Exception) -> Record:
        """The record of a run that `error` ended."""
        if isinstance(error, RecommenderError):
            reason = error.sentence
        else:
            reason = Sentence.of("ingest.unexpected", kind=type(error).__name__, problem=str(error)[:500])
        self._log("failed", level="error", stage=self.stage, key=reason.key, reason=reason.text())
        return Record(self.run, self.started, stage=self.stage, reason=reason)

    def _lap(self) -> None:
        if self.stage:
            self.seconds[self.stage] = round(self.seconds.get(self.stage, 0.0) + time.monotonic() - self._clock, 3)
        self._clock = time.monotonic()

    def _log(self, event: str, level: str = "info", **facts: object) -> None:
        if not self._written:
            return
        path = self._state / _LOG
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".1.jsonl"))
        line = json.dumps({"time": now(), "level": level, "run": self.run, "event": event, **facts}, ensure_ascii=False, default=str)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(line + "\n")


def running(state: Path) -> Mapping[str, Any] | None:
    """Run, process and start of the run under way or killed; None if there is none."""
    try:
        told = json.loads((state / _RUNNING).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def now() -> str:
    """ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
