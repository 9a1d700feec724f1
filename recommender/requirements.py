"""What must hold of a formula whatever the data say: its sign, the way it moves, that it stays bounded, its value somewhere.

A person says it in a few words, in the names and units of the table:

    positive, negative        the target keeps this sign
    increasing in L           or `decreasing in L`, all else equal
    bounded                   no pole, no value that leaves the data's range LEAPS-fold
    0 at L = 0                or any other number, or `finite`; `inf` is far beyond the data

All but the last are asked over the ranges of the data, widened by REACH at each end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corpus.errors import ProblemError
from corpus.functions import Array
from recommender.samples import Samples
from recommender.table import Column, loose

Kind = Literal["positive", "negative", "increasing", "decreasing", "bounded", "value"]
Predict = Callable[[Mapping[str, Array]], Array]

REACH = 0.2
LEAPS = 20.0
FAR = 1e6  # times the largest value: where a limit at infinity is looked at
CLOSE = 0.01  # of the target's range: how near a limit must come
POINTS = 400
STEPS = 25
_VALUE = re.compile(
    r"(?P<value>finite|[+-]?[\d.]+(?:e[+-]?\d+)?)\s+at\s+(?P<column>.+?)\s*=\s*(?P<at>[+-]?(?:inf|[\d.]+(?:e[+-]?\d+)?))", re.IGNORECASE
)
_TREND = re.compile(r"(?P<kind>increasing|decreasing)\s+in\s+(?P<column>.+)", re.IGNORECASE)


@dataclass(frozen=True)
class Requirement:
    """One of them: as it was said, and read. column: x0, x1, ...; at, value: SI (value nan: any finite one)."""

    text: str
    kind: Kind
    column: str = ""
    at: float = math.nan
    value: float = math.nan

    @classmethod
    def of(cls, text: str, target: Column, inputs: Sequence[Column]) -> Requirement:
        """ProblemError if it cannot be read, or speaks of no input."""
        said = " ".join(text.split())
        if said.lower() in ("positive", "negative", "bounded"):
            return cls(said, said.lower())  # type: ignore[arg-type]  # just seen to be one of them
        if (trend := _TREND.fullmatch(said)) is not None:
            kind: Kind = "increasing" if trend["kind"].lower() == "increasing" else "decreasing"
            return cls(said, kind, f"x{_place(trend['column'], inputs)}")
        if (value := _VALUE.fullmatch(said)) is not None:
            place = _place(value["column"], inputs)
            wanted = math.nan if value["value"].lower() == "finite" else _si(target, value["value"])
            return cls(said, "value", f"x{place}", _si(inputs[place], value["at"]), wanted)
        raise ProblemError("requirement_unreadable", text=said[:60])

    def holds(self, predict: Predict, samples: Samples, seed: int) -> bool:
        """Whether a formula keeps it. predict: its values at rows of columns; a value that does not exist breaks it."""
        if self.kind == "value":
            return self._reaches(predict, samples)
        if self.kind in ("increasing", "decreasing"):
            return self._moves(predict, samples)
        values = predict(widened(samples, seed))
        if self.kind == "bounded":
            return not np.any(leaps(values, samples.target))
        return bool(np.all(values > 0) if self.kind == "positive" else np.all(values < 0))

    def _reaches(self, predict: Predict, samples: Samples) -> bool:
        column = samples.columns[self.column]
        at = self.at if math.isfinite(self.at) else math.copysign(FAR * float(np.max(np.abs(column))), self.at)
        values = predict({**samples.columns, self.column: np.full(len(samples), at)})
        off = np.zeros(1) if math.isnan(self.value) else np.abs(values - self.value)
        return bool(np.all(np.isfinite(values)) and np.all(off <= CLOSE * np.ptp(samples.target)))

    def _moves(self, predict: Predict, samples: Samples) -> bool:
        """Steps along the column from every row, the others held; a drop below the rounding of the values does not count."""
        low, high = span(samples.columns[self.column])
        rows = samples.take(np.linspace(0, len(samples) - 1, min(len(samples), POINTS // 4)).astype(np.int64))
        grid = np.tile(np.linspace(low, high, STEPS), (len(rows), 1))
        columns = {name: np.repeat(values, STEPS) for name, values in rows.columns.items()}
        values = np.reshape(predict({**columns, self.column: np.ravel(grid)}), grid.shape)
        steps = np.diff(values, axis=1) * (1 if self.kind == "increasing" else -1)
        return bool(np.all(np.isfinite(values)) and np.all(steps >= -1e-9 * np.ptp(samples.target)))


def span(values: Array) -> tuple[float, float]:
    """The range of a column widened by REACH at each end; quantities that are positive stay so."""
    low, high = float(values.min()), float(values.max())
    more = REACH * (high - low)
    return (max(low - more, (1 - REACH) * low) if low > 0 else low - more), (
        min(high + more, (1 - REACH) * high) if high < 0 else high + more
    )


def widened(samples: Samples, seed: int) -> dict[str, Array]:
    """Points over the widened ranges: one input at a time from every row to its ends, and all rows."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, len(samples), POINTS)
    base = {name: values[rows] for name, values in samples.columns.items()}
    grids = []
    for name, values in samples.columns.items():
        low, high = span(values)
        grids.append({**base, name: np.linspace(low, high, POINTS)})
    return {name: np.concatenate([samples.columns[name], *(grid[name] for grid in grids)]) for name in samples.columns}


def leaps(values: Array, target: Array) -> Array:
    """1 where there is no finite value or one that leaves the target's range LEAPS-fold, else 0."""
    low, high = float(target.min()), float(target.max())
    reach = LEAPS * (high - low)
    with np.errstate(all="ignore"):
        return np.where(~np.isfinite(values) | (values > high + reach) | (values < low - reach), 1.0, 0.0)


def _place(name: str, inputs: Sequence[Column]) -> int:
    for place, column in enumerate(inputs):
        if loose(column.name) == loose(name):
            return place
    raise ProblemError("requirement_column", name=name[:40], known=", ".join(column.name for column in inputs))


def _si(column: Column, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ProblemError("requirement_unreadable", text=text[:60]) from None
    return float(value if column.unit is None or math.isinf(value) else column.unit.to_si(value))
