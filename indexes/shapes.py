"""The shape channel: which entries go with their quantities as the target goes with the columns, by slopes and turns alone.

The table is `shapes.f16`: the `EntryShape` of each row of the snapshot in half precision. A query's columns are dealt to an entry's
symbols so that shapes disagree least, among the deals that dimensions allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from corpus.language import Sentence
from indexes.dimensions import DimensionTable
from indexes.fuse import Hit
from indexes.query import ColumnHint
from indexes.sampling import CURVED, DRAWN, POINTS, SYMBOLS, WIDTH, entry_shape
from indexes.shape import CURVE, QUANTILES, TRAITS, Shape
from indexes.spool import Filed

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
FILE = "shapes.f16"
_TABLE = SYMBOLS * WIDTH
_SIZE = _TABLE + CURVED * DRAWN * CURVE + 1
_CANDIDATES = 600
_COMPARED = 1500
_DEALT = 250
_CHUNK = 8192
_NEVER = 1e3
_TRAIT_WEIGHTS = np.array([0.6, 0.25, 0.35, 0.1, 0.1], np.float32)
_UNTOLD = 0.1  # what a trait costs that one side does not tell
_ROLE_COST = {"target": 0.0, "variable": 0.0, "parameter": 0.1, "constant": 0.1}
_TURNED = {"variable": 0.15, "parameter": 0.3, "constant": 0.4}
_ANY_UNIT, _UNKNOWN_UNIT = 0.5, 0.15
_UNUSED, _MISSING, _OTHER_SIGN = 0.6, 0.25, 0.5
_SURE = 1.5
_CURVE_WEIGHT, _NO_CURVE = 1.0, 0.5


class Writer:
    """Writes the shapes of a new snapshot, batch by batch."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / FILE).open("wb")

    def add(self, batch: Sequence[Filed]) -> None:
        for filed in batch:
            shape = entry_shape(filed.entry, [slot.symbol for slot in filed.signature.slots])
            numbers = np.concatenate([shape.slopes_traits.ravel(), shape.curves.ravel(), [shape.positive]])
            self._file.write(numbers.astype("<f2").tobytes())

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class _Plays:
    """Entries as they may be played, one per line: row, the slot the table's target plays (0: the entry's own target)."""

    row: Ints
    slot: Ints

    def take(self, lines: Ints) -> _Plays:
        return _Plays(self.row[lines], self.slot[lines])


