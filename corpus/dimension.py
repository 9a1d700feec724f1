"""Physical dimensions, and what they say about a formula.

A dimension is a vector of rational exponents over the SI base units. Walking a formula gives linear equations in the
unknown dimensions of its symbols; they are solved exactly. What the equations cannot satisfy is a conflict, said in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from corpus.functions import FUNCTIONS
from corpus.implicit import relation, residual
from corpus.language import Sentence
from corpus.render import to_text
from corpus.tree import Node, const, mul, param
from corpus.tree import power as power_of

BASE = ("kg", "m", "s", "A", "K", "mol", "cd")
Vector = tuple[Fraction, ...]
_ZERO: Vector = (Fraction(0),) * len(BASE)
_TARGET = "="  # the left-hand side where its dimension is unknown; no symbol is called so


@dataclass(frozen=True, order=True)
class Dimension:
    """Exponents of kg, m, s, A, K, mol, cd."""

    exponents: Vector = _ZERO

    @classmethod
    def of(cls, **exponents: int | Fraction) -> Dimension:
        """Dimension.of(m=1, s=-2) is an acceleration."""
        return cls(tuple(Fraction(exponents.get(unit, 0)) for unit in BASE))

    @property
    def is_dimensionless(self) -> bool:
        return not any(self.exponents)

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(_plus(self.exponents, other.exponents))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other ** Fraction(-1)

    def __pow__(self, exponent: Fraction | int) -> Dimension:
        return Dimension(_scale(self.exponents, Fraction(exponent)))

    def __str__(self) -> str:
        """SI text, e.g. `kg*m/s**2`; `1` when dimensionless."""
        above = [_base(unit, e) for unit, e in zip(BASE, self.exponents, strict=True) if e > 0]
        below = [_base(unit, -e) for unit, e in zip(BASE, self.exponents, strict=True) if e < 0]
        top = "*".join(above) or "1"
        return top + (f"/{below[0]}" if len(below) == 1 else f"/({'*'.join(below)})" if below else "")


def _base(unit: str, exponent: Fraction) -> str:
    return unit if exponent == 1 else f"{unit}**{exponent}" if exponent.denominator == 1 else f"{unit}**({exponent})"


def _plus(a: Vector, b: Vector) -> Vector:
    return tuple(x + y for x, y in zip(a, b, strict=True))


def _scale(a: Vector, factor: Fraction) -> Vector:
    return tuple(x * factor for x in a)


DIMENSIONLESS = Dimension()
ConflictKind = Literal["sum", "argument", "exponent", "free_power", "target"]


@dataclass(frozen=True)
class Conflict:
    """A place where units disagree: what kind, the part of the formula, the dimension left over."""

    kind: ConflictKind
    part: str
    excess: Dimension

    @property
    def sentence(self) -> Sentence:
        """The conflict in words, with what would mend it."""
        return Sentence.of(f"conflict.{self.kind}", part=self.part, excess=str(self.excess))


@dataclass(frozen=True)
class DimensionReport:
    """Dimensions of every symbol as far as they are determined, the conflicts, and why the others stay open."""

    known: Mapping[str, Dimension]
    undetermined: frozenset[str]
    conflicts: tuple[Conflict, ...]
    reasons: Mapping[str, Sentence] = field(default_factory=dict)

    @property
    def consistent(self) -> bool:
        return not self.conflicts


@dataclass(frozen=True)
class _Form:
    """constant + sum of coefficient * unknown dimension."""

    constant: Vector = _ZERO
    unknowns: Mapping[str, Fraction] = field(default_factory=dict)

    def plus(self, other: _Form, factor: Fraction = Fraction(1)) -> _Form:
        unknowns = dict(self.unknowns)
        for name, value in other.unknowns.items():
            unknowns[name] = unknowns.get(name, Fraction(0)) + factor * value
        return _Form(_plus(self.constant, _scale(other.constant, factor)), {k: v for k, v in unknowns.items() if v})


class _Solver:
    """Exact Gaussian elimination, one equation `form = 0` at a time."""

    def __init__(self) -> None:
        self.pivots: dict[str, _Form] = {}
        self.conflicts: list[Conflict] = []

    def reduce(self, form: _Form) -> _Form:
        while True:
            name = next((name for name in form.unknowns if name in self.pivots), None)
            if name is None:
                return form
            factor = form.unknowns[name]
            rest = {k: v for k, v in form.unknowns.items() if k != name}
            form = _Form(form.constant, rest).plus(self.pivots[name], factor)

    def require_zero(self, form: _Form, kind: ConflictKind, part: Node) -> None:
        form = self.reduce(form)
        if not form.unknowns:
            if any(form.constant):
                self.conflicts.append(Conflict(kind, to_text(part), Dimension(form.constant)))
            return
        name, factor = next(iter(form.unknowns.items()))
        rest = _Form(form.constant, {k: v for k, v in form.unknowns.items() if k != name})
        self.pivots[name] = _Form().plus(rest, -1 / factor)

    def product(self, name: str) -> _Form:
        """What is known of a symbol that is not determined: the equation of itself and others that it stands in, itself to the power 1.

        Its unknowns are empty but for itself where it stands in none.
        """
        form = self.reduce(_Form(unknowns={name: Fraction(1)}))
        alone = _Form(unknowns={name: Fraction(1)})
        if form.unknowns != alone.unknowns:
            return alone.plus(_Form(unknowns=form.unknowns), Fraction(-1)).plus(_Form(form.constant))
        for pivot in self.pivots:
            form = self.reduce(_Form(unknowns={pivot: Fraction(1)}))
            factor = form.unknowns.get(name)
            if factor:
                whole = _Form(unknowns={pivot: Fraction(1)}).plus(_Form(unknowns=form.unknowns), Fraction(-1)).plus(_Form(form.constant))
                return _Form().plus(whole, -1 / factor)
        return alone


def infer(root: Node, known: Mapping[str, Dimension], target: Dimension | None) -> DimensionReport:
    """Check a formula and infer the dimensions of the symbols that `known` leaves out.

    target: dimension of the left-hand side, None if unknown. A base with a unit under a symbolic exponent is a
    `free_power` conflict; the walk then goes on with that power's dimension unknown. What stays open comes with its reason.
    """
    walker = _Walker(known)
    form = walker.form(root)
    left = _Form(unknowns={_TARGET: Fraction(1)}) if target is None else _Form(target.exponents)
    walker.solver.require_zero(form.plus(left, Fraction(-1)), "target", root)
    unknown = sorted((root.parameters | root.variables) - known.keys())
    solved = {name: walker.solver.reduce(_Form(unknowns={name: Fraction(1)})) for name in unknown}
    dimensions = {**known, **{name: Dimension(form.constant) for name, form in solved.items() if not form.unknowns}}
    open_ones = frozenset(n for n in unknown if n not in dimensions)
    reasons = {name: walker.reason(name, root) for name in sorted(open_ones)}
    return DimensionReport(dimensions, open_ones, tuple(walker.solver.conflicts), reasons)


class _Walker:
    """Gives each node its form, and the solver its equations."""

    def __init__(self, known: Mapping[str, Dimension]) -> None:
        self.known = known
        self.solver = _Solver()
        self.memo: dict[int, _Form] = {}
        self.powers: dict[str, Node] = {}
        self.unknowns: set[str] = set()

    def form(self, node: Node) -> _Form:
        if node.order not in self.memo:
            self.memo[node.order] = self._form(node)
        return self.memo[node.order]

    def _form(self, node: Node) -> _Form:
        if node.is_number:
            return _Form()
        if node.op in ("var", "param"):
            name = str(node.value)
            return _Form(self.known[name].exponents) if name in self.known else _Form(unknowns={name: Fraction(1)})
        if node.op == "mul":
            return self._product(node.args)
        if node.op in ("add", "min", "max", "atan2"):
            return self._alike(node)
        if node.op == "pow":
            return self._power(node)
        return self._root(node) if node.op == "root" else self._call(node)

    def _root(self, node: Node) -> _Form:
        """The unknown has the dimension that the relation gives it; an end without symbols fits any."""
        own = relation(node).unknown
        while own in self.known or own in self.unknowns or own in node.parameters | node.variables:
            own += "'"  # no symbol is called so
        unknown = param(own)
        self.unknowns.add(own)
        self.form(residual(node, unknown))
        for end in node.args[:2]:
            if end.has_symbols:
                self.solver.require_zero(self.form(end).plus(self.form(unknown), Fraction(-1)), "sum", node)
        return self.form(unknown)

    def _product(self, factors: Iterable[Node]) -> _Form:
        total = _Form()
        for factor in factors:
            total = total.plus(self.form(factor))
        return total

    def _alike(self, node: Node) -> _Form:
        """All arguments share one dimension; atan2 takes it away. A zero fits any dimension."""
        args = [arg for arg in node.args if not (arg.op == "const" and arg.value == 0)] or list(node.args)
        first = self.form(args[0])
        for arg in args[1:]:
            self.solver.require_zero(self.form(arg).plus(first, Fraction(-1)), "sum", node)
        return _Form() if node.op == "atan2" else first

    def _power(self, node: Node) -> _Form:
        base, exponent = node.args
        if exponent.op == "const":
            return _Form().plus(self.form(base), Fraction(exponent.number).limit_denominator(1000))
        self.solver.require_zero(self.form(exponent), "exponent", node)
        before = len(self.solver.conflicts)
        self.solver.require_zero(self.form(base), "free_power", node)
        if len(self.solver.conflicts) == before:
            return _Form()
        name = f"?{len(self.powers)}"  # no symbol is called so
        self.powers[name] = node
        return _Form(unknowns={name: Fraction(1)})

    def reason(self, name: str, root: Node) -> Sentence:
        """Why the dimension of a symbol stays open."""
        whole = self.solver.product(name)
        others = sorted(whole.unknowns.keys() - {name})
        power = next((other for other in others if other in self.powers), None)
        if power is not None:
            return Sentence.of("open.power", name=name, part=to_text(self.powers[power]))
        unstated = [other for other in others if other in root.variables]
        if unstated:
            return Sentence.of("open.column", name=name, column=unstated[0])
        if _TARGET in others:
            return Sentence.of("open.target", name=name)
        if not others:
            return Sentence.of("open.nothing", name=name)
        product = to_text(mul(*(power_of(param(symbol), const(power)) for symbol, power in sorted(whole.unknowns.items()))))
        return Sentence.of("open.product", name=name, product=product, unit=str(Dimension(whole.constant)))

    def _call(self, node: Node) -> _Form:
        units = FUNCTIONS[node.op].units
        inner = self.form(node.args[0])
        if units == "same":
            return inner
        if units == "root3":
            return _Form().plus(inner, Fraction(1, 3))
        if units == "dimensionless":
            self.solver.require_zero(inner, "argument", node)
        return _Form()
