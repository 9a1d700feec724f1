"""The dimension channel: which entries the columns of a table can play, by their units alone.

Entries share few distinct signatures, so the table keeps each signature once and scores signatures, not entries.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from math import log

import numpy as np
import numpy.typing as npt

from corpus.dimension import Dimension
from indexes.database import Database
from indexes.fuse import Hit
from indexes.plays import Fit, Slots, ways
from indexes.query import ColumnHint
from indexes.signature import UNKNOWN_WEIGHT, WILD, Signature, Slot
from indexes.spool import Filed

Rows = npt.NDArray[np.int64]
_CREATE = (
    "CREATE TABLE signature (number INTEGER PRIMARY KEY, slots TEXT, entries INTEGER)",
    "CREATE TABLE played (row INTEGER PRIMARY KEY, signature INTEGER, symbols TEXT)",
)
_SYMBOLS = "SELECT row, symbols FROM played WHERE row IN (SELECT value FROM json_each(?))"
_EXACT_FITS = 400
_LEAST_SCORE = 0.2
_LEAST_WEIGHT = 0.1
_NONE: Rows = np.zeros(0, np.int64)


class Writer:
    """Writes the signatures of a new snapshot, batch by batch."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        for sql in _CREATE:
            database.run(sql)

    def add(self, batch: Sequence[Filed]) -> None:
        self._database.insert("INSERT INTO played VALUES (?, ?, ?)", map(self._row, batch))

    def _row(self, filed: Filed) -> tuple[int, int, str]:
        slots = _dumps(filed.signature)
        self._counts[slots] += 1
        number = self._numbers.setdefault(slots, len(self._numbers))
        return filed.row, number, " ".join(slot.symbol for slot in filed.signature.slots)

    def close(self) -> None:
        numbered = ((number, slots, self._counts[slots]) for slots, number in self._numbers.items())
        self._database.insert("INSERT INTO signature VALUES (?, ?, ?)", numbered)


def _dumps(found: Signature) -> str:
    """Equal for entries that the same tables fit; without symbols."""
    return json.dumps([[slot.role, None if slot.dimension is None else [str(e) for e in slot.dimension.exponents]] for slot in found.slots])


class _Codes(dict[tuple[str, ...], int]):
    """Numbers of dimensions in the order they are met, from 1; comparing numbers is a hundred times as fast as comparing fractions."""

    def __missing__(self, exponents: tuple[str, ...]) -> int:
        self[exponents] = len(self) + 1
        return self[exponents]

    def slots(self, text: str) -> tuple[Slot[int], ...]:
        """What `_dumps` wrote, dimensions as numbers."""
        return tuple(Slot("", role, None if exponents is None else self[tuple(exponents)]) for role, exponents in json.loads(text))


