from __future__ import annotations

from collections.abc import Sequence

import pytest

from corpus.dimension import Dimension
from corpus.entry import Entry
from corpus.units import parse_unit
from indexes import Assignment, ColumnHint, assignments
from indexes.plays import Slots
from indexes.signature import Slot, signature, uniform

TABLES = [
    ("V", ["A", "ohm"]),
    ("K", ["s"]),
    ("m", ["s", "kg"]),
    ("N", ["m", None]),
    (None, ["m"]),
    ("1", ["1/m", "1"]),
    ("s", ["m", "m/s**2"]),
]


def hints(units: Sequence[str | None]) -> list[ColumnHint]:
    return [ColumnHint(f"c{i}", None if unit is None else parse_unit(unit).dimension) for i, unit in enumerate(units)]


def with_fitted_parameters(entry: Entry, found: Assignment) -> float:
    """The score of an assignment less the small price of each parameter that is left to be fitted."""
    played = {found.target, *found.columns}
    return max(0.0, found.score - 0.005 * sum(parameter.symbol not in played for parameter in entry.parameters))


@pytest.mark.parametrize(("target", "inputs"), TABLES)
def test_many_signatures_at_once_score_as_one_by_one(corpus: list[Entry], target: str | None, inputs: Sequence[str | None]) -> None:
    codes: dict[Dimension, int] = {}

    def code(dimension: Dimension | None) -> int | None:
        return None if dimension is None else codes.setdefault(dimension, 1 + len(codes))

    slots = [[Slot("", slot.role, code(slot.dimension)) for slot in signature(entry).slots] for entry in corpus]
    own, *columns = hints([target, *inputs])
    found = Slots.of(slots, uniform).best_fits(code(own.dimension), [code(column.dimension) for column in columns], uniform)
    for entry, fit in zip(corpus, found, strict=True):
        scores = [with_fitted_parameters(entry, assignment) for assignment in assignments(entry, own, columns, limit=200)]
        assert (fit.score if fit else None) == (pytest.approx(max(scores)) if scores else None), entry.id
