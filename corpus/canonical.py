"""One form for all spellings of a formula: parameters renamed, constants absorbed, order fixed.

Two formulas with the same `key` describe the same family of curves. The rules are exact for families (a free coefficient
times a number is a free coefficient; exp(a + u) with free a is A*exp(u); cos(u + a) with free a is sin(u + a')), so equal keys
may be trusted; unequal keys prove nothing, and `fingerprint` compares values instead.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from corpus import tree
from corpus.evaluate import Program
from corpus.formula import Formula
from corpus.render import to_text
from corpus.tree import Node

_PASSES = 12
_FINGERPRINT_POINTS = 12


@dataclass(frozen=True)
class Canonical:
    """The canonical formula (parameters p0, p1, ... in order of appearance) and its text, the key."""

    formula: Formula
    key: str


def canonicalise(formula: Formula) -> Canonical:
    """The canonical form; never fails, at worst it leaves a formula as it is."""
    root = tree.transform(formula.root, _plain)
    for _ in range(_PASSES):
        changed = _rename(_sorted(_Absorber(root).run()))
        if changed is root:
            break
        root = changed
    return Canonical(Formula(root), to_text(root))


def fingerprint(formula: Formula, seed: int = 0) -> str:
    """Hash of the values, to nine digits, at fixed random points; equal functions agree whatever their spelling.

    Columns are drawn from (0.5, 1.5) by position of their sorted names, parameters by position of appearance, so compare
    formulas whose parameters are already in canonical order.
    """
    rng = np.random.default_rng(seed)
    names = sorted(formula.variables)
    columns = {name: rng.uniform(0.5, 1.5, _FINGERPRINT_POINTS) for name in names}
    values = {name: np.asarray(rng.uniform(0.5, 1.5)) for name in formula.parameters}
    bound = Program([formula.root]).bind(columns, _FINGERPRINT_POINTS)
    row = np.broadcast_to(bound.values({k: v.reshape(1, 1) for k, v in values.items()})[0], (1, _FINGERPRINT_POINTS))[0]
    digits = " ".join(f"{value:.9e}" for value in np.where(np.isfinite(row), row, 0.0) + 0.0)
    return hashlib.sha256(digits.encode()).hexdigest()[:16]


def _plain(node: Node) -> Node:
    """Rewrite functions that are others in disguise, and sin(u)/u as sinc(u)."""
    if node.op == "log10":
        return tree.mul(tree.const(float(1 / np.log(10))), tree.call("log", *node.args))
    if node.op == "log2":
        return tree.mul(tree.const(float(1 / np.log(2))), tree.call("log", *node.args))
    if node.op == "log1p":
        return tree.call("log", tree.add(tree.const(1), *node.args))
    if node.op == "expm1":
        return tree.add(tree.call("exp", *node.args), tree.const(-1))
    if node.op == "pi":
        return tree.const(float(np.pi))
    if node.op == "pow" and node.args[0].is_number and node.args[0].number > 0 and node.args[1].op != "const":
        return tree.call("exp", tree.mul(tree.const(float(np.log(node.args[0].number))), node.args[1]))
    return sinc_product(node) if node.op == "mul" else node


def sinc_product(node: Node) -> Node:
    """sin(u)**n / u**n -> sinc(u)**n inside one product; removes the 0/0 at u = 0."""
    for factor in node.args:
        base, exponent = tree.split_power(factor)
        if base.op == "sin" and exponent > 0 and float(exponent).is_integer():
            rewritten = _sinc_factor(node, base, exponent)
            if rewritten is not None:
                return sinc_product(rewritten) if rewritten.op == "mul" else rewritten
    return node


def _sinc_factor(node: Node, sine: Node, exponent: Fraction | float) -> Node | None:
    """Divide out u**-n where the product has every data-dependent factor of it."""
    argument = sine.args[0]
    parts = argument.args if argument.op == "mul" else (argument,)
    powers = {base.order: power for base, power in map(tree.split_power, node.args)}
    for part in parts:
        base, inner = tree.split_power(part)
        if part.variables and powers.get(base.order, Fraction(0)) > -inner * exponent:
            return None
    if not argument.variables:
        return None
    ratio = tree.power(argument, tree.const(exponent))
    sinc = tree.power(tree.call("sinc", argument), tree.const(exponent))
    rest = tree.mul(*(factor for factor in node.args if tree.split_power(factor)[0] is not sine))
    left = tree.mul(*(tree.power(sine, tree.const(power - exponent)) for base, power in map(tree.split_power, node.args) if base is sine))
    return tree.mul(rest, ratio, sinc, left)


class _Absorber:
    """One bottom-up pass over a tree; a parameter is private when it occurs once in the whole formula."""

    def __init__(self, root: Node) -> None:
        self.root = root
        self.counts = occurrences(root)
        self.fresh = 0

    def run(self) -> Node:
        return tree.transform(self.root, self._absorb)

    def _private(self, node: Node) -> bool:
        return node.op == "param" and self._once(str(node.value))

    def _once(self, name: str) -> bool:
        return name.startswith("_q") or self.counts[name] == 1

    def _new(self) -> Node:
        self.fresh += 1
        return tree.param(f"_q{self.fresh}")

    def _free(self, node: Node) -> bool:
        """A subtree of private parameters and numbers alone, with at least one parameter that can move it."""
        return not node.variables and bool(node.parameters) and all(self._once(name) for name in node.parameters)

    def _absorb(self, node: Node) -> Node:
        if node.op == "param":
            return node
        if self._free(node):
            return self._new()
        if node.op == "mul":
            return self._product(node)
        if node.op == "add":
            return self._sum(node)
        if node.op in ("exp", "sin", "cos", "log") or node.op == "pow":
            return self._outer(node)
        return node

    def _product(self, node: Node) -> Node:
        """Collect the free scale of a product and normalise its sums with it."""
        fixed = [part for part in node.args if not part.variables]
        rest = [part for part in node.args if part.variables]
        owner = next((i for i, part in enumerate(rest) if part.op == "add" and self._nearly_free(part)), None)
        if not any(self._free(part) for part in fixed):
            if owner is None or not self._all_free(rest[owner]):
                return node
        others = [part if i == owner else self._normal(part) for i, part in enumerate(rest)]
        if others == rest and len(fixed) == (owner is None):
            return node
        if owner is None:
            return tree.mul(self._new(), *others)
        return tree.mul(*others[:owner], self._all_scaled(rest[owner]), *others[owner + 1 :])

    def _normal(self, factor: Node) -> Node:
        """A factor with its own scale set to 1, which is allowed where the product has a free scale."""
        base, exponent = tree.split_power(factor)
        if base.op == "add" and self._nearly_free(base) and any(self._coefficient(term) is not None for term in base.args):
            first = min(base.args, key=lambda term: _order_key(_without(term, self._coefficient(term))))
            terms = (self._unscaled(term) if term is first else self._scaled(term) for term in base.args)
            return tree.power(tree.add(*terms), tree.const(exponent))
        if factor.op == "pow" and factor.args[0].op == "mul" and not factor.args[1].variables:
            return tree.power(_without(factor.args[0], self._coefficient(factor.args[0])), factor.args[1])
        return factor

    def _nearly_free(self, node: Node) -> bool:
        """All terms but at most one have a coefficient of their own."""
        return sum(self._coefficient(term) is None for term in node.args) <= 1

    def _all_free(self, node: Node) -> bool:
        return all(self._coefficient(term) is not None for term in node.args)

    def _unscaled(self, term: Node) -> Node:
        bare = _without(term, self._coefficient(term))
        return tree.mul(*(part for part in (bare.args if bare.op == "mul" else (bare,)) if bare.op == "const" or part.op != "const"))

    def _scaled(self, term: Node) -> Node:
        return term if self._coefficient(term) is not None else tree.mul(self._new(), self._unscaled(term))

    def _all_scaled(self, node: Node) -> Node:
        return node if self._all_free(node) else tree.add(*(self._scaled(term) for term in node.args))

    def _coefficient(self, term: Node) -> Node | None:
        """The private parameter that scales a term."""
        return next((part for part in (term.args if term.op == "mul" else (term,)) if self._private(part)), None)

    def _sum(self, node: Node) -> Node:
        """One free constant, and one coefficient for each group of like terms."""
        constants = [term for term in node.args if not term.variables]
        scaled = {_without(term, owner).order: term for term in node.args if (owner := self._coefficient(term)) and term.variables}
        bare = [term for term in node.args if term.variables and self._coefficient(term) is None and term.order not in scaled]
        if any(self._free(term) for term in constants):
            constants = [self._new()] if len(constants) > 1 else constants
        return tree.add(*bare, *scaled.values(), *constants)

    def _outer(self, node: Node) -> Node:
        """Free shifts and scales that pass through exp, sin, cos, log and powers."""
        inner = node.args[0]
        if node.op in ("exp", "sin", "cos") and inner.op == "add":
            shift = next((term for term in inner.args if self._private(term)), None)
            if shift is not None:
                rest = tree.add(*(term for term in inner.args if term is not shift))
                return tree.mul(self._new(), tree.call("exp", rest)) if node.op == "exp" else tree.call("sin", tree.add(rest, self._new()))
        if inner.op == "mul" and (scale := self._coefficient(inner)) is not None:
            rest = _without(inner, scale)
            if node.op == "log":
                return tree.add(tree.call("log", rest), self._new())
            if node.op == "pow" and node.args[1].op == "const":
                return tree.mul(self._new(), tree.power(rest, node.args[1]))
        if node.op == "pow" and self._private(inner) and node.args[1].variables:
            return tree.call("exp", tree.mul(self._new(), node.args[1]))
        return self._power_of_sum(node)

    def _power_of_sum(self, node: Node) -> Node:
        """(a*u + b)**n with odd n and free a, b is A*(u + b)**n."""
        if node.op != "pow" or node.args[1].op != "const" or node.args[0].op != "add" or not self._all_free(node.args[0]):
            return node
        exponent = node.args[1].number
        if not exponent.is_integer() or exponent % 2 == 0:
            return node
        base = node.args[0]
        first = _without(base.args[0], self._coefficient(base.args[0]))
        return node if first is base.args[0] else tree.mul(self._new(), tree.power(tree.add(first, *base.args[1:]), node.args[1]))


def _without(term: Node, coefficient: Node | None) -> Node:
    if coefficient is None:
        return term
    return tree.mul(*(part for part in (term.args if term.op == "mul" else (term,)) if part is not coefficient))


def occurrences(root: Node) -> Counter[str]:
    """How often each parameter is written, shared subtrees counted each time."""
    totals: dict[int, Counter[str]] = {}
    for node in tree.walk(root):
        total = Counter({str(node.value): 1}) if node.op == "param" else Counter[str]()
        for arg in node.args:
            total.update(totals[arg.order])
        totals[node.order] = total
    return totals[root.order]


def _sorted(root: Node) -> Node:
    """Terms and factors in the order of their text with parameters made anonymous."""

    def order(node: Node) -> Node:
        return tree.rebuild(node, tuple(sorted(node.args, key=_order_key))) if node.op in ("add", "mul", "min", "max") else node

    return tree.transform(root, order)


def _order_key(node: Node) -> tuple[bool, str]:
    anonymous = tree.transform(node, lambda leaf: tree.param("p") if leaf.op == "param" else leaf)
    return not node.variables, to_text(anonymous)


def _rename(root: Node) -> Node:
    names = [str(node.value) for node in tree.walk(root) if node.op == "param"]
    return tree.substitute(root, {tree.param(name): tree.param(f"p{i}") for i, name in enumerate(names)})
