"""Description length of a model in nats: what it leaves unexplained, what its form costs to write, what its numbers cost.

Rissanen, Modeling by shortest data description, Automatica 14 (1978). The costs of forms are those of a small grammar: a first power
is cheap, a fraction power or a nested function dear. Coefficients far larger than the signal pay for the cancellation they live by:
sums like 10**6*(cos(e*x) - 1) imitate a square.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from corpus.functions import Array
from corpus.implicit import opened
from corpus.tree import Node

TERM = 1.0
_SYMBOL = 0.5
_SUM = 0.3
_NUMBER = 0.5
_FREE_EXPONENT = 1.5
_BELOW_LINE = 0.7
_INVERSE_SUM = 0.5
_CANCELLATION = 1.5
_EXPONENTS = {1.0: 0.0, 2.0: 0.5, 3.0: 0.8, 4.0: 1.2, 0.5: 1.5, 1 / 3: 2.0}
_OTHER_EXPONENT = 3.0
_FUNCTIONS = {"exp": 1.1, "sin": 1.3, "cos": 1.5, "log": 1.0, "abs": 0.3, "sign": 0.5, "tanh": 2.1, "sinc": 1.5}
_OTHER_FUNCTION = 2.5


@lru_cache(maxsize=100_000)
def form_cost(node: Node) -> float:
    """What an expression costs to write, its free numbers not counted."""
    if node.op == "var":
        return _SYMBOL
    if node.op in ("param", "pi"):
        return 0.0
    if node.op == "const":
        return 0.0 if abs(node.number) == 1 else _NUMBER
    if node.op == "pow":
        return _power_cost(*node.args)
    if node.op == "root":
        return form_cost(opened(node)) + _OTHER_FUNCTION
    inside = sum(form_cost(arg) for arg in node.args)
    if node.op == "mul":
        return inside
    return inside + (_SUM * (len(node.args) - 1) if node.op == "add" else _FUNCTIONS.get(node.op, _OTHER_FUNCTION))


def _power_cost(base: Node, exponent: Node) -> float:
    if exponent.op != "const":
        return form_cost(base) + _FREE_EXPONENT + form_cost(exponent)
    below = (_BELOW_LINE + _INVERSE_SUM * (base.op == "add")) if exponent.number < 0 else 0.0
    return form_cost(base) + below + _EXPONENTS.get(abs(exponent.number), _OTHER_EXPONENT)


def cancellation_cost(sizes: Array) -> float:
    """Terms larger than their sum need more digits than it has. sizes: root mean square of each term, the target's being 1."""
    return _CANCELLATION * float(np.log(np.maximum(1.0, sizes)).sum())


def misfit(share: Array, rows: int, floor: float) -> Array:
    """Nats to write the residual: share of the target's variance left, not below `floor`, to which the table is rounded."""
    return np.asarray(0.5 * rows * np.log(np.maximum(share, floor)))


def numbers_cost(count: Array | int, rows: int) -> Array | float:
    """Half a logarithm of the rows for each fitted number."""
    return 0.5 * count * math.log(rows)
