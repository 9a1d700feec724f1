"""Which products of factors are tried as terms, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, permutations, product

import numpy as np

from recommender.proposers.composed.factors import Factor, Term
from recommender.proposers.composed.shapes import Axis, Curves, curves

MAX_COLUMNS = 40_000
_MAX_TRIPLE_DEGREE = 5
_COARSE = 2


def terms_of(axes: Sequence[Axis], known: Sequence[Term] = (), columns: int = MAX_COLUMNS) -> list[Term]:
    """Distinct terms, cheapest first, no more than fill a dictionary of so many columns; `known` ones are among them."""
    with np.errstate(all="ignore"):
        found = [curves(axis) for axis in axes]
    kept = dict.fromkeys([Term(), *known])
    filled = sum(len(term.grid) * term.width for term in kept)
    for term in sorted([*_singles(found), *_doubles(found), *_triples(axes)], key=lambda term: term.cost):
        filled += 0 if term in kept else len(term.grid) * term.width
        if filled > columns:
            break
        kept.setdefault(term)
    return sorted(kept, key=lambda term: term.cost)


def _singles(found: Sequence[Curves]) -> Iterator[Term]:
    """Curves of one input, alone or times z or z**2."""
    for own in found:
        yield Term.of(own.shift)
        bare = (*own.plain, *own.bent, *own.steep)
        yield from (Term.of(factor) for factor in (*own.powers, *bare))
        yield from (Term.of(power, factor) for power in own.raising for factor in (*own.plain, *own.bent))
        yield from (Term.of(one, other) for one, other in _same_input(own))


def _same_input(own: Curves) -> Iterator[tuple[Factor, Factor]]:
    """Two bent curves of one input: a wave that decays, a power with an exponential tail."""
    decays = [coarse(factor) for factor in own.bent if factor.columns[0].op == "exp" and len(factor.inner) == 1][:2]
    waves = [coarse(factor, 3) for factor in own.bent if len(factor.columns) == 2]
    yield from product(decays, [*waves, *map(coarse, own.steep)])


def _doubles(found: Sequence[Curves]) -> Iterator[Term]:
    for one, other in combinations(found, 2):
        yield from (Term.of(a, b) for a, b in product((*one.powers, one.shift), (*other.powers, other.shift)))
        yield from (Term.of(a, b) for a, b in product(one.plain, other.plain))
        yield from (Term.of(coarse(a), coarse(b)) for a, b in product(one.steep, other.steep))
    for one, other in permutations(found, 2):
        raised = [(power, factor) for power in one.raising for factor in one.plain]
        yield from (Term.of(*pair, power) for pair in raised for power in other.powers)
        yield from (Term.of(power, factor) for power, factor in product(one.powers, (*other.plain, *other.bent, *other.steep)))
        single = [factor for factor in (*other.plain, *other.bent, *other.steep) if len(factor.columns) == 1]
        yield from (Term.of(one.shift, factor) for factor in single)
        saturating = [factor for factor in other.bent if factor.columns[0].op == "pow" and len(factor.inner) == 1]
        yield from (Term.of(first, other.raising[0], factor) for first in (one.shift, *one.raising) for factor in saturating)
        yield from (Term.of(coarse(steep), coarse(bent)) for steep, bent in product(one.steep, _arrhenius(other)))


def _arrhenius(own: Curves) -> list[Factor]:
    """exp(k z) and exp(k/z)."""
    return [factor for factor in own.bent if factor.columns[0].op == "exp" and len(factor.inner) == 1]


def coarse(factor: Factor, step: int = _COARSE) -> Factor:
    """The same factor with every second start: in a product of two free factors the grids multiply."""
    return replace(factor, grid=factor.grid[::step])


def _triples(axes: Sequence[Axis]) -> Iterator[Term]:
    for trio in combinations(axes, 3):
        for exponents in product((1, 2), repeat=3):
            if sum(exponents) <= _MAX_TRIPLE_DEGREE:
                yield Term.of(*(axis.power(exponent) for axis, exponent in zip(trio, exponents, strict=True)))