class ShapeTable:
    """Reads and compares shapes."""

    def __init__(self, folder: Path, dimensions: DimensionTable) -> None:
        self._dimensions = dimensions
        rows = (folder / FILE).stat().st_size // (2 * _SIZE)
        self._data = np.memmap(folder / FILE, "<f2", "r", shape=(rows, _SIZE)) if rows else np.empty((0, _SIZE), np.float16)

    def search(
        self, shape: Shape | None, target: ColumnHint | None, inputs: Sequence[ColumnHint], tenants: Sequence[str], depth: int
    ) -> list[Hit]:
        """Entries of a like shape, best first; strength says how little they disagree, the words what agrees."""
        if shape is None or target is None or len(shape.inputs) != len(inputs):
            return []
        question = _Question(shape, self._codes((target, *inputs)))
        plays = self._plays(self._nearest(self._dimensions.candidates(target, inputs, tenants, _CANDIDATES), question), target)
        return self._hits(plays, question, inputs, depth) if len(plays.row) else []

    def _nearest(self, rows: Ints, question: _Question) -> Ints:
        """Where units left too many to compare: those with the nearest slopes (the middle one alone, where there are several columns)."""
        if len(rows) <= _COMPARED:
            return rows
        told = slice(None) if len(question.slopes) == 1 else slice(1, 2)
        short, costs = self._short[rows, :, told], np.zeros(len(rows), np.float32)
        for slopes in question.slopes:
            apart = _soft(np.abs(short - slopes[told])).mean(axis=-1)
            costs += np.nan_to_num(np.fmin.reduce(apart, axis=1), nan=_UNUSED)
        return np.sort(rows[np.argpartition(costs, _COMPARED)[:_COMPARED]])

    @cached_property
    def _short(self) -> Floats:
        """Low, middle and high elasticity by row and symbol, shape (rows, SYMBOLS, 3)."""
        parts = [
            _in_short(
                np.sort(self._data[start : start + _CHUNK, :_TABLE].astype(np.float32).reshape(-1, SYMBOLS, WIDTH)[..., :POINTS], axis=-1)
            )
            for start in range(0, len(self._data), _CHUNK)
        ]
        return np.concatenate(parts)

    def _hits(self, plays: _Plays, question: _Question, inputs: Sequence[ColumnHint], depth: int) -> list[Hit]:
        shapes = self._shapes(plays)
        costs, extra = self._costs(plays, shapes, question)
        best: dict[int, tuple[float, Ints, int]] = {}
        for line, total, deal in _deals(costs, question.unused, extra):
            row = int(plays.row[line])
            if row not in best or total < best[row][0]:
                best[row] = (total, deal, line)
        ordered = sorted(best.items(), key=lambda item: (item[1][0], item[0]))[:depth]
        return [_hit(row, total, question, inputs, deal, shapes[line]) for row, (total, deal, line) in ordered]

    def _codes(self, hints: Sequence[ColumnHint]) -> Ints:
        """Numbers of the columns' dimensions: 0 for unknown, -2 for one that no entry has."""
        codes = [self._dimensions.code(hint.dimension) for hint in hints]
        return np.array([0 if code is None else code or -2 for code in codes], np.int64)

    def _plays(self, rows: Ints, target: ColumnHint) -> _Plays:
        """Every slot of each entry that the target can play; of entries turned round only where the dimension is known and agrees."""
        code = int(self._codes([target])[0])
        slots = self._slot_codes[self._dimensions.signatures[rows]]
        direct = (slots[:, 0] == code) | (slots[:, 0] == 0) | (code == 0)
        turned = (slots[:, 1:] == code) & (code > 0)
        line, slot = np.nonzero(np.column_stack([direct, turned]))
        return _Plays(rows[line], slot)

    def _shapes(self, plays: _Plays) -> Floats:
        """Elasticities and traits by slot, shape (plays, 1 + SYMBOLS, WIDTH); slot 0 is the entry's target, nan unless turned round."""
        given = self._data[plays.row, :_TABLE].astype(np.float32).reshape(-1, SYMBOLS, WIDTH)
        shapes = np.concatenate([np.full((len(given), 1, WIDTH), np.nan, np.float32), given], axis=1)
        (turned,) = np.nonzero(plays.slot)
        if len(turned):
            shapes[turned] = _turned(shapes[turned], plays.slot[turned])
        return shapes

    def _costs(self, plays: _Plays, shapes: Floats, question: _Question) -> tuple[Floats, Floats]:
        """(disagreement of each slot with each column, shape (plays, slots, columns); what a play costs before any is dealt)."""
        numbers = self._dimensions.signatures[plays.row]
        codes = self._slot_codes[numbers].copy()
        lines = np.arange(len(codes))
        codes[lines, plays.slot] = -1  # the target's slot is taken
        required = self._required[numbers].copy()
        required[lines, plays.slot] = False
        costs = question.disagreement(shapes) + _unit_cost(codes, question.codes[1:]) + self._role_cost[numbers][:, :, None]
        costs -= _MISSING * required[:, :, None]
        if question.curve is not None:
            costs[:, 1 : 1 + CURVED, 0] += np.where(plays.slot[:, None] == 0, self._curve_cost(plays.row, question.curve), _NO_CURVE)
        extra = _MISSING * required.sum(axis=1) + self._turned_cost[numbers, plays.slot] + self._sign_cost(plays, question)
        extra += np.where((codes[:, 0] != -1) & (plays.slot > 0), 3 * _MISSING, 0)
        return costs.astype(np.float32), extra.astype(np.float32)

    def _curve_cost(self, rows: Ints, curve: Floats) -> Floats:
        """How far the nearest of an entry's curves along each of its first variables is from the table's, shape (rows, CURVED)."""
        curves = self._data[rows, _TABLE:-1].astype(np.float32).reshape(-1, CURVED, DRAWN, CURVE)
        apart = np.sqrt(np.mean((curves - curve) ** 2, axis=-1))
        return np.asarray(_CURVE_WEIGHT * np.fmin.reduce(np.where(np.isnan(apart), _NO_CURVE, apart), axis=-1), np.float32)

    def _sign_cost(self, plays: _Plays, question: _Question) -> Floats:
        positive = self._data[plays.row, -1].astype(np.float32)
        apart = np.abs(np.nan_to_num(positive, nan=question.shape.positive) - question.shape.positive)
        return np.asarray(np.where(plays.slot == 0, _OTHER_SIGN * apart, 0), np.float32)

    @cached_property
    def _slot_codes(self) -> Ints:
        """Dimension numbers by signature and slot, shape (signatures, 1 + SYMBOLS); -1 where there is no slot."""
        return self._by_slot(lambda slot: slot.dimension or 0, -1).astype(np.int64)

    @cached_property
    def _role_cost(self) -> Floats:
        return self._by_slot(lambda slot: _ROLE_COST[slot.role], 0.0)

    @cached_property
    def _turned_cost(self) -> Floats:
        return self._by_slot(lambda slot: _TURNED.get(slot.role, 0.0), 0.0)

    @cached_property
    def _required(self) -> npt.NDArray[np.bool_]:
        """Slots that should be played: the variables."""
        return self._by_slot(lambda slot: slot.role == "variable", 0).astype(bool)

    def _by_slot(self, value: Callable[..., float], absent: float) -> Floats:
        table = np.full((len(self._dimensions.shapes), 1 + SYMBOLS), absent, np.float32)
        for number, slots in enumerate(self._dimensions.shapes):
            known = [value(slot) for slot in slots[: 1 + SYMBOLS]]
            table[number, : len(known)] = known
        return table


