"""The entries that come with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from corpus.entry import Entry
from corpus.errors import EntryError
from corpus.sources import FolderSource

SEED_FOLDER = Path(__file__).parent / "formulas"


@cache
def seed_entries() -> tuple[Entry, ...]:
    """The entries that come with the package. EntryError if one of them cannot be read."""
    items = list(FolderSource(SEED_FOLDER).collect())
    for item in items:
        if item.entry is None:
            raise EntryError("entry_unreadable", where=item.where, problem=item.reason)
    return tuple(item.entry for item in items if item.entry is not None)