class DimensionTable:
    """Reads and scores signatures."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.rows("SELECT slots, entries FROM signature ORDER BY number")
        self._codes = _Codes()
        self.shapes = [self._codes.slots(slots) for slots, _ in rows]
        self._entries = [int(count) for _, count in rows]
        self._fits = lru_cache(64)(self._fitted)
        self._allowed = lru_cache(16)(self._visible)

    def search(self, target: ColumnHint | None, inputs: Sequence[ColumnHint], tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries the columns can play, best first; empty if no column's dimension is known.

        strength is the score of the play in 0..1, detail the columns and in how many ways they can be dealt.
        """
        if target is None or not inputs or all(hint.dimension is None for hint in (target, *inputs)):
            return []
        found = list(islice(self._dealt(target, inputs, tenants), depth))
        symbols = self.symbols([row for row, _ in found])
        codes = [self.code(column.dimension) for column in inputs]
        many = [ways(self.shapes[self.signatures[row]], fit, codes) for row, fit in found]
        details = (_detail(symbols[row], fit, number, target, inputs) for (row, fit), number in zip(found, many, strict=True))
        return [Hit(row, fit.score, fit.score, detail) for (row, fit), detail in zip(found, details, strict=True)]

    def candidates(self, target: ColumnHint, inputs: Sequence[ColumnHint], tenants: Sequence[str], count: int) -> Rows:
        """Rows of at most `count` entries the columns can play, best first; of any entry where no dimension is known."""
        if all(hint.dimension is None for hint in (target, *inputs)):
            return np.flatnonzero(self._allowed(tuple(tenants)))
        return np.array([row for row, _ in islice(self._dealt(target, inputs, tenants), count)], np.int64)

    def symbols(self, rows: Sequence[int]) -> Mapping[int, Sequence[str]]:
        """The symbols of entries in the order of their slots."""
        return {row: symbols.split() for row, symbols in self._database.rows(_SYMBOLS, (json.dumps(rows),))}

    def _dealt(self, target: ColumnHint, inputs: Sequence[ColumnHint], tenants: Sequence[str]) -> Iterable[tuple[int, Fit]]:
        allowed = self._allowed(tuple(tenants))
        for number, fit in self._fits(self.code(target.dimension), tuple(self.code(column.dimension) for column in inputs)):
            rows = self._rows[self._starts[number] : self._starts[number + 1]]
            yield from ((int(row), fit) for row in rows[allowed[rows]])

    def code(self, dimension: Dimension | None) -> int | None:
        """The number of a dimension in this table: None for an unknown one, 0 for one that no entry has."""
        return None if dimension is None else self._codes.get(tuple(map(str, dimension.exponents)), 0)

    def _fitted(self, target: int | None, inputs: tuple[int | None, ...]) -> list[tuple[int, Fit]]:
        numbers = self._promising(target, inputs)
        fits = self._table.take(numbers).best_fits(target, inputs, self._weight)
        kept = [(int(n), fit) for n, fit in zip(numbers, fits, strict=True) if fit is not None and fit.score >= _LEAST_SCORE]
        return sorted(kept, key=lambda pair: (-pair[1].score, pair[0]))

    def _promising(self, target: int | None, inputs: Sequence[int | None]) -> Rows:
        """Signatures by an upper bound of the weight of columns they can take."""
        bound = np.zeros(len(self.shapes))
        wild = np.zeros(len(self.shapes))
        np.add.at(wild, *self._holding(0))
        for code, count in Counter((target, *inputs)).items():
            numbers, places = self._holding(code) if code else (_NONE, _NONE)
            bound[numbers] += self._weight(code) * np.minimum(places, count)
            bound += self._weight(code) * WILD * np.minimum(wild, count)
        return np.argsort(-bound, kind="stable")[:_EXACT_FITS]

    def _holding(self, code: int) -> tuple[Rows, Rows]:
        """(signatures with slots of a dimension, how many slots each)."""
        part = slice(*np.searchsorted(self._slots[:, 0], [code, code + 1]))
        return self._slots[part, 1], self._slots[part, 2]

    @cached_property
    def _slots(self) -> Rows:
        """Lines of (dimension, signature, count), sorted; dimension 0 is any unit."""
        counts = Counter((slot.dimension or 0, number) for number, shape in enumerate(self.shapes) for slot in shape)
        return np.array(sorted((code, number, count) for (code, number), count in counts.items()), np.int64).reshape(-1, 3)

    @cached_property
    def _table(self) -> Slots:
        return Slots.of(self.shapes, self._weight)

    @cached_property
    def signatures(self) -> Rows:
        """The signature of each row."""
        return np.array([n for (n,) in self._database.rows("SELECT signature FROM played ORDER BY row")], np.int64)

    @cached_property
    def _rows(self) -> Rows:
        """Rows in the order of their signatures."""
        return np.argsort(self.signatures, kind="stable")

    @cached_property
    def _starts(self) -> Rows:
        return np.concatenate([[0], np.cumsum(np.bincount(self.signatures, minlength=len(self.shapes)))])

    @cached_property
    def _tenants(self) -> npt.NDArray[np.str_]:
        return np.array([tenant for (tenant,) in self._database.rows("SELECT tenant FROM entry ORDER BY row")], np.str_)

    def _visible(self, tenants: tuple[str, ...]) -> npt.NDArray[np.bool_]:
        """Which rows these tenants may see."""
        return np.isin(self._tenants, list(tenants))

    def _weight(self, code: int | None) -> float:
        """How much it tells that a column has this dimension: near 1 for a rare one, 0.1 for what every entry has."""
        return UNKNOWN_WEIGHT if code is None else float(self._weights[code])

    @cached_property
    def _weights(self) -> npt.NDArray[np.float64]:
        """Weights by the number of the dimension."""
        holding = np.bincount(self._slots[:, 0], np.asarray(self._entries)[self._slots[:, 1]], 1 + len(self._codes))
        holding[0] = 0  # here: a dimension that no entry has
        return np.maximum(_LEAST_WEIGHT, 1 - np.log1p(holding) / log(2 + sum(self._entries)))


def _detail(symbols: Sequence[str], fit: Fit, many: int, target: ColumnHint, inputs: Sequence[ColumnHint]) -> str:
    dealt = sorted((slot, column) for column, slot in enumerate(fit.deal) if slot >= 0)
    played = [f"{symbols[slot]}={inputs[column].name}" for slot, column in dealt]
    return f"{symbols[fit.target]}={target.name}: {', '.join(played)}{f' ({many})' if many > 1 else ''}"
