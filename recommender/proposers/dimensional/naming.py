"""Coefficients that are plain numbers, or numbers times constants of nature, written as such."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import numpy as np

from corpus import tree
from corpus.dimension import Dimension, infer
from corpus.formula import Formula
from corpus.tree import Node
from recommender.problem import Problem
from recommender.proposers.dimensional.constants import Constants, by_dimension, key_of
from recommender.proposers.dimensional.forms import Form

NUMBER, CONSTANT = 1e-9, 1e-4  # relative; constants of nature are often rounded in what made a table
_LARGEST = 12
_DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 12, 15, 16, 24, 32)


def variants(form: Form, problem: Problem) -> Iterator[Form]:
    """The form with the coefficients that are plain numbers written out; then with those named that are constants of nature."""
    numbers = {name: node for name, start in form.starts.items() if (node := plain_number(start, NUMBER)) is not None}
    if numbers:
        yield _replaced(form, numbers, {})
    named = dict(_named(form, problem)) if problem.has_units else {}
    if named:
        yield _replaced(
            form, {name: node for name, (node, _) in named.items()}, {k: v for _, known in named.values() for k, v in known.items()}
        )


def _named(form: Form, problem: Problem) -> Iterator[tuple[str, tuple[Node, dict[str, float]]]]:
    """(coefficient, its tree, the constants in it) for each coefficient whose unit and value a few constants of nature have."""
    report = infer(form.root, dict(problem.dimensions), problem.target_dimension)
    for name, start in form.starts.items():
        dimension = report.known.get(name)
        for made in _made(dimension) if dimension is not None else ():
            number = plain_number(start / made.value, CONSTANT)
            if number is not None:
                yield name, (tree.mul(number, made.node), made.known)
                break


def _made(dimension: Dimension) -> tuple[Constants, ...]:
    return () if dimension.is_dimensionless else by_dimension().get(key_of(np.array(dimension.exponents, float)), ())


def _replaced(form: Form, nodes: dict[str, Node], known: dict[str, float]) -> Form:
    root = tree.substitute(form.root, {tree.param(name): node for name, node in nodes.items()})
    return Form(root, {name: v for name, v in form.starts.items() if name not in nodes}, form.cost, {**form.known, **known})


def plain_number(value: float, tolerance: float) -> Node | None:
    """A small fraction, times a power of pi or a root of a small number; None if the value is none within a relative tolerance."""
    numbers, nodes = _plain_numbers()
    size = abs(value)
    i = int(np.argmin(np.abs(numbers - size)))
    if not math.isfinite(value) or abs(numbers[i] - size) > tolerance * size:
        return None
    return tree.mul(tree.const(-1 if value < 0 else 1), nodes[i])


@cache
def _plain_numbers() -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], list[Node]]:
    half, two = Fraction(1, 2), tree.const(2)
    powers = (
        [(tree.pi(), p) for p in (1, -1, 2, -2, -3, half, -half)] + [(two, half)] + [(tree.mul(two, tree.pi()), p) for p in (half, -half)]
    )
    factors = [tree.const(1), *(tree.power(base, tree.const(p)) for base, p in powers)]
    shares = sorted({Fraction(top, bottom) for top in range(1, _LARGEST + 1) for bottom in _DENOMINATORS})
    nodes = [tree.mul(tree.const(share), factor) for factor in factors for share in shares]
    return np.array([float(Formula(node).evaluate({})[0]) for node in nodes]), nodes
