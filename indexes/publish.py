"""Building a snapshot beside the one that serves, verifying it, and swapping it in.

Killed at any point, the old snapshot goes on serving: the new one gets its manifest last, its name by one rename, and CURRENT by one
rename. Equal entries and embedder give an equal id, so building again what is there does nothing.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from corpus.entry import Entry
from corpus.errors import IndexingError
from corpus.language import Language, text
from indexes.build import write_tables
from indexes.embed import Embedder, Vectors
from indexes.golden import Golden, recall_by_language
from indexes.manifest import MANIFEST, SCHEMA, EmbedderIdentity, Manifest, file_hash
from indexes.retriever import Retriever
from indexes.snapshot import CURRENT, FILES, SNAPSHOTS, Snapshot, current_id, snapshot_folder
from indexes.spool import Spool
from indexes.vectors import UNREACHABLE, VectorStore

KEEP = 3
_BUILDING = "building-"
_ABANDONED_AFTER = 6 * 3600.0
_POINTER_LIFE = 60.0  # a pointer or manifest not yet renamed lives for milliseconds
Stage = Literal[
    "reading", "collecting", "merging", "shelving", "embedding", "storing", "verifying", "published", "unchanged", "recording", "broken"
]


@dataclass(frozen=True)
class Progress:
    """How far a build is: `done` of `total` entries in one stage (0 of 0 where there is nothing to count)."""

    stage: Stage
    done: int = 0
    total: int = 0

    def text(self, language: Language = "en") -> str:
        return text(f"index.{self.stage}", language, done=self.done, total=self.total)


Tell = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tells nobody."""


def snapshot_id(entries: Iterable[Entry], given: Embedder) -> str:
    """Hash of the entries (whatever their order), the embedder and the schema."""
    with closing(Spool(entries)) as spool:
        return _identifier(spool, given)


def _identifier(spool: Spool, given: Embedder) -> str:
    digest = hashlib.sha256(f"{SCHEMA}|{EmbedderIdentity.of(given)}".encode())
    for line in spool.lines():
        digest.update(line)
    return digest.hexdigest()[:20]


def publish(
    entries: Iterable[Entry], index: Path, given: Embedder, *, source: str = "", golden: Golden | None = None, tell: Tell = silent
) -> Manifest:
    """Build, verify and swap in the snapshot of these entries; then prune all but the newest three.

    entries: taken one by one and not kept, so a generator may yield more than fit in memory.
    golden: questions it must answer; IndexingError, and nothing swapped, if recall@5 of a language is below their floor.
    """
    with closing(Spool(entries)) as spool:
        identifier = _identifier(spool, given)
        folder = snapshot_folder(index, identifier)
        manifest = _usable(folder, given) or _build_beside(folder, identifier, spool, given, source, golden, tell)
    if manifest.source != source:
        manifest = replace(manifest, source=source)
        manifest.write(folder)
    tell(Progress("published" if _swap(index, identifier) else "unchanged", manifest.entries, manifest.entries))
    prune(index)
    return manifest


def _usable(folder: Path, given: Embedder) -> Manifest | None:
    """The manifest of a snapshot that opens, else None and the remains are removed."""
    try:
        snapshot = Snapshot.open(folder, given)
    except IndexingError as error:
        if error.key in UNREACHABLE:  # what cannot be asked may be whole
            raise
        VectorStore.discard(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return None
    snapshot.close()
    return snapshot.manifest


def _build_beside(folder: Path, identifier: str, spool: Spool, given: Embedder, source: str, golden: Golden | None, tell: Tell) -> Manifest:
    building = folder.parent.parent / f"{_BUILDING}{identifier}.{platform.node()}.{os.getpid()}.{time.monotonic_ns()}"
    building.mkdir(parents=True)
    try:
        manifest = _build(building, identifier, spool, given, source, tell)
        manifest = _verify(building, manifest, given, golden, tell)
        folder.parent.mkdir(exist_ok=True)
        _rename(building, folder)
        return manifest
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _rename(building: Path, folder: Path) -> None:
    try:
        building.rename(folder)
    except OSError:
        if not folder.is_dir():  # otherwise another process finished the same snapshot first
            raise


def _build(folder: Path, identifier: str, spool: Spool, given: Embedder, source: str, tell: Tell) -> Manifest:
    count = len(spool)
    tell(Progress("embedding", 0, count))
    known = _known_vectors(folder.parent, given)
    probes = write_tables(folder, spool, given, known, lambda done: tell(Progress("embedding", done, count)))
    tell(Progress("storing", count, count))
    files = {name: file_hash(folder / name) for name in FILES}
    built = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(identifier, EmbedderIdentity.of(given), count, count, source, built, files, probes)
    manifest.write(folder)
    return manifest


def _known_vectors(index: Path, given: Embedder) -> Mapping[str, Vectors]:
    """What the snapshot in service embedded with the same embedder, so that only what changed is embedded again."""
    try:
        snapshot = Snapshot.open(snapshot_folder(index, current_id(index)), given)
    except IndexingError:
        return {}
    try:
        return snapshot.known_vectors()
    finally:
        snapshot.close()


def _verify(folder: Path, manifest: Manifest, given: Embedder, golden: Golden | None, tell: Tell) -> Manifest:
    """Open it as a reader would and ask the golden questions; the manifest then carries their recall."""
    snapshot = Snapshot.open(folder, given)
    try:
        if golden is None:
            return manifest
        tell(Progress("verifying", 0, len(golden.queries)))
        found = recall_by_language(Retriever(snapshot), golden, 5)
    finally:
        snapshot.close()
    for language, value in found.items():
        if value < golden.floor:
            raise IndexingError("golden_recall", asked_in=language, recall=f"{value:.2f}", floor=f"{golden.floor:.2f}")
    verified = replace(manifest, golden=found)
    verified.write(folder)
    return verified


def _swap(index: Path, identifier: str) -> bool:
    """Point CURRENT at the snapshot; False if it already did."""
    try:
        if current_id(index) == identifier:
            return False
    except IndexingError:
        pass
    pointer = index / f"{CURRENT}.{os.getpid()}"
    pointer.write_text(f"{identifier}\n", encoding="ascii")
    pointer.replace(index / CURRENT)
    return True


def prune(index: Path, keep: int = KEEP) -> list[str]:
    """Remove all but the newest snapshots (the current one always stays) and what killed builders left behind; names what went."""
    others = [path for path in (index / SNAPSHOTS).iterdir() if path.is_dir() and path.name != current_id(index)]
    old = sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[keep - 1 :]
    left = [path for path in index.glob(f"{_BUILDING}*") if _is_abandoned(path)]
    for path in (*old, *left):
        VectorStore.discard(path)
        shutil.rmtree(path, ignore_errors=True)
    for path in (*index.glob(f"{CURRENT}.*"), *index.glob(f"{SNAPSHOTS}/*/{MANIFEST}.*")):
        if time.time() - path.stat().st_mtime > _POINTER_LIFE:
            path.unlink(missing_ok=True)
    return [path.name for path in (*old, *left)]


def _is_abandoned(building: Path) -> bool:
    """Whether its builder is dead: a process of this machine that is gone, else anything six hours old."""
    _, *host, process, _ = building.name.split(".")
    if os.name == "posix" and ".".join(host) == platform.node():
        try:
            os.kill(int(process), 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
    return time.time() - building.stat().st_mtime > _ABANDONED_AFTER
