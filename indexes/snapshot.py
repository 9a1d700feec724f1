"""A snapshot: an immutable folder that answers questions, and `CurrentIndex`, which follows the newest one.

<index>/CURRENT                       the id of the snapshot that serves
<index>/snapshots/<id>/manifest.json  written last: a folder without it is half-written
                       entries.jsonl  one entry per line
                       words.sqlite   words, rows, signatures
                       shapes.f16     shape of each entry
                       chroma/        vectors
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock

import numpy as np

from corpus.errors import IndexingError
from indexes import catalogue, database, shapes, vectors
from indexes.catalogue import Card, Catalogue
from indexes.database import Database
from indexes.dimensions import DimensionTable
from indexes.embed import Embedder, Vectors, embedder
from indexes.fuse import Hit
from indexes.manifest import EmbedderIdentity, Manifest, file_hash, fingerprints
from indexes.meaning import Meaning
from indexes.query import Channel, Query
from indexes.shapes import ShapeTable
from indexes.vectors import VectorStore, VectorStoreError
from indexes.words import Words

CURRENT = "CURRENT"
SNAPSHOTS = "snapshots"
FILES = (catalogue.FILE, database.FILE, shapes.FILE)
_PROBE_TOLERANCE = 1e-3
_log = logging.getLogger(__name__)


class Snapshot:
    """One open snapshot. Threads may share it."""

    def __init__(self, manifest: Manifest, folder: Path, given: Embedder) -> None:
        self.manifest = manifest
        self._store = VectorStore.open(folder)
        self._database = Database.open(folder)
        self.catalogue = Catalogue(self._database, folder)
        self._meaning = Meaning(self._store, given)
        self._words = Words(self._database)
        self._dimensions = DimensionTable(self._database)
        self._shapes = ShapeTable(folder, self._dimensions)

    @classmethod
    def open(cls, folder: Path, given: Embedder | None = None) -> Snapshot:
        """Open a finished snapshot with its embedder, or with the one given.

        IndexingError if the folder is half-written or damaged, or was built with another embedder.
        """
        manifest = Manifest.read(folder)
        for name in FILES:
            if not (folder / name).is_file() or file_hash(folder / name) != manifest.files.get(name):
                raise IndexingError("snapshot_broken", folder=folder, problem=name)
        matching = _matching(given or embedder(manifest.embedder.name), manifest)
        try:
            snapshot = cls(manifest, folder, matching)
        except VectorStoreError:
            raise IndexingError("snapshot_broken", folder=folder, problem=vectors.FOLDER) from None
        if not snapshot.is_sound():
            snapshot.close()
            raise IndexingError("snapshot_broken", folder=folder, problem=vectors.FOLDER)
        return snapshot

    def is_sound(self) -> bool:
        """Whether rows and vectors are as many as the manifest says, and the probed vectors are what was stored."""
        counts = (len(self.catalogue), len(self._store)) == (self.manifest.entries, self.manifest.vectors)
        cards = self.catalogue.cards([int(row) for row in self.manifest.probes])
        try:
            return counts and all(self._probed(tenant, cards.values()) for tenant in {card.tenant for card in cards.values()})
        except VectorStoreError:
            return False

    def _probed(self, tenant: str, cards: Iterable[Card]) -> bool:
        rows = [card.row for card in cards if card.tenant == tenant]
        expected = [self.manifest.probes[str(row)] for row in rows]
        return bool(np.allclose(fingerprints(self._store.fetch(tenant, rows)), expected, atol=_PROBE_TOLERANCE))

    def known_vectors(self) -> Mapping[str, Vectors]:
        """Every stored vector by the hash of what was embedded."""
        known: dict[str, Vectors] = {}
        for tenant, rows in self.catalogue.told().items():
            known |= zip((told for _, told in rows), self._store.fetch(tenant, [row for row, _ in rows]), strict=True)
        return known

    def search(self, channel: Channel, query: Query, depth: int) -> list[Hit]:
        """One channel's list, best first."""
        if channel == "meaning":
            return self._meaning.search(query.words, query.tenants, depth)
        if channel == "words":
            return self._words.search(query.words, query.tenants, depth)
        if channel == "dimensions":
            return self._dimensions.search(query.target, query.inputs, query.tenants, depth)
        return self._shapes.search(query.shape, query.target, query.inputs, query.tenants, depth)

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
        self._retired: Snapshot | None = None

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
            opened = Snapshot.open(snapshot_folder(self.folder, wanted), self._given)
        except IndexingError as error:
            self.problem = error
            _log.warning("%s", error)
            return
        if self._retired is not None:
            self._retired.close()
        self._retired, self._snapshot, self.problem = self._snapshot, opened, None  # another thread may still ask the old one


def snapshot_folder(index: Path, identifier: str) -> Path:
    """Where a snapshot of that id stands."""
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
