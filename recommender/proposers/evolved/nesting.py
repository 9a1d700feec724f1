"""Functions inside functions: laws hardly ever have them, curves that only look right often do."""

from __future__ import annotations

from corpus import tree
from corpus.functions import FUNCTIONS
from corpus.tree import Node

_LOGARITHMS = {"log", "log1p", "log2", "log10"}
_BENDING = FUNCTIONS.keys() - {"abs", "sign", "cbrt"} - _LOGARITHMS


def nests(root: Node) -> bool:
    """Whether a function of the data stands inside another one.

    Logarithms are free to stand inside and outside (log-normal, softplus), and so is an exponential of an exponential, a law of growth
    (Gompertz 1825) and of life (Gumbel 1935).
    """
    calls = [node for node in tree.walk(root) if node.op in _BENDING and node.variables]
    return any(inner in calls and not outer.op == inner.op == "exp" for outer in calls for arg in outer.args for inner in tree.walk(arg))
