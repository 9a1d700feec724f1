"""From the tree a person wrote to the tree the fitter works on.

The rewriting is exact: c**u -> exp(u ln c), log10 and log2 -> a multiple of log, sin(u)**n/u**n -> sinc(u)**n (no 0/0 at u = 0),
numbers and pi folded. Parameters that the data can only ever see as one product (p0*p1, p1/p2) become one parameter, and the
merge is reported: no data determine the split.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from corpus import tree
from corpus.canonical import sinc_product
from corpus.errors import FormulaLimitError
from corpus.tree import Node


@dataclass(frozen=True)
class Merge:
    """`kept` stands for the product of name**exponent over `parts` (which include `kept` itself)."""

    kept: str
    parts: Mapping[str, float]

    @property
    def text(self) -> str:
        """The product as a person writes it, e.g. `p0*p1**2`."""
        return "*".join(
            name if power == 1 else f"{name}**{power:g}" if power > 0 else f"{name}**({power:g})" for name, power in self.parts.items()
        )


@dataclass(frozen=True)
class Compiled:
    """The fitting tree and the merges that lead back to the parameters as written."""

    root: Node
    merges: tuple[Merge, ...]


def compile_tree(root: Node, separate: Collection[str] = ()) -> Compiled:
    """The fitting tree of a formula. separate: parameters that must not be merged (they have a bound or a prior)."""
    try:
        plain = tree.transform(root, _plain)
        merges = tuple(_merges(plain, frozenset(separate)))
        ones = {tree.param(name): tree.const(1) for merge in merges for name in merge.parts if name != merge.kept}
        return Compiled(tree.substitute(plain, ones), merges)
    except FormulaLimitError:  # a number too large to fold: the formula as written is evaluated instead
        return Compiled(root, ())


def _plain(node: Node) -> Node:
    if node.op == "pi":
        return tree.const(math.pi)
    if node.op in ("log10", "log2"):
        return tree.mul(tree.const(1 / math.log(10 if node.op == "log10" else 2)), tree.call("log", *node.args))
    if node.op == "pow" and node.args[0].op == "const" and node.args[0].number > 0 and node.args[1].op != "const":
        return tree.call("exp", tree.mul(tree.const(math.log(node.args[0].number)), node.args[1]))
    if node.op == "lambertw":
        return _omega(node)
    return sinc_product(node) if node.op == "mul" else node


def _omega(node: Node) -> Node:
    """W(c exp(u)) -> Wright's omega(u + log c), which cannot overflow (Corless & Jeffrey 2002); c > 0 is assumed."""
    (argument,) = node.args
    factors = argument.args if argument.op == "mul" else (argument,)
    exponents = [factor.args[0] for factor in factors if factor.op == "exp"]
    rest = tree.mul(*(factor for factor in factors if factor.op != "exp"))
    if not exponents or (rest.is_number and rest.number <= 0):
        return node
    return tree.call("wrightomega", tree.add(*exponents, tree.call("log", rest)))


# --- products of parameters that occur only together -------------------------------------------------------------------

_Places = dict[int, float]


def _merges(root: Node, separate: frozenset[str]) -> list[Merge]:
    groups: dict[tuple[tuple[int, float], ...], list[tuple[str, float]]] = {}
    for name, places in _places(root).items():
        if name not in separate and places:
            first = next(iter(places.values()))
            key = tuple((place, power / first) for place, power in sorted(places.items()))
            groups.setdefault(key, []).append((name, first))
    return [_merge(group) for group in groups.values() if len(group) > 1]


def _merge(group: list[tuple[str, float]]) -> Merge:
    """Keep the parameter of plainest power: p0 of p0*p1**2, since p1**2 alone could not be negative."""
    kept, power = min(group, key=lambda item: (float(item[1]) % 2 != 1, abs(item[1])))
    return Merge(kept, {name: own / power for name, own in group})


def _places(root: Node) -> dict[str, _Places]:
    """Parameter -> {product it is a factor of: its power}; empty for one that also stands anywhere else."""
    places: dict[str, _Places] = {}
    foreign: set[str] = set() if root.op != "param" else {str(root.value)}
    for node in tree.walk(root):
        if _is_parameter_power(node) and node is not root:
            continue  # judged where it is used
        for arg in node.args:
            base, power = tree.split_power(arg)
            if base.op == "param" and node.op == "mul":
                places.setdefault(str(base.value), {})[node.order] = float(power)
            elif base.op == "param":
                foreign.add(str(base.value))
    return {name: {} if name in foreign else found for name, found in places.items()}


def _is_parameter_power(node: Node) -> bool:
    return node.op == "pow" and tree.split_power(node)[0].op == "param"
