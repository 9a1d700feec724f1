"""What a snapshot says of itself, so that a reader can tell a whole one of the right kind from anything else."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from corpus.errors import IndexingError
from indexes.embed import Embedder, Vectors

SCHEMA = 7  # raise it when the layout, the passages or the terms change: every snapshot is then built anew
MANIFEST = "manifest.json"
_PROBES = 1000


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
    """What a snapshot holds.

    id: hash of entries, embedder and schema. source: where the entries came from. files: their SHA-256. probes: fingerprints of some
    rows' vectors (Chroma changes its files when it opens them, so they cannot be hashed). golden: recall@5 by language.
    """

    id: str
    embedder: EmbedderIdentity
    entries: int
    vectors: int
    source: str
    built: str
    files: Mapping[str, str]
    probes: Mapping[str, float]
    golden: Mapping[str, float] = field(default_factory=dict)
    schema: int = SCHEMA

    def write(self, folder: Path) -> None:
        """In one step: a reader sees the old one, the new one, or none."""
        written = folder / f"{MANIFEST}.{os.getpid()}"
        written.write_text(json.dumps(asdict(self), sort_keys=True) + "\n", encoding="utf-8")
        written.replace(folder / MANIFEST)

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
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def probe_rows(count: int) -> list[int]:
    """Up to a thousand rows, evenly spread."""
    return [int(row) for row in np.linspace(0, count - 1, min(count, _PROBES)).round()]


def fingerprints(probed: Vectors) -> list[float]:
    """One number per vector that changes when any of its components does."""
    return [round(float(value), 5) for value in probed @ np.cos(np.arange(probed.shape[1]))]
