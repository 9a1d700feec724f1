"""What each nonlinear parameter does in the formula: the role decides where its starts are drawn.

frequency   multiplies data inside sin, cos, tan, sinc            depth     multiplies a bounded function of other parameters there
rate        multiplies data inside exp, tanh, ...                 exponent  stands in an exponent
offset      is added to data (x - p)                              phase     is added inside sin or cos beside a frequency
scale       anything else
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from corpus import tree
from corpus.tree import Node
from recommender.fitting.scales import ORDER_ONE, OSCILLATING
from recommender.fitting.structure import scaled_parameter

Kind = Literal["frequency", "depth", "rate", "exponent", "offset", "phase", "scale"]
_BOUNDED = frozenset({"sin", "cos", "tanh", "sinc", "erf", "atan"})
_CONTEXTS = OSCILLATING | ORDER_ONE | {"log"}


@dataclass(frozen=True)
class Use:
    """One place where a parameter stands.

    context: the function around it ("" at the top); enclosing: that function's node. multiplier: what it multiplies there, and
    power: to which power it stands (kind "factor"); others and number: the terms beside number*parameter (kind "offset").
    """

    kind: Literal["factor", "offset", "exponent", "plain"]
    context: str = ""
    enclosing: Node | None = None
    multiplier: tuple[Node, ...] = ()
    power: float = 1.0
    others: tuple[Node, ...] = ()
    number: float = 1.0


@dataclass(frozen=True)
class Role:
    """A parameter's role and the use it was read from; squared: the oscillation stands to an even power."""

    kind: Kind
    use: Use
    squared: bool = False


@dataclass
class _Walk:
    names: frozenset[str]
    uses: dict[str, list[Use]] = field(default_factory=dict)
    even: set[int] = field(default_factory=set)

    def visit(self, node: Node, context: str, enclosing: Node | None) -> None:
        if not node.parameters & self.names:
            return
        if node.op == "param":
            self._note(str(node.value), Use("plain", context, enclosing))
        elif node.op == "add":
            self._sum(node, context, enclosing)
        elif node.op == "mul":
            self._product(node, context, enclosing)
        elif node.op == "pow" and node.args[1].op != "const":
            self.visit(node.args[0], context, enclosing)
            for name in sorted(node.args[1].parameters):
                self._note(name, Use("exponent", context, enclosing))
        else:
            self._inside(node, context, enclosing)

    def _note(self, name: str, use: Use) -> None:
        if name in self.names:
            self.uses.setdefault(name, []).append(use)

    def _sum(self, node: Node, context: str, enclosing: Node | None) -> None:
        for term in node.args:
            others = tuple(other for other in node.args if other is not term)
            name, number = scaled_parameter(term)
            if name in self.names and any(other.variables for other in others):
                self._note(name, Use("offset", context, enclosing, others=others, number=number))
            else:
                self.visit(term, context, enclosing)

    def _product(self, node: Node, context: str, enclosing: Node | None) -> None:
        for factor in node.args:
            base, power = tree.split_power(factor)
            self._mark_even(base, float(power))
            if base.op == "param":
                rest = tuple(other for other in node.args if other is not factor)
                self._note(str(base.value), Use("factor", context, enclosing, multiplier=rest, power=float(power)))
            else:
                self.visit(factor, context, enclosing)

    def _inside(self, node: Node, context: str, enclosing: Node | None) -> None:
        base, power = tree.split_power(node)
        if node.op == "pow":
            self._mark_even(base, float(power))
        inner = (node.op, node) if node.op in _CONTEXTS else (context, enclosing)
        for arg in node.args:
            self.visit(arg, *inner)

    def _mark_even(self, base: Node, power: float) -> None:
        if base.op in OSCILLATING and power % 2 == 0:
            self.even.add(base.order)


def roles(root: Node, names: Collection[str]) -> dict[str, Role]:
    """The role of every parameter of `names` that stands in `root`."""
    walk = _Walk(frozenset(names))
    walk.visit(root, "", None)
    return {name: _role(walk, walk.uses[name]) for name in names if name in walk.uses}


def _role(walk: _Walk, uses: list[Use]) -> Role:
    for use in uses:
        if use.kind == "offset":
            return Role("phase" if _is_phase(walk, use, uses) else "offset", use)
        if use.kind == "factor" and use.context in OSCILLATING:
            squared = use.enclosing is not None and use.enclosing.order in walk.even
            return Role("depth" if _is_depth(use) else "frequency", use, squared)
    for use in uses:
        if use.kind == "exponent":
            return Role("exponent", use)
    for use in uses:
        if use.kind == "factor" and use.context:
            return Role("rate", use)
    return Role("scale", uses[0])


def _is_depth(use: Use) -> bool:
    """Modulation depth: everything it multiplies is a bounded function with parameters of its own (sin(theta) of data is data)."""
    data = [part for part in use.multiplier if part.variables]
    return bool(data) and all(part.parameters and part.op in _BOUNDED for part in data)


def _is_phase(walk: _Walk, use: Use, uses: list[Use]) -> bool:
    """An offset of a whole sin or cos argument, or beside a frequency inside one; an offset elsewhere too makes it a position."""
    if use.context not in ("sin", "cos") or any(u.kind == "offset" and u.context not in ("sin", "cos") for u in uses):
        return False
    whole = use.enclosing is not None and use.others[0] in use.enclosing.args[0].args
    companions = frozenset[str]().union(*(other.parameters for other in use.others))
    turning = (u for name in sorted(companions) for u in walk.uses.get(name, []))
    return whole or any(u.kind == "factor" and u.context in OSCILLATING for u in turning)
