"""The entries of a snapshot by row: identity, tenant, double key, and where each stands in `entries.jsonl`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.entry import Entry
from corpus.inbox import learned_from
from indexes.database import Database
from indexes.meaning import told_hash
from indexes.query import PUBLIC
from indexes.signature import Signature
from indexes.spool import Filed, canonical_json

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

    family: see `family_key`; double: equal for entries that say the same; learned: table hashes.
    """

    row: int
    id: str
    tenant: str
    domain: str
    family: str
    double: str
    learned: frozenset[str]


def double_key(key: str, dimensions: Signature) -> str:
    """Equal for two spellings of one law: canonical form and the dimensions of target and variables agree."""
    return _hashed(f"{key}|{dimensions.free_text}")


def family_key(entry: Entry) -> str:
    """Equal for entries of one form, whatever they call their quantities (and for a few forms of the same signs in another order)."""
    names = {variable.symbol for variable in entry.variables}
    return _hashed(" ".join(sorted("x" if sign in names else sign for sign in re.findall(r"\w+|\W", entry.key))))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Writer:
    """Writes the entries of a new snapshot, batch by batch."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._file = (folder / FILE).open("wb")
        for sql in _CREATE:
            database.run(sql)

    def add(self, batch: Sequence[Filed]) -> None:
        self._database.insert("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(self._row, batch))

    def _row(self, filed: Filed) -> tuple[object, ...]:
        entry, start = filed.entry, self._file.tell()
        length = self._file.write(canonical_json(entry))
        learned = " ".join(sorted(learned_from(entry)))
        keys = entry.domain.partition("/")[0], family_key(entry), double_key(entry.key, filed.signature)
        return filed.row, entry.id, entry.tenant, *keys, learned, told_hash(entry), start, length

    def close(self) -> None:
        self._file.close()


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
