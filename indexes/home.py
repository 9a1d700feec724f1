"""`open_index`: the index that comes with the package, built on first use and kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock

from corpus.errors import IndexingError, RecommenderError
from corpus.load import SEED_FOLDER, seed_entries
from indexes import golden
from indexes.embed import DEFAULT, FALLBACK, Embedder, default_embedder, embedder
from indexes.manifest import MANIFEST
from indexes.publish import Progress, Tell, publish, silent
from indexes.retriever import Retriever
from indexes.snapshot import CURRENT, CurrentIndex, current_id, snapshot_folder

_SEED = "seed:"
INGESTED = "ingest:"
_LOCK = "build.lock"
_PATIENCE = 300.0


def home() -> Path:
    """$FORMULA_HOME, else the user's cache folder."""
    given = os.environ.get("FORMULA_HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(cache) / "formula-recommender"


def open_index(folder: Path | None = None, embedder_name: str | None = None, tell: Tell = silent) -> Retriever:
    """A retriever over an index folder.

    folder: an index; None is the package's own in `home()`. Where there is none yet, or the one there was built from
    another edition of the seed corpus or is broken, the seed corpus is indexed first (seconds; `tell` hears how far it is). An index
    published from anything else is served as it is; one that `formula ingest` made from another edition of the seed corpus says so, and
    where the package's own cannot be read the seed corpus stands in for it. embedder_name: None is what the index was built with, or
    the default.
    IndexingError if the index was built with another embedder than the one asked for.
    """
    index = folder or index_folder(embedder_name)
    told = _Told.read(index)
    given = embedder(embedder_name or told.embedder) if embedder_name or told.embedder else default_embedder()
    problems: list[RecommenderError] = []
    if given.name == FALLBACK != embedder_name:
        problems.append(IndexingError("embedder_fallback", embedder=given.name))
    if told.is_seed or (folder is None and not told.source):
        return Retriever(_refreshed(index, told, given, tell, problems), problems=problems)
    return Retriever(_as_it_is(index, told, given, tell, problems, replaceable=folder is None), problems=problems)


def index_folder(embedder_name: str | None = None) -> Path:
    """Where the package's own index for an embedder stands."""
    return home() / "index" / re.sub(r"[^A-Za-z0-9._-]+", "-", embedder_name or default_embedder().name)[-80:]


def ingested_source() -> str:
    """What the manifest of an index that `formula ingest` makes now says of its source."""
    return INGESTED + seed_digest()


def _as_it_is(
    index: Path, told: _Told, given: Embedder, tell: Tell, problems: list[RecommenderError], *, replaceable: bool
) -> CurrentIndex:
    """An index published by a job; if it cannot be read, the seed corpus in its place where that is allowed."""
    try:
        current = CurrentIndex(index, given)
    except IndexingError as error:
        if not replaceable or error.key not in ("snapshot_broken", "snapshot_schema"):
            raise
        problems.append(error)
        return _refreshed(index, told, given, tell, problems)
    if told.is_ingested and told.source != ingested_source():
        problems.append(IndexingError("index_older_seed", folder=index))
    return current


@dataclass(frozen=True)
class _Told:
    """What the manifest in service says of itself, read leniently: it may be of another schema, or broken."""

    source: str = ""
    embedder: str = ""
    missing: bool = False

    @classmethod
    def read(cls, index: Path) -> _Told:
        if not (index / CURRENT).exists():
            return cls(missing=True)
        try:
            found = json.loads((snapshot_folder(index, current_id(index)) / MANIFEST).read_text(encoding="utf-8"))
            return cls(str(found["source"]), str(found["embedder"]["name"]))
        except (IndexingError, OSError, ValueError, KeyError, TypeError):
            return cls()

    @property
    def is_seed(self) -> bool:
        return self.missing or self.source.startswith(_SEED)

    @property
    def is_ingested(self) -> bool:
        return self.source.startswith(INGESTED)


def _refreshed(index: Path, told: _Told, given: Embedder, tell: Tell, problems: list[RecommenderError]) -> CurrentIndex:
    """The seed index, built if it is missing, broken, or of another edition. If that fails an older one serves and `problems` says why."""
    source = _SEED + seed_digest()
    current = _opened(index, given, tell)
    if current is not None and told.source == source:
        return current
    with alone(index):
        found = _Told.read(index)
        if (found.source == source or found.is_ingested) and (built := _opened(index, given, tell)) is not None:
            return built  # another process built it while this one waited
        try:
            _publish_seed(index, given, source, tell)
        except RecommenderError as error:
            if current is None:
                raise
            problems.append(error)
    return current or CurrentIndex(index, given)


@contextmanager
def alone(index: Path) -> Iterator[None]:
    """One process builds, the others wait; where no lock can be made, building says why."""
    lock = FileLock(index / _LOCK, timeout=_PATIENCE)
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError:  # a folder that cannot be written, or a builder that hangs
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _opened(index: Path, given: Embedder, tell: Tell) -> CurrentIndex | None:
    """What is there, if it can serve. IndexingError if it can, but with another embedder."""
    try:
        return CurrentIndex(index, given)
    except IndexingError as error:
        if error.key == "embedder_mismatch" and error.values["name"] != given.name:
            raise
        if error.key == "snapshot_broken":
            tell(Progress("broken"))
        return None


def _publish_seed(index: Path, given: Embedder, source: str, tell: Tell) -> None:
    tell(Progress("reading"))
    questions = golden.packaged() if given.name == DEFAULT else None  # the floor was measured with the default embedder
    try:
        publish(seed_entries(), index, given, source=source, golden=questions, tell=tell)
    except OSError as error:
        raise IndexingError("index_not_writable", folder=index, reason=error.strerror or type(error).__name__) from None


@cache
def seed_digest() -> str:
    """Hash of the seed files, without reading them as YAML."""
    digest = hashlib.sha256()
    for path in sorted(SEED_FOLDER.rglob("*.yaml")):
        digest.update(f"{path.relative_to(SEED_FOLDER).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:20]
