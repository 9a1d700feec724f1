"""Tuning tests: how a coefficient follows the quantities of the groups it was fitted in.

For every coefficient and every quantity q, these laws are held against its values p:

    power        p = a q**b        on logarithms; b is taken for the simple fraction it agrees with, two quantities are tried together too
    affine       p = a + b q       inverse   p = a + b/q       logarithmic   p = a + b ln q
    hyperbolic   1/p = a + b q     exponential   p = a exp(b q)
    arrhenius    p = a exp(-b/q)   where q is a temperature

The evidence is `chance`: the probability that as good a line comes about by accident (F test), times the number of relations tried, times
the share of simple exponents and simple factors among all that could have come out. Without the data's own scatter this would be a
significance; with it, it is an expected number of accidents, to be compared between laws.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from corpus.dimension import Dimension
from corpus.functions import Array
from recommender.interpretation import FAIR, STRONG
from recommender.quantities import FACTORS
from recommender.tuning.regress import Mean, Regression, mean, regress

Law = Literal["power", "affine", "inverse", "logarithmic", "hyperbolic", "exponential", "arrhenius", "same", "varies"]
Powers = tuple[Fraction | float, ...]
_TEMPERATURE = Dimension.of(K=1)
# simple exponents, and how many there are as simple as each
_RANKED = (("1 -1", 2), ("2 -2 1/2 -1/2", 6), ("3 -3 4 -4 3/2 -3/2 1/3 -1/3", 14))
_EXPONENTS = {Fraction(text): rank for texts, rank in _RANKED for text in texts.split()}
_EXPONENT_RANGE = 8.0
_FACTOR_DECADES = 2.0
_WITHIN = 2.5
_CLOSE = 0.05  # from a simple exponent; more than errors allow where the form is a little wrong
_SAME = 0.01  # spread of one and the same quantity from group to group that nobody would follow up
_CLOSE_CALL = 4.0  # ratio of unexplained variances that is no reason to prefer one quantity
_ROUNDING = 1e-9
_LOOSE = 0.25  # relative error from which "the same in every group" says nothing
_TWO = 3.0  # standard errors from which a second quantity is needed


@dataclass(frozen=True)
class Quantity:
    """What is known of each group: SI values (n,), nan where unknown; serial: perhaps mere names."""

    name: str
    values: Array
    dimension: Dimension | None
    serial: bool = False


@dataclass(frozen=True)
class Relation:
    """How a coefficient follows `quantities` (positions); exponents: of a power law; factor, slope: a and b of the laws above, in SI.

    r: correlation in the law's own coordinates; groups: how many; chance: see the module; multiple: the simple factor (`2π·`).
    rivals: quantities that these groups cannot tell apart from it.
    """

    law: Law
    quantities: tuple[int, ...]
    r: float
    groups: int
    chance: float
    factor: float = math.nan
    factor_error: float = math.nan
    slope: float = math.nan
    slope_error: float = math.nan
    exponents: Powers = ()
    multiple: str = ""
    rivals: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Scale:
    """Coordinates in which a law is a straight line; prior: how many times rarer than a power law it is."""

    law: Law
    x: Callable[[Array], Array]
    y: Callable[[Array], Array]
    y_slope: Callable[[Array], Array]
    positive_x: bool
    positive_y: bool
    prior: float


def _plain(values: Array) -> Array:
    return values


def _one(values: Array) -> Array:
    return np.ones_like(values)


def _reciprocal(values: Array) -> Array:
    return 1 / values


_SCALES = (
    _Scale("affine", _plain, _plain, _one, False, False, 2.0),
    _Scale("inverse", _reciprocal, _plain, _one, True, False, 4.0),
    _Scale("logarithmic", np.log, _plain, _one, True, False, 4.0),
    _Scale("hyperbolic", _plain, _reciprocal, lambda p: 1 / p**2, False, True, 3.0),
    _Scale("exponential", _plain, np.log, lambda p: 1 / p, False, True, 4.0),
    _Scale("arrhenius", _reciprocal, np.log, lambda p: 1 / p, True, True, 1.0),
)


def relations(values: Array, errors: Array, dimension: Dimension | None, quantities: Sequence[Quantity]) -> list[Relation]:
    """What a coefficient (n,) with standard errors (n,) follows, most convincing first; one relation for each set of quantities.

    The last resort is `same` (one value in every group) or `varies` (it differs, and nothing known explains it). Empty below two groups,
    or where errors are too large to say anything.
    """
    if len(values) < 2:
        return []
    series = _Series(values, np.maximum(errors, 1e-9 * np.abs(values)), dimension, quantities)
    found = sorted((*series.singles(), *series.pairs()), key=lambda relation: relation.chance)
    best: dict[tuple[int, ...], Relation] = {}
    for relation in found:
        best.setdefault(relation.quantities, relation)
    kept = [relation for relation in best.values() if relation.chance < 1]
    plain = series.unexplained()
    best_chance = kept[0].chance if kept else 1.0
    if plain is not None and plain.law == "same" and best_chance > STRONG:
        return [plain]
    return [*_with_rivals(kept), *([plain] if plain is not None and best_chance > FAIR else [])]


def _with_rivals(found: Sequence[Relation]) -> list[Relation]:
    """Each with the other single quantities that leave about as little unexplained."""
    return [replace(one, rivals=tuple(other.quantities[0] for other in found if _rival(other, one))) for one in found]


def _rival(other: Relation, one: Relation) -> bool:
    apart = len(other.quantities) == 1 and other.quantities[0] not in one.quantities
    return apart and 1 - other.r**2 < _CLOSE_CALL * (1 - one.r**2) + _ROUNDING


@dataclass(frozen=True)
class _Series:
    """A coefficient over the groups, and what is known of them."""

    values: Array
    errors: Array
    dimension: Dimension | None
    quantities: Sequence[Quantity]

    @property
    def tried(self) -> int:
        """Relations that are held against the values."""
        count = len(self.quantities)
        return count * (len(_SCALES) + 1) + count * (count - 1) // 2

    @property
    def one_sign(self) -> bool:
        """It has a logarithm: no sign change, and not lost in its error."""
        clear = np.all(np.abs(self.values) > 2 * self.errors)
        return bool(clear and (np.all(self.values > 0) or np.all(self.values < 0)))

    def singles(self) -> Iterator[Relation]:
        for place in range(len(self.quantities)):
            known = self._where_known((place,))
            if len(known.values) < 2 or np.ptp(known.quantities[place].values) == 0:
                continue
            yield from filter(
                None, [known._power((place,)), *(known._line(s, place) for s in _SCALES if known._suits(s, known.quantities[place]))]
            )

    def pairs(self) -> Iterator[Relation]:
        """Power laws in two quantities that both matter."""
        for places in itertools.combinations(range(len(self.quantities)), 2):
            yield from filter(None, [self._where_known(places)._power(places)])

    def _where_known(self, places: tuple[int, ...]) -> _Series:
        """The groups of which these quantities are known."""
        kept = np.all([np.isfinite(self.quantities[place].values) for place in places], axis=0)
        if kept.all():
            return self
        quantities = [replace(quantity, values=quantity.values[kept]) for quantity in self.quantities]
        return replace(self, values=self.values[kept], errors=self.errors[kept], quantities=quantities)

    # --- power laws -----------------------------------------------------------------------------------------------------

    def _power(self, places: tuple[int, ...]) -> Relation | None:
        chosen = [self.quantities[place] for place in places]
        if not self.one_sign or any(np.any(q.values <= 0) for q in chosen) or len(self.values) < (2 if len(places) == 1 else 4):
            return None
        logs = np.column_stack([np.log(q.values) for q in chosen])
        if np.linalg.matrix_rank(logs - logs.mean(0), tol=1e-6 * float(np.abs(logs).max() or 1)) < len(places):
            return None
        share = self.errors / np.abs(self.values)
        line = regress(logs, np.log(np.abs(self.values)), share)
        exponents = [_simple(b, s) for b, s in zip(line.values[1:], line.errors[1:], strict=True)]
        if len(places) == 2 and not _both_matter(line, exponents):
            return None
        if not all(-4 <= exponent <= 4 and exponent for exponent, _ in exponents):
            return None
        luck = math.prod(luck for _, luck in exponents)
        return self._factored(places, tuple(b for b, _ in exponents), line, luck, share)

    def _factored(self, places: tuple[int, ...], exponents: Powers, line: Regression, luck: float, share: Array) -> Relation:
        """The factor before the powers, once the exponents are settled."""
        chosen = [self.quantities[place] for place in places]
        powers = math.prod((q.values ** float(b) for q, b in zip(chosen, exponents, strict=True)), start=np.ones(len(self.values)))
        centre = regress(np.empty((len(powers), 0)), np.log(np.abs(self.values) / powers), share)
        factor = math.copysign(math.exp(centre.values[0]), self.values[0])
        error = abs(factor) * float(centre.errors[0])
        multiple, fit = self._multiple(chosen, exponents, factor, error)
        chance = line.chance * self.tried * luck * fit * (10.0 if any(q.serial for q in chosen) else 1.0)
        return Relation("power", places, line.r, len(powers), chance, factor, error, exponents=exponents, multiple=multiple)

    def _multiple(self, chosen: Sequence[Quantity], exponents: Powers, factor: float, error: float) -> tuple[str, float]:
        """(simple factor, or "" where there is none or it is 1; how much less of an accident that makes it)."""
        free = any(not isinstance(b, Fraction) for b in exponents)
        unit = self._left_over(chosen, exponents)
        if free or (unit is not None and not unit.is_dimensionless):
            return "", 1.0
        share = max(error / abs(factor), 1e-4)
        known = 0.5 if unit is not None else 1.0
        for shown, value, count in FACTORS:
            luck = count * 2 * _WITHIN * share / (_FACTOR_DECADES * math.log(10))
            if abs(math.log(abs(factor) / value)) <= _WITHIN * share + 1e-3 and luck < 0.5:
                return shown or "1·", known * luck
        return "", known

    def _left_over(self, chosen: Sequence[Quantity], exponents: Powers) -> Dimension | None:
        """Dimension of the factor, None where units are not known."""
        if self.dimension is None or any(q.dimension is None for q in chosen):
            return None
        total = self.dimension
        for quantity, exponent in zip(chosen, exponents, strict=True):
            assert quantity.dimension is not None
            total = total / quantity.dimension ** Fraction(exponent).limit_denominator(100)
        return total

    # --- lines ----------------------------------------------------------------------------------------------------------

    def _suits(self, scale: _Scale, quantity: Quantity) -> bool:
        """The law can be drawn on these values, and leaves a line something to explain."""
        temperature = quantity.dimension in (_TEMPERATURE, None) if scale.law == "arrhenius" else True
        positive = not scale.positive_x or bool(np.all(quantity.values > 0))
        return temperature and positive and (not scale.positive_y or self.one_sign) and len(self.values) > 2

    def _line(self, scale: _Scale, place: int) -> Relation:
        quantity = self.quantities[place]
        sign = math.copysign(1.0, self.values[0]) if scale.positive_y else 1.0
        line = regress(scale.x(quantity.values)[:, None], scale.y(sign * self.values), self.errors * scale.y_slope(np.abs(self.values)))
        prior = scale.prior * (4.0 if scale.law == "arrhenius" and quantity.dimension is None else 1.0) * (10.0 if quantity.serial else 1.0)
        (factor, slope), (factor_error, slope_error) = line.values, line.errors
        if scale.law in ("exponential", "arrhenius"):
            factor = sign * math.exp(min(factor, 700.0))
            factor_error *= abs(factor)
            slope = -slope if scale.law == "arrhenius" else slope
        elif scale.law == "hyperbolic":
            factor, slope = sign * factor, sign * slope
        numbers = (float(factor), float(factor_error), float(slope), float(slope_error))
        return Relation(scale.law, (place,), line.r, len(self.values), line.chance * self.tried * prior, *numbers)

    # --- nothing --------------------------------------------------------------------------------------------------------

    def unexplained(self) -> Relation | None:
        """The same everywhere, or not; None where its errors are too large to tell."""
        found = mean(self.values, self.errors)
        n = len(self.values)
        width = max(found.spread, float(np.median(self.errors)) / abs(found.value)) if found.value else math.inf
        if found.chance > _SAME and width > _LOOSE:
            return None
        if found.chance > _SAME or found.spread < _SAME:
            return Relation("same", (), 0.0, n, min(1.0, 2 * width / math.log(10)) ** (n - 1), found.value, found.error, slope=found.spread)
        return Relation("varies", (), 0.0, n, max(found.chance, 1e-12), found.value, found.error, slope=found.spread)


def _simple(exponent: float, error: float) -> tuple[Fraction | float, float]:
    """(the simple fraction an exponent agrees with, or itself; the share of exponents that would have been as simple by accident)."""
    error = max(error, 1e-3)
    near = [b for b in _EXPONENTS if abs(float(b) - exponent) <= max(_WITHIN * error, _CLOSE)]
    if not near:
        return (float(exponent), 3.0) if abs(exponent) > _TWO * error else (0.0, 1.0)
    best = min(near, key=lambda b: _EXPONENTS[b] + 4 * abs(float(b) - exponent) / error)
    reach = max(_WITHIN * error, abs(float(best) - exponent))
    return best, min(1.0, _EXPONENTS[best] * 2 * reach / _EXPONENT_RANGE)


def _both_matter(line: Regression, exponents: Sequence[tuple[Fraction | float, float]]) -> bool:
    return all(isinstance(b, Fraction) for b, _ in exponents) and bool(np.all(np.abs(line.values[1:]) > _TWO * line.errors[1:]))


__all__ = ["Law", "Mean", "Quantity", "Relation", "relations"]
