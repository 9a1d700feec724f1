"""Units for coefficients made of the units somebody uses: `N*mm**2/V**2` says more to them than `A**2*s**4/(kg*m)`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations
from operator import mul

import numpy as np

from corpus.dimension import Dimension
from corpus.errors import UnitError
from corpus.units import Unit, parse_unit

_MOST_PARTS = 3
_HIGHEST = 4


def composed_unit(dimension: Dimension, of: Iterable[Unit]) -> Unit | None:
    """The shortest product of powers of some units with a dimension, as `N*mm**2/V**2`; None if there is none.

    At most _MOST_PARTS units, powers in halves up to _HIGHEST. A temperature scale with another zero counts as kelvin.
    """
    plain = (Unit("K", unit.dimension, 1.0) if unit.offset else unit for unit in of)
    distinct = list({unit.dimension: unit for unit in reversed([*plain]) if not unit.is_dimensionless}.values())[::-1]
    chosen = (part for size in range(1, _MOST_PARTS + 1) for part in combinations(distinct, size))
    found = ((units, powers) for units in chosen if (powers := _powers(dimension, units)) is not None)
    best = min(found, key=lambda pair: (len(pair[0]), sum(map(abs, pair[1]))), default=None)
    return None if best is None else _product(*best)


def _powers(dimension: Dimension, units: Sequence[Unit]) -> tuple[Fraction, ...] | None:
    """Exponents that make a dimension out of those of the units, none of them zero; None if none of few halves do."""
    matrix = np.array([[float(exponent) for exponent in unit.dimension.exponents] for unit in units]).T
    solved = np.linalg.lstsq(matrix, np.array([float(exponent) for exponent in dimension.exponents]), rcond=None)[0]
    powers = tuple(Fraction(round(2 * power), 2) for power in solved.tolist())
    if not all(0 < abs(power) <= _HIGHEST for power in powers):
        return None
    made = reduce(mul, (unit.dimension**power for unit, power in zip(units, powers, strict=True)))
    return powers if made == dimension else None


def _product(units: Sequence[Unit], powers: Sequence[Fraction]) -> Unit | None:
    """None where the text would not be read back."""
    above = [_raised(unit.text, power) for unit, power in zip(units, powers, strict=True) if power > 0]
    below = [_raised(unit.text, -power) for unit, power in zip(units, powers, strict=True) if power < 0]
    try:
        return parse_unit("/".join(["*".join(above) or "1", *below]))
    except UnitError:
        return None


def _raised(text: str, power: Fraction) -> str:
    whole = text if re.fullmatch(r"[^\W\d_]+", text) else f"({text})"
    return whole if power == 1 else f"{whole}**{power}" if power.denominator == 1 else f"{whole}**({power})"
