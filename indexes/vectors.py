"""The meaning channel's store: the only door to Chroma.

One collection per tenant, so that no query needs a metadata filter. Vectors are always given, never computed by Chroma
(its default model would be downloaded). A finished store is only read: a process that has it open sees no later writes.

The store is a folder of the snapshot, or, where $CHROMA_URL is set, collections on that Chroma server under a prefix which the folder
remembers (`server.json`). Chroma's server asks nobody who they are; off this machine it is used only behind something that does, with the
token in $CHROMA_TOKEN.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from corpus.errors import IndexingError
from indexes.embed import Vectors

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

FOLDER = "chroma"
SERVER = "server.json"
_FILE = "chroma.sqlite3"
URL, TOKEN = "CHROMA_URL", "CHROMA_TOKEN"
UNREACHABLE = frozenset({"chroma_unreachable", "chroma_url", "chroma_no_token", "chroma_anyone"})
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
    """Unit vectors by tenant and integer id. prefix: of the names of its collections."""

    def __init__(self, client: ClientAPI, prefix: str = "entries") -> None:
        self._client = client
        self._prefix = prefix
        self._collections: dict[str, Collection | None] = {}

    @classmethod
    def create(cls, folder: Path) -> VectorStore:
        """An empty store in `folder/chroma`, or on the server. IndexingError if the server cannot be used."""
        url = os.environ.get(URL)
        if not url:
            return cls._at(folder / FOLDER)
        store = cls(_server(url), f"snapshot-{uuid.uuid4().hex[:16]}")
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        (folder / FOLDER / SERVER).write_text(json.dumps({"prefix": store._prefix}), encoding="utf-8")
        return store

    @classmethod
    def open(cls, folder: Path) -> VectorStore:
        """The store of a snapshot.

        VectorStoreError if it is missing or damaged, IndexingError if the server cannot be used or $CHROMA_URL says the wrong place.
        """
        url = os.environ.get(URL)
        on_server = (folder / FOLDER / SERVER).is_file()
        if url and not on_server and (folder / FOLDER / _FILE).is_file():
            raise IndexingError("chroma_in_files", folder=folder)
        if on_server and not url:
            raise IndexingError("chroma_on_server", folder=folder)
        return cls(_server(url), _prefix(folder)) if url else cls._local(folder)

    @classmethod
    def discard(cls, folder: Path) -> None:
        """Remove what a snapshot that goes away has on the server."""
        url = os.environ.get(URL)
        if url and (folder / FOLDER / SERVER).is_file():
            store = cls.open(folder)
            for collection in store._own():
                store._client.delete_collection(collection.name)
            store.close()

    @classmethod
    def _local(cls, folder: Path) -> VectorStore:
        path = folder / FOLDER / _FILE
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
        collection = self._client.get_or_create_collection(self._name(tenant), embedding_function=None, configuration=_configuration())
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
            self._collections[tenant] = self._find(self._name(tenant))
        return self._collections[tenant]

    def _find(self, name: str) -> Collection | None:
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None

    def _own(self) -> list[Collection]:
        """The collections of this store; a server holds others beside them."""
        return [collection for collection in self._client.list_collections() if collection.name.startswith(f"{self._prefix}-")]

    def _name(self, tenant: str) -> str:
        """A tenant may be named anything; a collection may not."""
        return f"{self._prefix}-{hashlib.sha256(tenant.encode()).hexdigest()[:24]}"

    def __len__(self) -> int:
        with _reported():
            return sum(collection.count() for collection in self._own())

    def close(self) -> None:
        """Lets go of the files, so that the folder can be moved or removed."""
        self._collections.clear()
        _end(self._client)


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


def _prefix(folder: Path) -> str:
    """VectorStoreError if this snapshot's vectors were never put on a server."""
    try:
        return str(json.loads((folder / FOLDER / SERVER).read_text(encoding="utf-8"))["prefix"])
    except (OSError, ValueError, KeyError, TypeError):
        raise VectorStoreError from None


def _server(url: str) -> ClientAPI:
    """A client of the server. IndexingError if the address is none, nobody answers, or strangers may use a server off this machine."""
    token = os.environ.get(TOKEN, "")
    if not _is_loopback(url):
        if not token:
            raise IndexingError("chroma_no_token", url=_shown(url))
        if _answers(url):
            raise IndexingError("chroma_anyone", url=_shown(url))
    try:
        return _client(url, {"Authorization": f"Bearer {token}"} if token else {})
    except Exception as error:  # httpx, ValueError or Chroma's own, by how far it got
        raise IndexingError("chroma_unreachable", url=_shown(url), reason=type(error).__name__) from None


def _client(url: str, headers: Mapping[str, str]) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings

    parts = urlsplit(url)
    secure = parts.scheme == "https"
    settings = Settings(anonymized_telemetry=False)
    return chromadb.HttpClient(parts.hostname or "", parts.port or (443 if secure else 8000), secure, dict(headers), settings)


def _answers(url: str) -> bool:
    """Whether the server serves somebody who does not say who they are."""
    try:
        client = _client(url, {})
        client.list_collections()
    except Exception:  # refused in whatever way, or not there at all
        return False
    _end(client)
    return True


def _end(client: ClientAPI) -> None:
    """Close a client, and the connections to a server that Chroma's own `close` leaves open: its own and its inner client's."""
    inner = getattr(client, "_admin_client", None)
    sessions = [getattr(getattr(one, "_server", None), "_session", None) for one in (client, inner)]
    client.close()  # type: ignore[attr-defined]
    for session in sessions:
        if session is not None:
            session.close()


def _is_loopback(url: str) -> bool:
    """IndexingError if the address is no http(s) URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise IndexingError("chroma_url", url=_shown(url))
    try:
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    """The address without a password in it."""
    return url.rpartition("@")[2]
