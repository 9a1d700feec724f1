"""The dimension channel: which entries the columns of a table can play, by their units alone.

Entries share few distinct signatures, so the table keeps each signature once and scores signatures, not entries.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import log

import numpy as np

from corpus.dimension import Dimension
from corpus.entry import Entry
from indexes.database import Database
from indexes.fuse import Hit
from indexes.query import ColumnHint
from indexes.signature import UNKNOWN_WEIGHT, Fit, Signature, Slot, best_fit, signature

_CREATE = (
    "CREATE TABLE signature (number INTEGER PRIMARY KEY, slots TEXT, entries INTEGER)",
    "CREATE TABLE played (row INTEGER PRIMARY KEY, signature INTEGER, symbols TEXT)",
    "CREATE INDEX played_signature ON played (signature)",
)
_PLAYED = """
    SELECT row, symbols FROM played JOIN entry USING (row)
    WHERE signature = ? AND tenant IN (SELECT value FROM json_each(?)) ORDER BY row LIMIT ?"""
_EXACT_FITS = 400
_LEAST_SCORE = 0.2
_LEAST_WEIGHT = 0.1


def write(database: Database, entries: Iterable[Entry]) -> None:
    """Rows are numbered in the order given."""
    for sql in _CREATE:
        database.run(sql)
    numbers: dict[str, int] = {}
    shapes: list[Signature] = []
    rows = []
    for row, entry in enumerate(entries):
        found = signature(entry)
        if found.text not in numbers:
            numbers[found.text] = len(shapes)
            shapes.append(found)
        rows.append((row, numbers[found.text], " ".join(slot.symbol for slot in found.slots)))
    counts = Counter(number for _, number, _ in rows)
    database.insert("INSERT INTO signature VALUES (?, ?, ?)", ((n, _dumps(shape), counts[n]) for n, shape in enumerate(shapes)))
    database.insert("INSERT INTO played VALUES (?, ?, ?)", rows)


def _dumps(shape: Signature) -> str:
    return json.dumps([[slot.role, None if slot.dimension is None else [str(e) for e in slot.dimension.exponents]] for slot in shape.slots])


def _loads(text: str) -> tuple[Slot, ...]:
    return tuple(Slot("", role, _dimension(exponents)) for role, exponents in json.loads(text))


def _dimension(exponents: Sequence[str] | None) -> Dimension | None:
    return None if exponents is None else Dimension(tuple(Fraction(e) for e in exponents))


class DimensionTable:
    """Reads and scores signatures."""

    def __init__(self, database: Database) -> None:
        self._database = database
        rows = database.rows("SELECT slots, entries FROM signature ORDER BY number")
        self._shapes = [_loads(slots) for slots, _ in rows]
        self._entries = [int(count) for _, count in rows]

    def search(self, target: ColumnHint | None, inputs: Sequence[ColumnHint], tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries the columns can play, best first; empty if no column's dimension is known.

        strength is the score of the play in 0..1, detail the columns and in how many ways they can be dealt.
        """
        hints = [target, *inputs] if target is not None else list(inputs)
        if target is None or not inputs or all(hint.dimension is None for hint in hints):
            return []
        fits = self._fits(target.dimension, [column.dimension for column in inputs])
        return self._hits(fits, target, inputs, tenants, depth)

    def _fits(self, target: Dimension | None, inputs: Sequence[Dimension | None]) -> list[tuple[int, Fit]]:
        found = ((number, best_fit(self._shapes[number], target, inputs, self.weight)) for number in self._promising(target, inputs))
        kept = [(number, fit) for number, fit in found if fit is not None and fit.score >= _LEAST_SCORE]
        return sorted(kept, key=lambda pair: (-pair[1].score, pair[0]))

    def _promising(self, target: Dimension | None, inputs: Sequence[Dimension | None]) -> list[int]:
        """Signatures by an upper bound of the weight of columns they can take."""
        bound = np.zeros(len(self._shapes))
        for dimension, count in Counter((target, *inputs)).items():
            column = self._columns.get(dimension)
            exact = np.minimum(self._counts[:, column], count) if column is not None and dimension is not None else 0.0
            wild = np.minimum(self._counts[:, self._columns[None]], count)
            bound += self.weight(dimension) * (exact + 0.4 * wild)
        return [int(n) for n in np.argsort(-bound, kind="stable")[:_EXACT_FITS]]

    @cached_property
    def _columns(self) -> Mapping[Dimension | None, int]:
        known = dict.fromkeys(slot.dimension for shape in self._shapes for slot in shape)
        return {dimension: i for i, dimension in enumerate(dict.fromkeys([None, *known]))}

    @cached_property
    def _counts(self) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """How many symbols of each dimension each signature has, shape (signatures, dimensions)."""
        counts = np.zeros((len(self._shapes), len(self._columns)), np.float32)
        for number, shape in enumerate(self._shapes):
            for slot in shape:
                counts[number, self._columns[slot.dimension]] += 1
        return counts

    def weight(self, dimension: Dimension | None) -> float:
        """How much it tells that a column has this dimension: near 1 for a rare one, 0.1 for what every entry has."""
        if dimension is None:
            return UNKNOWN_WEIGHT
        return max(_LEAST_WEIGHT, 1 - log(1 + self._frequency.get(dimension, 0)) / log(2 + sum(self._entries)))

    @cached_property
    def _frequency(self) -> Mapping[Dimension, int]:
        found: Counter[Dimension] = Counter()
        for shape, entries in zip(self._shapes, self._entries, strict=True):
            found.update({slot.dimension: entries for slot in shape if slot.dimension is not None})
        return found

    def _hits(
        self, fits: Sequence[tuple[int, Fit]], target: ColumnHint, inputs: Sequence[ColumnHint], tenants: Sequence[str], depth: int
    ) -> list[Hit]:
        hits: list[Hit] = []
        for number, fit in fits:
            if len(hits) >= depth:
                break
            for row, symbols in self._rows(number, tenants, depth):
                hits.append(Hit(row, fit.score, fit.score, _detail(symbols.split(), fit, target, inputs)))
        return hits

    def _rows(self, number: int, tenants: Sequence[str], depth: int) -> list[tuple[int, str]]:
        return self._database.rows(_PLAYED, (number, json.dumps(tenants), depth))


def _detail(symbols: Sequence[str], fit: Fit, target: ColumnHint, inputs: Sequence[ColumnHint]) -> str:
    played = [f"{symbols[slot]}={inputs[column].name}" for slot, column in sorted(fit.deal)]
    ways = f" ({fit.ways})" if fit.ways > 1 else ""
    return f"{symbols[fit.target]}={target.name}: {', '.join(played)}{ways}"
