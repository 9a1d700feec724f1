"""Where entries come from. A source is anything with a name that gives entries; the packaged YAML files are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from corpus.entry import Entry
from corpus.load import SEED_FOLDER, read_folder


@runtime_checkable
class Source(Protocol):
    """Gives entries: valid, each with an id of its own, the same on every reading until the source itself changes."""

    @property
    def name(self) -> str:
        """Short stable name."""
        ...

    def entries(self) -> Iterable[Entry]:
        """The entries, one by one; what cannot be read is left out."""
        ...


@dataclass(frozen=True)
class FolderSource:
    """The YAML files below a folder."""

    folder: Path = SEED_FOLDER
    name: str = "folder"

    def entries(self) -> Iterable[Entry]:
        return (item.entry for item in read_folder(self.folder) if item.entry is not None)


__all__ = ["FolderSource", "Source"]
