"""What a person says of ranges: which rows of a table count, and where a coefficient may lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.errors import ProblemError
from corpus.units import Unit, parse_unit
from recommender.table import Column, Table


@dataclass(frozen=True)
class Range:
    """Rows count where the values of a column lie between low and high: SI, ends included, either may be infinite."""

    column: str
    low: float
    high: float

    def holds(self, table: Table) -> NDArray[np.bool_]:
        """Of which rows, shape (rows of the table,)."""
        values = table[self.column].values
        return (values >= self.low) & (values <= self.high)

    def told(self, table: Table) -> str:
        """`T 300 400 K`, in the customer's unit: what a person would say."""
        column = table[self.column]
        low, high = (value if column.unit is None else float(column.unit.from_si(value)) for value in (self.low, self.high))
        return f"{column.name} {low:.12g} {high:.12g} {'' if column.unit is None else column.unit.label}".strip()


@dataclass(frozen=True)
class Said:
    """`T 300 400 K` as it was read: a name, two numbers and a unit ("" if none was said); without numbers whatever was said of the name
    before holds no longer."""

    name: str
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""

    @classmethod
    def of(cls, text: str) -> Said:
        """ProblemError if it is no range."""
        words = text.replace("..", " ").split()
        numbers = [_is_number(word) for word in words]
        end = len(words) if numbers[-1:] == [True] else len(words) - 1
        if not any(numbers[1:]) and words:
            return cls(" ".join(words))
        if end < 3 or not all(numbers[end - 2 : end]) or float(words[end - 2]) > float(words[end - 1]):
            raise ProblemError("steer_range", text=text[:80])
        name = " ".join(words[: end - 2]).rstrip("=: ")
        return cls(name, float(words[end - 2]), float(words[end - 1]), " ".join(words[end:]))

    @property
    def lifts(self) -> bool:
        """Everything is allowed again."""
        return math.isinf(self.low) and math.isinf(self.high)

    def in_si(self, usual: Unit | None) -> tuple[float, float]:
        """The ends in SI; usual: the unit that is meant where none was said. ProblemError or UnitError if the unit is of another kind."""
        unit = parse_unit(self.unit) if self.unit else usual
        if unit is None:
            return self.low, self.high
        if usual is not None and unit.dimension != usual.dimension:
            raise ProblemError("steer_unit", name=self.name, unit=self.unit, usual=usual.text)
        return float(unit.to_si(self.low)), float(unit.to_si(self.high))


def narrowed(before: Sequence[Range], text: str, table: Table) -> tuple[Range, ...]:
    """Ranges with one more, or one less. ProblemError, TableError or UnitError says what is wrong with it."""
    said = Said.of(text)
    column: Column = table.find(said.name)
    others = tuple(one for one in before if one.column != column.name)
    return others if said.lifts else (*others, Range(column.name, *said.in_si(column.unit)))


def _is_number(word: str) -> bool:
    try:
        return not math.isnan(float(word))
    except ValueError:
        return False
