"""One form for all spellings of a formula: parameters renamed, constants absorbed, order fixed.

Two formulas with the same `key` describe the same family of curves, up to the sign of a free constant. The rules are exact
for families (a free coefficient times a number is a free coefficient; exp(a + u) with free a is A*exp(u); cos(u + a) with
free a is sin(u + a')), so equal keys may be trusted; unequal keys prove nothing, and `fingerprint` compares values instead.

Two conventions about signs: exp(a), a**2 and the like, with free a, are free constants; a free factor inside a logarithm, a
root or a power with a broken or symbolic exponent is positive there. A minus sign written inside one is kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from corpus import implicit, tree
from corpus.errors import FormulaLimitError
from corpus.evaluate import Program
from corpus.formula import Formula
from corpus.implicit import UNKNOWN, relation, residual
from corpus.render import to_text
from corpus.rewrite import exp_product, plain, sinc_product
from corpus.tree import Node

__all__ = ["Canonical", "canonicalise", "fingerprint", "occurrences", "sinc_product"]

_PASSES = 12
_FINGERPRINT_POINTS = 12
_COMMUTATIVE = frozenset({"add", "mul", "min", "max"})
_ONTO = frozenset({"log", "sinh", "asinh", "cbrt", "tan", "atanh"})
_MINUS = tree.const(-1)


@dataclass(frozen=True)
class Canonical:
    """The canonical formula (parameters p0, p1, ... in order of appearance) and its text, the key."""

    formula: Formula
    key: str


@lru_cache(maxsize=4096)  # the same form comes from many proposers
def canonicalise(formula: Formula) -> Canonical:
    """The canonical form; never fails, at worst it leaves a formula as it is."""
    try:
        root = _settle(_tidy(tree.transform(_tidy(formula.root), plain)))
    except FormulaLimitError:  # a number that appears on the way cannot be computed with
        root = _tidy(formula.root)
    return Canonical(Formula(root), to_text(root))


def _settle(root: Node) -> Node:
    """Absorb free constants until nothing changes."""
    for _ in range(_PASSES):
        pulled = tree.transform(root, _Absorber(root).pull)
        absorber = _Absorber(pulled)
        changed = _tidy(absorber.one(tree.transform(pulled, absorber.absorb)))
        if changed is root:
            break
        root = changed
    return root


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


# --- free constants -------------------------------------------------------------------------------------------------------


class _Absorber:
    """The rules of one pass over a tree; a parameter is private when it occurs once in the whole formula."""

    def __init__(self, root: Node) -> None:
        self.counts = occurrences(root)
        self.fresh = 0

    def _private(self, node: Node) -> bool:
        return node.op == "param" and self._once(str(node.value))

    def _once(self, name: str) -> bool:
        return name.startswith("_q") or self.counts[name] == 1

    def _new(self) -> Node:
        self.fresh += 1
        return tree.param(f"_q{self.fresh}")

    def _free(self, node: Node) -> bool:
        """Whether a subtree without columns takes every value, or every value of one sign, whatever the shared parameters are."""
        return not node.variables and self._reach(node) in ("line", "half")

    def _reach(self, node: Node) -> str:
        """What a subtree without columns covers: "line", "half" of it from zero, "point", or "other" (say, an interval)."""
        if not any(self._once(name) for name in node.parameters):
            return "point"
        if node.op == "param":
            return "line"
        inner = [self._reach(arg) for arg in node.args]
        if node.op == "add":
            return "line" if "line" in inner else "half" if set(inner) == {"half"} else "other"
        if node.op == "mul":
            return "line" if "line" in inner else "other" if "other" in inner else "half"
        if node.op == "pow":
            return self._power_reach(node, inner)
        if node.op in _ONTO:
            return inner[0] if node.op != "log" or inner[0] == "other" else "line"
        if node.op in ("exp", "abs"):
            return "half" if inner[0] == "line" else "other"
        return "other"

    def _power_reach(self, node: Node, inner: list[str]) -> str:
        if inner[0] not in ("line", "half"):
            return "other"
        exponent = node.args[1]
        odd = exponent.op == "const" and exponent.number % 2 == 1
        return "line" if odd and inner[0] == "line" else "half"

    def pull(self, node: Node) -> Node:
        """Constant factors out of logarithms and of powers that products do not split, a minus sign left inside."""
        if node.op not in ("log", "pow") or node.args[0].op != "mul" or (node.op == "pow" and node.args[1].variables):
            return node
        taken, rest = self._split_scale(node.args[0])
        if not rest.variables or taken is tree.const(1) or (taken.is_number and node.op == "pow" and node.args[1].op != "const"):
            return node
        if node.op == "log":
            return tree.add(tree.call("log", rest), tree.call("log", taken))
        return tree.mul(tree.power(taken, node.args[1]), tree.power(rest, node.args[1]))

    def _split_scale(self, product: Node) -> tuple[Node, Node]:
        """(positive constant, the rest with its sign): all constants if one of them is free, else the number."""
        number = product.args[0].number if product.args[0].op == "const" else 1.0
        fixed = [part for part in product.args if not part.variables and part.op != "const"]
        taken = fixed if any(self._free(part) for part in fixed) else []
        rest = [part for part in product.args if part.op != "const" and part not in taken]
        size = abs(number) if product.args[0].op == "const" else 1
        return tree.mul(tree.const(size), *taken), tree.mul(tree.const(-1 if number < 0 else 1), *rest)

    def absorb(self, node: Node) -> Node:
        """One rule at one node with columns, its arguments done; constants wait, so that they are judged as a whole."""
        if not node.variables:
            return node
        if node.op == "mul":
            merged = exp_product(node)
            return self._product(merged) if merged.op == "mul" else merged
        if node.op == "add":
            return self._sum(node)
        node = tree.rebuild(node, tuple(map(self.one, node.args)))
        if node.op in ("exp", "sin", "cos"):
            return self._shift(node)
        return self._power(node) if node.op == "pow" else node

    def one(self, node: Node) -> Node:
        """A constant as one parameter if it is free; within any other, only what covers the whole line may become one."""
        if node.variables or not node.args:
            return node
        return self._new() if self._free(node) else self._inside(node)

    def _inside(self, node: Node) -> Node:
        if not node.args or not node.parameters:
            return node
        if self._reach(node) == "line":
            return self._new()
        args = tuple(map(self._inside, node.args))
        if node.op == "mul" and args[0].op == "const" and any(self._reach(arg) == "half" for arg in node.args):
            args = (tree.const(-1 if args[0].number < 0 else 1), *args[1:])
        return tree.rebuild(node, args)

    def _product(self, node: Node) -> Node:
        """Collect the free scale of a product: into one of its sums, where it is a slope, and out of all the others."""
        fixed = tree.mul(*(part for part in node.args if not part.variables))
        rest = [part for part in node.args if part.variables]
        sums = [part for part in rest if part.op == "add" and self._nearly_free(part)]
        if not self._free(fixed) and not any(map(self._all_free, sums)):
            return tree.mul(self.one(fixed), *rest)
        owner = min(sums, key=lambda part: _spelling(self._unit_lead(part), {}), default=None)
        others = (self._all_scaled(part) if part is owner else self._normal(part) for part in rest)
        return tree.mul(*others) if owner else tree.mul(self._new(), *others)

    def _normal(self, factor: Node) -> Node:
        """A factor with its own scale set to 1, which is allowed where the product has a free scale."""
        base, exponent = tree.split_power(factor)
        if base.op == "add" and float(exponent).is_integer():
            return tree.power(self._unit_lead(base) if self._nearly_free(base) else self._monic(base), tree.const(exponent))
        if factor.op == "pow" and factor.args[0].op == "mul" and not factor.args[1].variables:
            taken, rest = self._split_scale(factor.args[0])
            return tree.power(rest, factor.args[1]) if taken.is_number else factor
        return factor

    def _unit_lead(self, base: Node) -> Node:
        """A sum divided by the coefficient of its first term (in canonical order)."""
        lead = self._lead(base)
        return tree.add(*(self._unscaled(term) if term is lead else self._scaled(term) for term in base.args))

    def _monic(self, base: Node) -> Node:
        """A sum divided by the number before its first term (in canonical order)."""
        number = _number(self._lead(base))
        return tree.add(*(tree.mul(tree.power(number, _MINUS), term) for term in base.args))

    def _lead(self, base: Node) -> Node:
        return min(base.args, key=lambda term: (not term.variables, _spelling(self._unscaled(term), {})))

    def _nearly_free(self, node: Node) -> bool:
        """All terms but at most one have a coefficient of their own."""
        return sum(self._coefficient(term) is None for term in node.args) <= 1

    def _all_free(self, node: Node) -> bool:
        return all(self._coefficient(term) is not None for term in node.args)

    def _unscaled(self, term: Node) -> Node:
        return tree.mul(*(part for part in _factors(_without(term, self._coefficient(term))) if part.op != "const"))

    def _scaled(self, term: Node) -> Node:
        return term if self._coefficient(term) is not None else tree.mul(self._new(), self._unscaled(term))

    def _all_scaled(self, node: Node) -> Node:
        return tree.add(*(self._scaled(term) for term in node.args))

    def _coefficient(self, term: Node) -> Node | None:
        """The private parameter that scales a term."""
        return next((part for part in _factors(term) if self._private(part)), None)

    def _sum(self, node: Node) -> Node:
        """One free constant, and one coefficient for each group of like terms."""
        constant = tree.add(*(term for term in node.args if not term.variables))
        moving = [term for term in node.args if term.variables]
        if self._free(constant):
            moving = [_without_constant(term) for term in moving]
        groups: dict[int, list[Node]] = {}
        for term in moving:
            groups.setdefault(self._unscaled(term).order, []).append(term)
        return tree.add(*(self._together(terms) for terms in groups.values()), self.one(constant))

    def _together(self, terms: list[Node]) -> Node:
        """Terms that differ in their coefficient alone, as one."""
        free = next((term for term in terms if self._coefficient(term) is not None), None)
        if free is not None or len(terms) == 1:
            return free or terms[0]
        return tree.mul(tree.add(*map(_number, terms)), self._unscaled(terms[0]))

    def _shift(self, node: Node) -> Node:
        """exp(u + a) -> A*exp(u); sin and cos(u + a) -> sin(u + a'); a number leaves an exponential too."""
        inner = node.args[0]
        shift = next((term for term in _terms(inner) if self._private(term)), None)
        if shift is not None:
            rest = tree.add(*(term for term in _terms(inner) if term is not shift))
            return tree.mul(self._new(), tree.call("exp", rest)) if node.op == "exp" else tree.call("sin", tree.add(rest, self._new()))
        last = _terms(inner)[-1]
        if node.op == "exp" and inner.op == "add" and last.op == "const":
            return tree.mul(tree.call("exp", last), tree.call("exp", tree.add(*inner.args[:-1])))
        return node

    def _power(self, node: Node) -> Node:
        """a**u -> exp(A*u); exp(u)**v -> exp(u*v); (a*u + b)**n with odd n and free a, b -> A*(u + b')**n."""
        base, exponent = node.args
        if base.op == "exp":
            return plain(node)
        if self._private(base) and exponent.variables:
            return tree.call("exp", tree.mul(self._new(), exponent))
        if base.op != "add" or exponent.op != "const" or exponent.number % 2 != 1 or not self._all_free(base):
            return node
        return tree.mul(self._new(), tree.power(self._unit_lead(base), exponent))


def _factors(term: Node) -> tuple[Node, ...]:
    return term.args if term.op == "mul" else (term,)


def _terms(node: Node) -> tuple[Node, ...]:
    return node.args if node.op == "add" else (node,)


def _number(term: Node) -> Node:
    """The number before a term."""
    first = _factors(term)[0]
    return first if first.op == "const" else tree.const(1)


def _without_constant(term: Node) -> Node:
    """A*(u + a) -> A*u, for a term beside a free constant."""
    moving = [part for part in _factors(term) if part.variables]
    if len(moving) != 1 or moving[0].op != "add":
        return term
    inner = tree.add(*(part for part in moving[0].args if part.variables))
    return tree.mul(*(part for part in _factors(term) if not part.variables), inner)


def _without(term: Node, coefficient: Node | None) -> Node:
    return tree.mul(*(part for part in _factors(term) if part is not coefficient))


def occurrences(root: Node) -> Counter[str]:
    """How often each parameter is written, shared subtrees counted each time."""
    totals: dict[int, Counter[str]] = {}
    for node in tree.walk(root):
        total = Counter({str(node.value): 1}) if node.op == "param" else Counter[str]()
        for arg in node.args:
            total.update(totals[arg.order])
        totals[node.order] = total
    return totals[root.order]


# --- order and names ------------------------------------------------------------------------------------------------------


def _tidy(root: Node) -> Node:
    """Terms and factors in an order that no renaming changes, then parameters p0, p1, ... in order of appearance."""
    counts = occurrences(root)
    marks = {name: _spelling(root, {name: "q"}) for name, count in counts.items() if count > 1}
    ranks = {text: f"p{i}" for i, text in enumerate(sorted(set(marks.values())))}
    names = {name: ranks[text] for name, text in marks.items()} | {str(UNKNOWN.value): "?"}

    def order(node: Node) -> Node:
        if node.op == "root":
            return _plain_root(node, order)
        if node.op not in _COMMUTATIVE:
            return node
        return tree.rebuild(node, tuple(sorted(node.args, key=lambda arg: (not arg.variables, _spelling(arg, names)))))

    return _rename(tree.transform(root, order))


def _plain_root(node: Node, order: Callable[[Node], Node]) -> Node:
    """A root whose residual is written as everything else is, and begins without a minus sign."""
    own = relation(node)
    inside = tree.transform(tree.transform(residual(node), plain), order)
    number = _number(tree.terms(inside)[0])
    scaled = tree.add(*(tree.mul(tree.power(number, _MINUS), term) for term in tree.terms(inside)))
    return implicit.root(scaled, node.args[0], node.args[1], own.branch, "u")


def _spelling(root: Node, names: Mapping[str, str]) -> str:
    """Prefix text with parameters made anonymous but for `names`; independent of the order of terms and factors."""
    texts: dict[int, str] = {}
    for node in tree.walk(root):
        if node.op == "param":
            texts[node.order] = names.get(str(node.value), "p")
        elif not node.args:
            texts[node.order] = f"{node.op[0]}{node.value}"
        else:
            inner = [texts[arg.order] for arg in node.args]
            inside = to_text(relation(node).residual) + str(relation(node).branch) if node.op == "root" else ""
            texts[node.order] = f"{node.op}{inside}({','.join(sorted(inner) if node.op in _COMMUTATIVE else inner)})"
    return texts[root.order]


def _rename(root: Node) -> Node:
    names = [str(node.value) for node in tree.walk(root) if node.op == "param"]
    return tree.substitute(root, {tree.param(name): tree.param(f"p{i}") for i, name in enumerate(names)})