class _Question:
    """A table's shape, ready to be compared."""

    def __init__(self, shape: Shape, codes: Ints) -> None:
        self.shape = shape
        self.codes = codes
        self.slopes = np.array([column.slopes for column in shape.inputs], np.float32)
        self.traits = np.array([column.traits for column in shape.inputs], np.float32)
        self.curve = np.array(shape.inputs[0].curve, np.float32) if shape.inputs[0].curve else None
        self.unused = (_UNUSED + _soft(np.nan_to_num(np.abs(self.slopes).max(axis=1)))).astype(np.float32)

    def disagreement(self, shapes: Floats) -> Floats:
        """Of each slot with each column, shape (plays, slots, columns)."""
        trust = 0.3 + 0.7 * self.shape.known
        slopes = np.nan_to_num(trust * self._slopes_apart(np.sort(shapes[..., :POINTS], axis=-1)), nan=2.0)
        apart = np.abs(shapes[:, :, None, POINTS:] - self.traits)
        traits = np.where(np.isnan(apart), _UNTOLD, apart) @ _TRAIT_WEIGHTS
        return np.asarray(slopes + traits, np.float32)

    def _slopes_apart(self, ordered: Floats) -> Floats:
        """Slopes of the table outside those of the entry, middles apart, ranges apart."""
        low, high = ordered[..., None, :1], ordered[..., None, -1:]
        short = _in_short(ordered)[:, :, None, :]
        outside = np.maximum(0, np.maximum(low - self.slopes, self.slopes - high)).mean(axis=-1)
        middle = np.abs(short[..., 1] - self.slopes[:, 1])
        width = np.abs((short[..., 2] - short[..., 0]) - (self.slopes[:, 2] - self.slopes[:, 0]))
        return np.asarray(_soft(outside) + 0.3 * _soft(middle) + 0.15 * _soft(width), np.float32)


