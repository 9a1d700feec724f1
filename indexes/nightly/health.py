"""Whether the nightly job is well: what a monitor asks, and what a person does about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from corpus.errors import IndexingError
from corpus.language import Sentence
from indexes.embed import Embedder
from indexes.home import ingested_source
from indexes.nightly.job import is_locked
from indexes.nightly.record import Record, Records, running
from indexes.snapshot import Snapshot, current_id, snapshot_folder

STALE_HOURS = 30.0


@dataclass(frozen=True)
class Health:
    """findings: what is wrong and what to do, empty if all is well. last: the newest run; done: the newest that did not fail."""

    findings: tuple[Sentence, ...]
    last: Record | None
    done: Record | None
    busy: bool

    @property
    def is_well(self) -> bool:
        return not self.findings


def examine(state: Path, index: Path, given: Embedder, *, stale_hours: float = STALE_HOURS) -> Health:
    """Look at the records of the runs and at the snapshot that serves. Nothing is written."""
    records = Records(state)
    last = next(records.newest(), None)
    done = next((record for record in records.newest() if record.outcome != "failed"), None)
    busy = is_locked(state)
    findings = (*_run_findings(state, last, done, busy, stale_hours), *_index_findings(index, done, given))
    return Health(findings, last, done, busy)


def _run_findings(state: Path, last: Record | None, done: Record | None, busy: bool, stale_hours: float) -> Iterator[Sentence]:
    killed = None if busy else running(state)
    if killed is not None:
        yield Sentence.of("ingest.killed", since=killed.get("started", "?"))
    if last is None:
        if not busy and killed is None:
            yield Sentence.of("ingest.never")
        return
    if last.outcome == "failed":
        yield Sentence.of("ingest.failed", started=last.started, stage=last.stage or "start", reason=last.reason or "?")
    if done is not None and (hours := _age_hours(done)) > stale_hours and not busy:
        yield Sentence.of("ingest.stale", hours=f"{hours:.0f}", limit=f"{stale_hours:g}")
    for source in last.problems:
        yield Sentence.of("ingest.source_missing", name=source.name, problem=source.problem)


def _age_hours(record: Record) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(record.finished)).total_seconds() / 3600


def _index_findings(index: Path, done: Record | None, given: Embedder) -> Iterator[Sentence]:
    if done is None:
        return
    try:
        serving = current_id(index)
        snapshot = Snapshot.open(snapshot_folder(index, serving), given)
        snapshot.close()
    except IndexingError as error:
        yield error.sentence
        return
    if serving != done.snapshot.get("after"):
        yield Sentence.of("ingest.other_serves", serving=serving, published=done.snapshot.get("after"))
    elif snapshot.manifest.source != ingested_source():
        yield IndexingError("index_older_seed", folder=index).sentence
