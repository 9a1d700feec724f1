"""Which candidates are spellings of one family: nested forms whose extra coefficient the data put at a number the other one has.

c0*x**k with k = 1.49 +- 0.02 is a spelling of c0*x**1.5, and c0*x + c1*x**2 with c1 = 0 within its error one of c0*x. x**2 and x**3, or
a sum and a quotient that fit alike, are rivals, and both are shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from corpus import tree
from corpus.canonical import canonicalise
from corpus.errors import RecommenderError
from corpus.formula import Formula

_WITHIN = 2.0  # standard errors
_ROUNDING = 1e-9
_ALWAYS = (0.0, 1.0, -1.0)


@dataclass(frozen=True)
class Form:
    """A fitted form: its canonical key, the formula with known constants as numbers, and its fitted coefficients with standard errors."""

    key: str
    formula: Formula
    values: Mapping[str, float]
    errors: Mapping[str, float]

    @property
    def numbers(self) -> frozenset[float]:
        """What its formula holds in figures."""
        return frozenset(float(node.number) for node in tree.walk(self.formula.root) if node.op == "const")


def families(forms: Sequence[Form]) -> list[int]:
    """For each form, given best first, the place of the one that leads its family (its own where it leads)."""
    numbers = frozenset(_ALWAYS).union(*(form.numbers for form in forms))
    nested = [frozenset(_nested(form, numbers)) for form in forms]
    leaders: list[int] = []
    for i, form in enumerate(forms):
        heads = (j for j in range(i) if leaders[j] == j)
        leaders.append(next((j for j in heads if forms[j].key in nested[i] or form.key in nested[j] or form.key == forms[j].key), i))
    return leaders


def _nested(form: Form, numbers: frozenset[float]) -> Iterator[str]:
    """Keys of what it becomes with one coefficient, or all that may be zero, at the number they agree with."""
    agreeing = {name: [number for number in sorted(numbers) if _agrees(form, name, number)] for name in form.values}
    idle = {name: 0.0 for name, found in agreeing.items() if 0.0 in found}
    for chosen in (idle, *({name: number} for name, found in agreeing.items() for number in found)):
        if chosen and (key := _key(form.formula, chosen)):
            yield key


def _agrees(form: Form, name: str, number: float) -> bool:
    value, error = form.values[name], form.errors.get(name, math.nan)
    if not math.isfinite(error) or not math.isfinite(value):
        return False
    return abs(value - number) <= max(_WITHIN * error, _ROUNDING * abs(number))


def _key(formula: Formula, numbers: Mapping[str, float]) -> str:
    """ "" where it has no value then."""
    leaves = {tree.param(name): tree.const(Fraction(value).limit_denominator(1000)) for name, value in numbers.items()}
    try:
        return canonicalise(Formula(tree.substitute(formula.root, leaves))).key
    except RecommenderError:
        return ""