def _in_short(ordered: Floats) -> Floats:
    """Low, middle and high of POINTS elasticities in order along the last axis."""
    return np.stack([ordered[..., 1], ordered[..., POINTS // 2], ordered[..., -2]], axis=-1)


def _soft(values: Floats) -> Floats:
    """Differences of slopes: 3 and 12 are nearly as far from 0."""
    return np.asarray(values / (1 + values / 3), np.float32)


def _turned(shapes: Floats, slot: Ints) -> Floats:
    """Elasticities of a law solved for one of its symbols: 1/e_k for the old target, -e_i/e_k for the others."""
    lines = np.arange(len(slot))
    with np.errstate(all="ignore"):
        own = shapes[lines, slot, :POINTS][:, None, :]
        turned = np.full_like(shapes, np.nan)
        turned[:, :, :POINTS] = np.clip(-shapes[:, :, :POINTS] / own, -12, 12)
        turned[:, 0, :POINTS] = np.clip(1 / own[:, 0], -12, 12)
    turned[:, :, POINTS] = np.where(np.isnan(turned[:, :, 0]), np.nan, np.mean(turned[:, :, :POINTS] > 0, axis=-1))
    return turned


def _unit_cost(slots: Ints, columns: Ints) -> Floats:
    """What a column's unit costs in a slot: nothing if dimensions agree."""
    slot, column = slots[:, :, None], columns
    cost = np.where(slot == column, 0.0, _NEVER)
    cost = np.where(slot == 0, _ANY_UNIT, cost)
    cost = np.where((column == 0) & (slot >= 0), _UNKNOWN_UNIT, cost)
    return np.where(slot < 0, _NEVER, cost).astype(np.float32)


def _deals(costs: Floats, unused: Floats, extra: Floats) -> Iterator[tuple[int, float, Ints]]:
    """(line, total, slot of each column or -1) of the deals that disagree least; a column may stay unused.

    Where every column's own best slot is another one, that is the deal; only the other lines need an assignment.
    """
    least, own = costs.min(axis=1), costs.argmin(axis=1)
    own = np.where(least <= unused, own, -1 - np.arange(costs.shape[2]))
    bound = extra + np.minimum(least, unused).sum(axis=1)
    apart = np.all(np.diff(np.sort(own, axis=1), axis=1) != 0, axis=1)
    for line in np.argsort(bound, kind="stable")[:_DEALT].tolist():
        if apart[line]:
            yield line, float(bound[line]), np.maximum(own[line], -1)
        else:
            total, deal = _assigned(costs[line], unused)
            yield line, total + float(extra[line]), deal


def _assigned(costs: Floats, unused: Floats) -> tuple[float, Ints]:
    from scipy.optimize import linear_sum_assignment

    slots, columns = costs.shape
    idle = np.where(np.eye(columns, dtype=bool), unused, 2 * _NEVER)
    table = np.concatenate([costs, idle])
    chosen, dealt = linear_sum_assignment(table)
    deal = np.full(columns, -1)
    deal[dealt] = np.where(chosen < slots, chosen, -1)
    return float(table[chosen, dealt].sum()), deal


def _hit(row: int, total: float, question: _Question, inputs: Sequence[ColumnHint], deal: Ints, shapes: Floats) -> Hit:
    strength = float(np.exp(-max(0.0, total) / _SURE))

    def words() -> tuple[Sentence, ...]:
        return tuple(_agreement(inputs[j].name, question, j, shapes[slot]) for j, slot in enumerate(deal) if slot >= 0)

    return Hit(row, -total, strength, words=words)


def _agreement(name: str, question: _Question, column: int, slot: Floats) -> Sentence:
    """What a column and the symbol it plays have in common, in words."""
    slopes, traits = question.slopes[column], dict(zip(TRAITS, question.traits[column], strict=True))
    own = np.median(slot[:POINTS])
    if np.ptp(slopes) < 0.1 and abs(own - slopes[1]) < 0.1:
        return Sentence.of("index.shape_power", column=name, power=f"{slopes[1]:.2g}")
    if traits["turns"] > 0 and slot[POINTS + TRAITS.index("turns")] > 0:
        return Sentence.of("index.shape_turns", column=name)
    if traits["flat_end"] < 0.2 and slot[POINTS + TRAITS.index("flat_end")] < 0.4:
        return Sentence.of("index.shape_levels", column=name)
    rising = traits["rising"]
    key = "rises" if rising > 0.9 else "falls" if rising < 0.1 else "varies"
    low, high = slopes[0], slopes[len(QUANTILES) - 1]
    return Sentence.of(f"index.shape_{key}", column=name, low=f"{low:.2g}", high=f"{high:.2g}")
