"""The entries of a snapshot by row: identity, tenant, double key, and where each stands in `entries.jsonl`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.entry import Entry
from corpus.inbox import learned_from
from indexes.database import Database
from indexes.meaning import told_hash
from indexes.query import PUBLIC
from indexes.signature import signature

FILE = "entries.jsonl"
_CREATE = (
    """CREATE TABLE entry (row INTEGER PRIMARY KEY, id TEXT, tenant TEXT, domain TEXT, family TEXT, double TEXT, learned TEXT, told TEXT,
    start INTEGER, length INTEGER)""",
    "CREATE INDEX entry_id ON entry (id)",
)
_CARDS = "SELECT row, id, tenant, domain, family, double, learned FROM entry WHERE row IN (SELECT value FROM json_each(?))"
_PREFIXED = "SELECT row FROM entry WHERE id >= ? AND id < ? AND tenant = ? ORDER BY row"


@dataclass(frozen=True)
class Card:
    """What ranking needs of an entry without reading it.

    family: equal for entries of one canonical form, whatever their quantities; double: equal for entries that say the same; learned: table
    hashes.
    """

    row: int
    id: str
    tenant: str
    domain: str
    family: str
    double: str
    learned: frozenset[str]


def canonical_json(entry: Entry) -> bytes:
    """One line, the same bytes for equal entries."""
    return entry.model_dump_json().encode() + b"\n"


def double_key(entry: Entry) -> str:
    """Equal for two spellings of one law: canonical form and the dimensions of target and variables agree."""
    return _hashed(f"{entry.key}|{signature(entry).free_text}")


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write(database: Database, folder: Path, entries: Iterable[Entry]) -> None:
    """Rows are numbered in the order given."""
    for sql in _CREATE:
        database.run(sql)
    with (folder / FILE).open("wb") as file:
        database.insert("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _rows(file.write, entries))


def _rows(write: Callable[[bytes], int], entries: Iterable[Entry]) -> Iterator[tuple[object, ...]]:
    start = 0
    for row, entry in enumerate(entries):
        line = canonical_json(entry)
        write(line)
        learned = " ".join(sorted(learned_from(entry)))
        keys = entry.domain.partition("/")[0], _hashed(entry.key), double_key(entry)
        yield row, entry.id, entry.tenant, *keys, learned, told_hash(entry), start, len(line)
        start += len(line)


class Catalogue:
    """Reads cards and entries."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._path = folder / FILE

    def cards(self, rows: Sequence[int]) -> Mapping[int, Card]:
        found = self._database.rows(_CARDS, (json.dumps(rows),))
        return {
            row: Card(row, i, tenant, domain, family, double, frozenset(t.split())) for row, i, tenant, domain, family, double, t in found
        }

    def entry(self, row: int) -> Entry:
        ((start, length),) = self._database.rows("SELECT start, length FROM entry WHERE row = ?", (row,))
        with self._path.open("rb") as file:
            file.seek(start)
            return Entry.model_validate_json(file.read(length))

    def entries(self, prefix: str) -> list[Entry]:
        """The public entries whose id begins with `prefix`, in the order of their rows."""
        found = self._database.rows(_PREFIXED, (prefix, f"{prefix}\uffff", PUBLIC))
        return [self.entry(row) for (row,) in found]

    def told(self) -> Mapping[str, Sequence[tuple[int, str]]]:
        """Row and hash of what was embedded, by tenant."""
        found: dict[str, list[tuple[int, str]]] = {}
        for row, tenant, told in self._database.rows("SELECT row, tenant, told FROM entry ORDER BY row"):
            found.setdefault(tenant, []).append((row, told))
        return found

    def row_of(self, identifier: str) -> int | None:
        return next((row for (row,) in self._database.rows("SELECT row FROM entry WHERE id = ?", (identifier,))), None)

    def __len__(self) -> int:
        return int(self._database.rows("SELECT count(*) FROM entry")[0][0])
