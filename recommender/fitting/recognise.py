"""Numbers that a coefficient may be exactly: small fractions, multiples of pi, roots, e, constants of nature.

A value is offered if it lies within two standard errors and meeting one of its kind there by luck is unlikely. Every offer is refitted
with the value held, and says what it costs in rss.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from corpus.constants import CODATA, known_constant
from recommender.fitting.fit import fit
from recommender.fitting.result import Fit
from recommender.samples import Samples

_WITHIN = 2.0
_LUCK = 0.1
_LARGEST = 12
_SMALLEST_ERROR = 1e-9  # relative; below it the arithmetic itself is not exact


@dataclass(frozen=True)
class Exact:
    """A number with a name: "1/2", "2*pi", "planck". kind: "fraction", "pi", "root", "constant" (SI value)."""

    text: str
    value: float
    kind: str


@dataclass(frozen=True)
class Variant:
    """The fit with some coefficients held at exact values.

    price: relative rise of the rss; likelihood_ratio: the F statistic of holding them (about 1 by chance, above 4 speaks against).
    """

    replaced: Mapping[str, Exact]
    fit: Fit
    price: float
    likelihood_ratio: float

    @property
    def accepted(self) -> bool:
        return self.likelihood_ratio < 4.0


def recognise(
    fitted: Fit, samples: Samples, *, known: Mapping[str, float] | None = None, loss: str = "linear", budget: float = 0.2
) -> tuple[Variant, ...]:
    """Simplified variants of a fit, fewest free coefficients first; empty if nothing is near an exact number.

    samples, known, loss: as given to the fit. One variant per coefficient recognised, and one with all that hold together.
    """
    offers = {name: offer for name in fitted.parameters if (offer := recognised(fitted, name)) is not None}
    base = dict(known or {})
    singles = [_variant(fitted, samples, base, {name: offer}, loss, budget) for name, offer in offers.items()]
    singles = [variant for variant in singles if variant.accepted]
    together: dict[str, Exact] = {}
    joint: Variant | None = None
    for single in sorted(singles, key=lambda variant: variant.likelihood_ratio):
        trial = _variant(fitted, samples, base, {**together, **single.replaced}, loss, budget)
        if trial.accepted:
            together, joint = dict(trial.replaced), trial
    return (*([joint] if joint and len(together) > 1 else []), *singles)


def recognised(fitted: Fit, name: str) -> Exact | None:
    """The simplest exact number a coefficient agrees with, None if there is none or its error is unknown."""
    value, error = fitted.parameters[name], fitted.standard_errors[name]
    if not math.isfinite(value) or math.isnan(error) or error == 0 or value == 0:
        return None
    error = max(error, _SMALLEST_ERROR * abs(value))
    for group in _groups():
        spacing = _chance(value, error, group)
        near = [exact for exact in group if abs(exact.value - value) <= _WITHIN * error]
        if near and spacing < _LUCK:
            return min(near, key=lambda exact: abs(exact.value - value))
    return None


def _chance(value: float, error: float, group: tuple[Exact, ...]) -> float:
    """Expected numbers of a group within two errors of a value of this size."""
    neighbours = sum(0.5 <= exact.value / value <= 2 for exact in group)
    return neighbours * 2 * _WITHIN * error / (1.5 * abs(value))


def _variant(fitted: Fit, samples: Samples, known: dict[str, float], replaced: dict[str, Exact], loss: str, budget: float) -> Variant:
    held = {**known, **{name: exact.value for name, exact in replaced.items()}}
    starts = [fitted.parameters]
    result = fit(fitted.formula, samples, known=held, starts=starts, loss=loss, budget=budget)
    rise = max(result.rss - fitted.rss, 0.0)
    variance = fitted.rss / fitted.dof if fitted.dof else math.nan
    ratio = rise / len(replaced) / variance if variance > 0 else (0.0 if rise == 0 else math.inf)
    return Variant(replaced, result, rise / fitted.rss if fitted.rss > 0 else ratio, ratio)


@cache
def _groups() -> tuple[tuple[Exact, ...], ...]:
    """Kinds of exact numbers, plainest first."""
    return (
        tuple(_fractions((1,))),
        tuple(_fractions((1, 2))),
        tuple(_fractions((1, 2, 3, 4))),
        tuple(_multiples("pi", math.pi, "pi")),
        tuple(_roots()),
        tuple(Exact(name, known_constant(name)[0], "constant") for name in CODATA),
    )


def _fractions(denominators: tuple[int, ...]) -> Iterator[Exact]:
    values = {Fraction(sign * top, bottom) for bottom in denominators for top in range(1, _LARGEST + 1) for sign in (1, -1)}
    return (Exact(str(value), float(value), "fraction") for value in sorted(values, key=lambda v: (v.denominator, abs(v), v)))


def _multiples(name: str, unit: float, kind: str) -> Iterator[Exact]:
    for factor in (1, 2, 4, Fraction(1, 2), Fraction(1, 4), Fraction(4, 3), 3, Fraction(1, 3), 8):
        for sign in (1, -1):
            text = name if factor == 1 else f"{factor}*{name}"
            yield Exact(text if sign > 0 else f"-{text}", sign * float(factor) * unit, kind)


def _roots() -> Iterator[Exact]:
    named = {"sqrt(2)": math.sqrt(2), "sqrt(3)": math.sqrt(3), "sqrt(pi)": math.sqrt(math.pi), "e": math.e, "pi**2": math.pi**2}
    named |= {"log(2)": math.log(2), "log(10)": math.log(10), "1/sqrt(2)": math.sqrt(0.5), "1/sqrt(2*pi)": 1 / math.sqrt(2 * math.pi)}
    for text, value in named.items():
        yield Exact(text, value, "root")
        yield Exact(f"-{text}", -value, "root")
