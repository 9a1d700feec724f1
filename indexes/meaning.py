"""The meaning channel: sentence embeddings of question and entries, nearest first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np

from corpus.entry import Entry
from indexes.embed import Embedder, Vectors
from indexes.fuse import Hit
from indexes.texts import passages
from indexes.vectors import VectorStore

_SURE = 0.7  # a cosine from which on a question and an entry surely mean the same


def told_hash(entry: Entry) -> str:
    """Equal for entries whose vectors are equal."""
    return hashlib.sha256("\n".join(passages(entry)).encode()).hexdigest()[:32]


def entry_vectors(embedder: Embedder, entries: Sequence[Entry], known: Mapping[str, Vectors]) -> Vectors:
    """One unit vector per entry, shape (n, d): the mean over its passages, or the one already known by its hash."""
    vectors = np.zeros((len(entries), embedder.dimension), np.float32)
    hashes = [told_hash(entry) for entry in entries]
    for row, found in enumerate(hashes):
        if found in known:
            vectors[row] = known[found]
    fresh = [row for row, found in enumerate(hashes) if found not in known]
    if fresh:
        vectors[fresh] = _embedded(embedder, [entries[row] for row in fresh])
    return vectors


def _embedded(embedder: Embedder, entries: Sequence[Entry]) -> Vectors:
    """Entries near each other often share passages, which are embedded once."""
    texts = [passages(entry) for entry in entries]
    places = {passage: place for place, passage in enumerate(dict.fromkeys(chain.from_iterable(texts)))}
    encoded = embedder.encode(list(places))
    means = np.stack([encoded[[places[passage] for passage in told]].mean(axis=0) for told in texts])
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12), np.float32)


class Meaning:
    """Searches a vector store with the embedder it was built with."""

    def __init__(self, store: VectorStore, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder

    def search(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries that mean nearly the same as the text, best first; nothing for a text without a letter or digit."""
        if not any(letter.isalnum() for letter in text):
            return []
        found = dict(self._nearest(self._embedder.encode([text])[0], tenants, depth))
        ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:depth]
        return [Hit(row, cosine, min(1.0, max(0.0, cosine) / _SURE), f"{cosine:.2f}") for row, cosine in ordered]

    def _nearest(self, vector: Vectors, tenants: Sequence[str], depth: int) -> Iterator[tuple[int, float]]:
        for tenant in tenants:
            yield from self._store.nearest(tenant, vector, depth).items()
