"""The entries of a snapshot to be, on disk in the order of their rows, so that a build of any size holds one batch of them in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import IO

from corpus.entry import Entry
from indexes.signature import Signature, signature


@dataclass(frozen=True)
class Filed:
    """An entry and its row."""

    row: int
    entry: Entry

    @cached_property
    def signature(self) -> Signature:
        return signature(self.entry)


def canonical_json(entry: Entry) -> bytes:
    """One line, the same bytes for equal entries."""
    return entry.model_dump_json().encode() + b"\n"


class Spool:
    """Rows are numbered in the order of ids, then tenants, whatever order the entries come in."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        places = []
        for entry in entries:
            start = self._file.tell()
            places.append((entry.id, entry.tenant, start, self._file.write(canonical_json(entry))))
        self._places: Sequence[tuple[str, str, int, int]] = sorted(places)

    def __len__(self) -> int:
        return len(self._places)

    def lines(self) -> Iterator[bytes]:
        for _, _, start, length in self._places:
            self._file.seek(start)
            yield self._file.read(length)

    def batches(self, size: int) -> Iterator[list[Filed]]:
        """All entries, `size` at a time."""
        rows = enumerate(map(Entry.model_validate_json, self.lines()))
        while batch := [Filed(row, entry) for row, entry in islice(rows, size)]:
            yield batch

    def close(self) -> None:
        self._file.close()
