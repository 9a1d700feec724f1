"""Simpler neighbours of a model: a term or a factor less, one column of a pair, an inner parameter at a round value."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace
from fractions import Fraction

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.proposers.composed.factors import Factor, Term
from recommender.proposers.composed.refine import Model

_EXPONENTS = tuple(map(Fraction, ("1", "2", "3", "4", "1/2", "1/3", "2/3", "3/2", "1/4", "-1", "-2", "-3", "-1/2")))
_NEAR_EXPONENT = 0.12
_NEAR_ONE = 0.1
Parts = list[tuple[Term, Array]]


def simpler(model: Model, with_unit: Set[str] = frozenset()) -> Iterator[Parts]:
    """Terms and starts of every neighbour. with_unit: columns that are no pure numbers: 1 is no round value for what scales them."""
    parts = list(model.parts)
    for i, (term, inner) in enumerate(parts):
        rest = [*parts[:i], *parts[i + 1 :]]
        if rest:
            yield rest
        for other in _simpler_terms(term, inner, with_unit):
            if all(other[0] != known for known, _ in rest):
                yield [*rest, other]


def _simpler_terms(term: Term, inner: Array, with_unit: Set[str]) -> Iterator[tuple[Term, Array]]:
    first = 0
    for i, factor in enumerate(term.factors):
        last = first + len(factor.inner)
        for replaced, values in _simpler_factors(factor, inner[first:last], with_unit):
            pieces = [(other, own) for j, (other, own) in enumerate(_pieces(term, inner)) if j != i]
            yield _joined([*pieces, *([] if replaced is None else [(replaced, values)])])
        first = last


def _pieces(term: Term, inner: Array) -> list[tuple[Factor, Array]]:
    values = np.split(inner, np.cumsum([len(factor.inner) for factor in term.factors])[:-1]) if term.factors else []
    return list(zip(term.factors, values, strict=True))


def _joined(pieces: list[tuple[Factor, Array]]) -> tuple[Term, Array]:
    ordered = sorted(pieces, key=lambda piece: piece[0].order)
    inner = np.concatenate([values for _, values in ordered]) if ordered else np.zeros(0)
    return Term(tuple(factor for factor, _ in ordered)), inner


def _simpler_factors(factor: Factor, inner: Array, with_unit: Set[str]) -> Iterator[tuple[Factor | None, Array]]:
    """None: the factor is left out."""
    yield None, np.zeros(0)
    if len(factor.columns) > 1:
        yield from ((replace(factor, columns=(column,)), inner) for column in factor.columns if column.has_symbols)
    for i, (name, value) in enumerate(zip(factor.inner, inner, strict=True)):
        for number in _round_values(factor, name, float(value), with_unit):
            yield _held(factor, name, number), np.delete(inner, i)


def _held(factor: Factor, name: str, number: Fraction | float) -> Factor:
    columns = tuple(tree.substitute(column, {tree.param(name): tree.const(number)}) for column in factor.columns)
    return Factor(columns, tuple(other for other in factor.inner if other != name), stated=factor.stated)


def _round_values(factor: Factor, name: str, value: float, with_unit: Set[str]) -> list[Fraction | float]:
    if any(_is_exponent(column, name) for column in factor.columns):
        nearest = min(_EXPONENTS, key=lambda exponent: abs(float(exponent) - value))
        return [nearest] if abs(float(nearest) - value) < _NEAR_EXPONENT else []
    scaled = any(column.variables & with_unit for column in factor.columns)
    return [Fraction(1 if value > 0 else -1)] if abs(abs(value) - 1) < _NEAR_ONE and not scaled else []


def _is_exponent(column: Node, name: str) -> bool:
    return any(node.op == "pow" and node.args[1].op == "param" and node.args[1].value == name for node in tree.walk(column))
