"""A snapshot: an immutable folder that answers questions, and `CurrentIndex`, which follows the newest one.

    <index>/CURRENT                       the id of the snapshot that serves
    <index>/snapshots/<id>/manifest.json  written last: a folder without it is half-written
                           entries.jsonl  one entry per line
                           words.sqlite   words, rows, signatures
                           chroma/        vectors
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock

from corpus.errors import IndexingError
from indexes import catalogue, database
from indexes.catalogue import Catalogue
from indexes.database import Database
from indexes.dimensions import DimensionTable
from indexes.embed import Embedder, embedder
from indexes.fuse import Hit
from indexes.meaning import Meaning
from indexes.query import Channel, Query
from indexes.vectors import VectorStore
from indexes.words import Words

SCHEMA = 1  # raise it when the layout, the passages or the terms change: every snapshot is then built anew
MANIFEST = "manifest.json"
CURRENT = "CURRENT"
SNAPSHOTS = "snapshots"
FILES = (catalogue.FILE, database.FILE)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbedderIdentity:
    """Vectors of equal identity may be compared."""

    name: str
    version: str
    dimension: int

    @classmethod
    def of(cls, given: Embedder) -> EmbedderIdentity:
        return cls(given.name, given.version, given.dimension)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Manifest:
    """What a snapshot holds. id: hash of entries, embedder and schema. source: where the entries came from. golden: recall@5 by language."""

    id: str
    embedder: EmbedderIdentity
    entries: int
    vectors: int
    source: str
    built: str
    files: Mapping[str, str]
    golden: Mapping[str, float] = field(default_factory=dict)
    schema: int = SCHEMA

    def write(self, folder: Path) -> None:
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """IndexingError if it is missing, cannot be read, or is of another schema."""
        try:
            found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            manifest = cls(**{**found, "embedder": EmbedderIdentity(**found["embedder"])})
        except (OSError, ValueError, TypeError, KeyError):
            raise IndexingError("snapshot_broken", folder=folder, problem=MANIFEST) from None
        if manifest.schema != SCHEMA:
            raise IndexingError("snapshot_schema", folder=folder, found=manifest.schema, expected=SCHEMA)
        return manifest


def file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Snapshot:
    """One open snapshot. Threads may share it."""

    def __init__(self, manifest: Manifest, folder: Path, given: Embedder) -> None:
        self.manifest = manifest
        self._database = Database.open(folder)
        self._store = VectorStore.open(folder)
        self.catalogue = Catalogue(self._database, folder)
        self._meaning = Meaning(self._store, given)
        self._words = Words(self._database)
        self._dimensions = DimensionTable(self._database)
        if (len(self.catalogue), len(self._store)) != (manifest.entries, manifest.vectors):
            self.close()
            raise IndexingError("snapshot_broken", folder=folder, problem="counts")

    @classmethod
    def open(cls, folder: Path, given: Embedder | None = None) -> Snapshot:
        """Open a finished snapshot with its embedder, or with the one given.

        IndexingError if the folder is half-written or damaged, or was built with another embedder.
        """
        manifest = Manifest.read(folder)
        for name in FILES:
            if not (folder / name).is_file() or file_hash(folder / name) != manifest.files.get(name):
                raise IndexingError("snapshot_broken", folder=folder, problem=name)
        try:
            return cls(manifest, folder, _matching(given or embedder(manifest.embedder.name), manifest))
        except (sqlite3.Error, OSError, ValueError):
            raise IndexingError("snapshot_broken", folder=folder, problem=database.FILE) from None

    def search(self, channel: Channel, query: Query, depth: int) -> list[Hit]:
        """One channel's list, best first."""
        if channel == "meaning":
            return self._meaning.search(query.words, query.tenants, depth)
        if channel == "words":
            return self._words.search(query.words, query.tenants, depth)
        return self._dimensions.search(query.target, query.inputs, query.tenants, depth)

    def close(self) -> None:
        self._database.close()
        self._store.close()


def _matching(given: Embedder, manifest: Manifest) -> Embedder:
    identity = EmbedderIdentity.of(given)
    if identity != manifest.embedder:
        raise IndexingError("embedder_mismatch", built=manifest.embedder, given=identity, name=manifest.embedder.name)
    return given


class CurrentIndex:
    """The snapshot that CURRENT names, reopened when CURRENT changes.

    If the new snapshot cannot be opened the old one goes on serving, and `problem` says why.
    """

    def __init__(self, folder: Path, given: Embedder | None = None) -> None:
        self.folder = folder
        self.problem: IndexingError | None = None
        self._given = given
        self._lock = Lock()
        self._id = current_id(folder)
        self._snapshot = Snapshot.open(snapshot_folder(folder, self._id), given)

    def snapshot(self) -> Snapshot:
        """The snapshot to ask now."""
        with self._lock:
            wanted = self._wanted()
            if wanted != self._id:
                self._reopen(wanted)
            return self._snapshot

    def _wanted(self) -> str:
        try:
            return current_id(self.folder)
        except IndexingError:  # the pointer is gone: keep serving
            return self._id

    def _reopen(self, wanted: str) -> None:
        self._id = wanted
        try:
            self._snapshot = Snapshot.open(snapshot_folder(self.folder, wanted), self._given)
            self.problem = None
        except IndexingError as error:
            self.problem = error
            _log.warning("%s", error)


def snapshot_folder(index: Path, identifier: str) -> Path:
    return index / SNAPSHOTS / identifier


def current_id(index: Path) -> str:
    """IndexingError if the index has no snapshot yet."""
    try:
        found = (index / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise IndexingError("index_missing", folder=index) from None
    if not found.isalnum():
        raise IndexingError("snapshot_broken", folder=index, problem=CURRENT)
    return found
