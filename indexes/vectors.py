"""The meaning channel's store: the only door to Chroma.

One collection per tenant, so that no query needs a metadata filter. Vectors are always given, never computed by Chroma
(its default model would be downloaded). A finished store is only read: a process that has it open sees no later writes.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexes.embed import Vectors

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

FOLDER = "chroma"
_BATCH = 2000
_HNSW = {"space": "cosine", "ef_construction": 200, "ef_search": 200, "max_neighbors": 24, "num_threads": 1}


class VectorStoreError(Exception):
    """Chroma cannot read its files; who opens the snapshot says so to people."""


@contextmanager
def _reported() -> Iterator[None]:
    """Chroma's own errors and the panics of its native part (which are no `Exception`) as one."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise VectorStoreError from error
        raise


class VectorStore:
    """Unit vectors by tenant and integer id."""

    def __init__(self, client: ClientAPI) -> None:
        self._client = client
        self._collections: dict[str, Collection | None] = {}

    @classmethod
    def create(cls, folder: Path) -> VectorStore:
        """An empty store in `folder/chroma`."""
        return cls._at(folder / FOLDER)

    @classmethod
    def open(cls, folder: Path) -> VectorStore:
        """The store in `folder/chroma`. VectorStoreError if it is missing or SQLite finds it damaged."""
        path = folder / FOLDER / "chroma.sqlite3"
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",) and path.stat().st_size > 0
        except (sqlite3.Error, OSError):
            sound = False
        if not sound:  # checked first, for Chroma keeps a half-started client of a broken file for as long as the process lives
            raise VectorStoreError
        return cls._at(folder / FOLDER)

    @classmethod
    def _at(cls, path: Path) -> VectorStore:
        import chromadb
        from chromadb.config import Settings

        with _reported():
            return cls(chromadb.PersistentClient(path=str(path), settings=Settings(anonymized_telemetry=False)))

    def add(self, tenant: str, ids: Sequence[int], vectors: Vectors) -> None:
        """Vectors of shape (n, d) under their ids."""
        collection = self._client.get_or_create_collection(_name(tenant), embedding_function=None, configuration=_configuration())
        for start in range(0, len(ids), _BATCH):
            part = slice(start, start + _BATCH)
            collection.add(ids=[str(i) for i in ids[part]], embeddings=np.asarray(vectors[part], np.float32))

    def nearest(self, tenant: str, vector: Vectors, count: int) -> Mapping[int, float]:
        """Ids and cosines of the `count` vectors nearest to one of shape (d,); empty for a tenant without entries."""
        collection = self._collection(tenant)
        if collection is None:
            return {}
        with _reported():
            found = collection.query(query_embeddings=vector.reshape(1, -1), n_results=count, include=["distances"])
        distances = found["distances"] or [[]]
        return {int(i): 1 - float(distance) for i, distance in zip(found["ids"][0], distances[0], strict=True)}

    def fetch(self, tenant: str, ids: Sequence[int]) -> Vectors:
        """The stored vectors of these ids, shape (n, d). VectorStoreError if one is missing."""
        collection = self._collection(tenant)
        if collection is None:
            raise VectorStoreError
        parts = [_fetched(collection, ids[start : start + _BATCH]) for start in range(0, len(ids), _BATCH)]
        return np.concatenate(parts)

    def _collection(self, tenant: str) -> Collection | None:
        if tenant not in self._collections:
            self._collections[tenant] = self._find(_name(tenant))
        return self._collections[tenant]

    def _find(self, name: str) -> Collection | None:
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None

    def __len__(self) -> int:
        with _reported():
            return sum(collection.count() for collection in self._client.list_collections())

    def close(self) -> None:
        """Lets go of the files, so that the folder can be moved or removed."""
        self._collections.clear()
        self._client.close()  # type: ignore[attr-defined]


def _fetched(collection: Collection, ids: Sequence[int]) -> Vectors:
    with _reported():
        found = collection.get(ids=[str(i) for i in ids], include=["embeddings"])
    vectors = found["embeddings"]
    if vectors is None or len(found["ids"]) != len(ids):
        raise VectorStoreError
    order = {name: place for place, name in enumerate(found["ids"])}
    return np.asarray(vectors, np.float32)[[order[str(i)] for i in ids]]


def _configuration() -> Any:
    return {"hnsw": dict(_HNSW)}


def _name(tenant: str) -> str:
    """A tenant may be named anything; a collection may not."""
    return f"entries-{hashlib.sha256(tenant.encode()).hexdigest()[:24]}"
