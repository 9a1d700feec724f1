"""Terms that may stand in a sum for the target: monomials of its dimension, alone or times a function of a pure number."""

from __future__ import annotations

from itertools import product

from corpus import tree
from corpus.tree import Node
from recommender.problem import Problem
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.exponents import monomial, with_dimension
from recommender.proposers.dimensional.groups import plain_groups
from recommender.proposers.dimensional.sums import functions

_MONOMIALS, _FUNCTIONS = 40, 25


def balanced_terms(problem: Problem) -> list[Node]:
    """Of x0, x1, ..., the plainest first; none where the table does not state every unit, for then everything may stand there."""
    data = Data.of(problem)
    if not data.has_units:
        return []
    exponents, _ = with_dimension(data, data.target, _MONOMIALS)
    offered, _ = functions(plain_groups(data), len(data.y))
    return [tree.mul(monomial(data, row), function.node) for function, row in product(offered[:_FUNCTIONS], exponents)]
