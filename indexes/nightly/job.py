"""One run of the nightly job.

    lock -> collect -> validate, canonicalise, merge -> lay aside -> embed what changed -> build -> verify -> publish -> prune -> record

Killed at any point, the old snapshot goes on serving and the next run does the work: nothing before the swap touches what serves, and
everything written on the way is written in one step and may be written again.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import IndexingError, RecommenderError
from corpus.ingest import Merged, Reading, merge, read
from corpus.load import SEED_FOLDER
from corpus.quarantine import Shelf
from corpus.sources import FolderSource, Source
from indexes import golden
from indexes.catalogue import FILE as ENTRIES
from indexes.embed import DEFAULT, Embedder
from indexes.golden import Golden
from indexes.home import alone, ingested_source, seed_digest
from indexes.manifest import MANIFEST, SCHEMA, EmbedderIdentity
from indexes.nightly.readings import Readings
from indexes.nightly.record import Journal, Outcome, Record, SourceCount, running
from indexes.publish import Progress, Tell, publish, silent, snapshot_id
from indexes.snapshot import SNAPSHOTS, current_id, snapshot_folder
from indexes.spool import canonical_json

_LOCK = "ingest.lock"


@dataclass(frozen=True)
class Job:
    """What is ingested into which index.

    sources: in order of precedence, after the formulas that come with the package, which are always taken in. state: the job's own
    folder. golden: None asks the packaged questions where their floor holds.
    """

    sources: Sequence[Source]
    index: Path
    state: Path
    embedder: Embedder
    seed: Source = field(default_factory=lambda: FolderSource(SEED_FOLDER, "seed"))
    golden: Golden | None = None

    @property
    def quarantine(self) -> Shelf:
        return Shelf(self.state / "quarantine")

    @property
    def review(self) -> Shelf:
        return Shelf(self.state / "review")

    @property
    def questions(self) -> Golden | None:
        """The golden questions a new snapshot must answer; the packaged floor was measured with the default embedder."""
        return self.golden or (golden.packaged() if self.embedder.name == DEFAULT else None)


def run(job: Job, *, since: float | None = None, tell: Tell = silent) -> Record:
    """Do the work; what was done. since: POSIX time, files older than that are not read again.

    IndexingError `ingest_busy` if another run is under way. Every other error is recorded and then raised; what served serves on.
    """
    with _locked(job.state):
        journal = Journal(job.state, tell)
        try:
            journal.begin(_serving(job.index))
            return journal.end(_work(job, journal, since))
        except OSError as error:
            raise _recorded(journal, _unwritable(Path(error.filename or job.state), error)) from None
        except Exception as error:
            raise _recorded(journal, error) from None


def rehearse(job: Job, *, since: float | None = None, tell: Tell = silent) -> Record:
    """What `run` would publish, lay aside and leave out. Nothing is written."""
    journal = Journal(job.state, tell, written=False)
    readings = _collected(job, journal, since, keep=False)
    merged = _merged(readings, journal)
    merged.rejected = job.quarantine.undecided(merged.rejected)
    merged.drafts = job.review.undecided(merged.drafts)
    identifier = snapshot_id(merged.entries, job.embedder)
    return _record(job, journal, readings, merged, "rehearsed", Before.read(job.index, _serving(job.index)), identifier)


def _work(job: Job, journal: Journal, since: float | None) -> Record:
    readings = _collected(job, journal, since, keep=True)
    merged = _merged(readings, journal)
    journal.tell(Progress("shelving"))
    merged.rejected = job.quarantine.reconcile(merged.rejected)
    merged.drafts = job.review.reconcile(merged.drafts)
    before, there = Before.read(job.index, journal.before, _serving(job.index)), _snapshots(job.index)
    with alone(job.index):
        manifest = publish(merged.entries, job.index, job.embedder, source=ingested_source(), golden=job.questions, tell=journal.tell)
    outcome: Outcome = "unchanged" if manifest.id == before.id else "published"
    pruned = tuple(sorted(there - _snapshots(job.index)))
    journal.tell(Progress("recording"))
    return _record(job, journal, readings, merged, outcome, before, manifest.id, manifest.golden, pruned)


def _collected(job: Job, journal: Journal, since: float | None, *, keep: bool) -> list[Reading]:
    journal.tell(Progress("collecting"))
    kept = Readings(job.state / "readings")
    seed = read(job.seed, trusted=True)
    if seed.problem is not None:
        raise seed.problem
    return [seed, *(kept.take(source, since, keep=keep) for source in job.sources)]


def _merged(readings: Sequence[Reading], journal: Journal) -> Merged:
    total = sum(len(reading.items) for reading in readings)
    journal.tell(Progress("merging", 0, total))
    return merge(readings, lambda done: journal.tell(Progress("merging", done, total)) if done % 256 == 0 else None)


@dataclass(frozen=True)
class Before:
    """The snapshot that serves before a run: its id, recall, and the hash of each entry by tenant and id; empty if there is none."""

    id: str = ""
    golden: Mapping[str, float] = field(default_factory=dict)
    entries: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, index: Path, *identifiers: str) -> Before:
        """The first of them that is there. Leniently: it may be of another layout, or broken, and is only compared with."""
        for identifier in filter(None, identifiers):
            folder = snapshot_folder(index, identifier)
            try:
                recall = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("golden", {})
                with (folder / ENTRIES).open("rb") as lines:
                    return cls(identifier, recall, dict(map(_hashed, lines)))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue
        return cls()


def _serving(index: Path) -> str:
    try:
        return current_id(index)
    except IndexingError:
        return ""


def _hashed(line: bytes) -> tuple[tuple[str, str], str]:
    entry = json.loads(line)
    return (entry["tenant"], entry["id"]), hashlib.sha256(line).hexdigest()


def _record(
    job: Job,
    journal: Journal,
    readings: Sequence[Reading],
    merged: Merged,
    outcome: Outcome,
    before: Before,
    after: str,
    recall: Mapping[str, float] | None = None,
    pruned: tuple[str, ...] = (),
) -> Record:
    now = {(entry.tenant, entry.id): hashlib.sha256(canonical_json(entry)).hexdigest() for entry in merged.entries}
    return Record(
        run=journal.run,
        started=journal.started,
        outcome=outcome,
        sources=tuple(_counted(reading) for reading in readings),
        entries=len(merged.entries),
        added=_names(now.keys() - before.entries.keys()),
        changed=_names(key for key in now.keys() & before.entries.keys() if now[key] != before.entries[key]),
        removed=_names(before.entries.keys() - now.keys()),
        folded=tuple(merged.folded),
        rejected=tuple(merged.rejected),
        drafts=tuple(merged.drafts),
        snapshot={"before": before.id, "after": after},
        golden={"before": before.golden, "after": recall or {}},
        pruned=pruned,
        versions=_versions(job.embedder),
    )


def _counted(reading: Reading) -> SourceCount:
    counts = (reading.count("complete"), reading.count("review"), reading.count("rejected"))
    return SourceCount(reading.source, *counts, reading.problem.sentence if reading.problem else None)


def _names(keys: Iterator[tuple[str, str]] | set[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{tenant}/{identifier}" for tenant, identifier in keys))


def _versions(given: Embedder) -> dict[str, str]:
    packages = {name: metadata.version(name) for name in ("formula-recommender", "chromadb", "numpy")}
    return {
        **packages,
        "python": platform.python_version(),
        "embedder": str(EmbedderIdentity.of(given)),
        "schema": str(SCHEMA),
        "seed": seed_digest(),
    }


def _snapshots(index: Path) -> set[str]:
    return {path.parent.name for path in (index / SNAPSHOTS).glob(f"*/{MANIFEST}")}


@contextmanager
def _locked(state: Path) -> Iterator[None]:
    """The operating system lets go of the lock when its process ends, however it ends: a stale one cannot stay."""
    lock = FileLock(state / _LOCK, timeout=0)
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        other = running(state) or {}
        raise IndexingError("ingest_busy", process=other.get("process", "?"), since=other.get("started", "?")) from None
    except OSError as error:
        raise _unwritable(state, error) from None
    try:
        yield
    finally:
        lock.release()


def is_locked(state: Path) -> bool:
    """Whether a run is under way. The lock is touched only where a run has left its name, so that asking stops no run from starting."""
    if running(state) is None:
        return False
    try:
        with _locked(state):
            return False
    except IndexingError as error:
        return error.key == "ingest_busy"


def _recorded(journal: Journal, error: Exception) -> Exception:
    with suppress(OSError):  # where nothing can be written the error itself says so
        journal.end(journal.failed(error))
    return error


def _unwritable(folder: Path, error: OSError) -> RecommenderError:
    return IndexingError("ingest_state", folder=folder, reason=error.strerror or type(error).__name__)
