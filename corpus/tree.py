"""Formula trees: interned, immutable nodes and the constructors that keep them in light normal form.

Equal structure is the same object, so equality is identity and a tree is a directed acyclic graph with shared subtrees.
The constructors flatten sums and products, fold numbers (exactly, while numerator and denominator stay below 10**6),
and merge equal bases of a product. They keep the order a person wrote, but for two things: a number stands where the
table says, and the factors below the line of a fraction (whole negative exponents) stand last.

    op        args          value
    "const"   ()            Fraction (small rational) or float
    "pi"      ()            None
    "var"     ()            name
    "param"   ()            name
    "add"     n >= 2        None     a constant term stands last
    "mul"     n >= 2        None     a constant factor stands first
    "pow"     base, exp     None
    function  1 or 2        None     a name of `functions.FUNCTIONS` or `functions.PAIRS`
    "root"    low, high, .. Relation the unknown of a relation solved numerically; see `implicit`
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from corpus.errors import FormulaLimitError, FormulaSyntaxError
from corpus.functions import FUNCTIONS, PAIRS, SPECIAL

Number = Fraction | float
MAX_LOG2 = 1000.0
_RATIONAL_CAP = 10**6
_GROWING = frozenset({"exp", "expm1", "sinh", "cosh"})


class Node:
    """One node; make it with the constructors of this module, never directly."""

    __slots__ = ("__weakref__", "args", "op", "order", "parameters", "value", "variables")

    op: str
    args: tuple[Node, ...]
    value: Number | str | Relation | None
    parameters: frozenset[str]
    variables: frozenset[str]
    order: int

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _intern, (self.op, self.args, self.value)

    def __repr__(self) -> str:
        from corpus.render import to_text

        return f"<Node {to_text(self)}>"

    @property
    def number(self) -> float:
        """The value of a constant as a float; TypeError for every other node."""
        if self.op == "pi":
            return math.pi
        if not isinstance(self.value, Fraction | float):
            raise TypeError(f"not a constant: {self.op}")
        return float(self.value)

    @property
    def is_number(self) -> bool:
        return self.op in ("const", "pi")

    @property
    def has_symbols(self) -> bool:
        return bool(self.parameters or self.variables)


class Relation(NamedTuple):
    """What a root solves (see `implicit`): a residual of the unknown and of slots, which zero is meant, what the unknown is called."""

    residual: Node
    branch: int
    unknown: str


_table: weakref.WeakValueDictionary[tuple[object, ...], Node] = weakref.WeakValueDictionary()
_lock = threading.Lock()
_counter = 0


def _intern(op: str, args: tuple[Node, ...], value: Number | str | Relation | None) -> Node:
    global _counter
    key = (op, tuple(id(arg) for arg in args), type(value) is float, value)
    with _lock:
        node = _table.get(key)
        if node is not None:
            return node
        node = Node()
        node.op, node.args, node.value = op, args, value
        node.parameters = frozenset({str(value)}) if op == "param" else _union(arg.parameters for arg in args)
        node.variables = frozenset({str(value)}) if op == "var" else _union(arg.variables for arg in args)
        _counter += 1
        node.order = _counter
        _table[key] = node
        return node


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)


def const(value: Number | int) -> Node:
    """A number; small rationals stay exact. FormulaLimitError if it is not finite."""
    return _intern("const", (), _exact(value))


def _exact(value: Number | int) -> Number:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FormulaLimitError("number_overflow")
        if value and not 1e-7 < abs(value) < 1e7:
            return value
        fraction = Fraction(repr(value))
        return fraction if _small(fraction) else value
    fraction = Fraction(value)
    return fraction if _small(fraction) else _checked_float(fraction)


def _small(fraction: Fraction) -> bool:
    return abs(fraction.numerator) <= _RATIONAL_CAP and fraction.denominator <= _RATIONAL_CAP


def _checked_float(fraction: Fraction) -> Number:
    if fraction.numerator.bit_length() - fraction.denominator.bit_length() > MAX_LOG2:
        raise FormulaLimitError("number_overflow")
    return _exact(float(fraction))


def pi() -> Node:
    """The constant π, kept by name so that it prints as one."""
    return _intern("pi", (), None)


def var(name: str) -> Node:
    """A column of the table."""
    return _intern("var", (), name)


def param(name: str) -> Node:
    """A coefficient to be found or known."""
    return _intern("param", (), name)


def add(*terms: Node) -> Node:
    """Sum: flattened, numbers folded into one last term."""
    total: Number = Fraction(0)
    rest: list[Node] = []
    for term in terms:
        for part in term.args if term.op == "add" else (term,):
            if part.op == "const":
                total = _plus(total, _value(part))
            else:
                rest.append(part)
    if total != 0 or not rest:
        rest.append(const(total))
    return rest[0] if len(rest) == 1 else _intern("add", tuple(rest), None)


def _value(node: Node) -> Number:
    assert isinstance(node.value, Fraction | float)
    return node.value


def _plus(a: Number, b: Number) -> Number:
    total = a + b
    if isinstance(total, float) and not math.isfinite(total):
        raise FormulaLimitError("number_overflow")
    return total


def _times(a: Number, b: Number) -> Number:
    if a and b and abs(_log2(a) + _log2(b)) > MAX_LOG2:
        raise FormulaLimitError("number_overflow")
    return _exact(a * b)


def _log2(value: Number) -> float:
    return math.log2(abs(float(value)))


def mul(*factors: Node) -> Node:
    """Product: flattened, numbers folded into one first factor, equal bases merged."""
    coefficient: Number = Fraction(1)
    powers: dict[int, tuple[Node, Number]] = {}
    for factor in factors:
        for part in factor.args if factor.op == "mul" else (factor,):
            if part.op == "const":
                coefficient = _times(coefficient, _value(part))
                continue
            base, exponent = split_power(part)
            known = powers.get(base.order)
            powers[base.order] = (base, exponent if known is None else _plus(known[1], exponent))
    if coefficient == 0:
        return const(0)
    parts = [power(base, const(exponent)) for base, exponent in powers.values() if exponent != 0]
    if any(part.op == "mul" for part in parts):  # sqrt(x*y)**2 has become x*y
        return mul(const(coefficient), *parts)
    parts.sort(key=is_below_line)
    if coefficient != 1 or not parts:
        parts.insert(0, const(coefficient))
    return parts[0] if len(parts) == 1 else _intern("mul", tuple(parts), None)


def is_below_line(factor: Node) -> bool:
    """Whether a factor is written in the denominator: it has a whole negative exponent."""
    exponent = split_power(factor)[1]
    return exponent < 0 and float(exponent).is_integer()


def split_power(node: Node) -> tuple[Node, Number]:
    """(base, constant exponent) of a factor; the exponent of anything but a constant power is 1."""
    if node.op == "pow" and node.args[1].op == "const":
        return node.args[0], _value(node.args[1])
    return node, Fraction(1)


def power(base: Node, exponent: Node) -> Node:
    """base**exponent; whole exponents are distributed over products and merged with inner constant powers."""
    if exponent.op != "const":
        return const(1) if base.op == "const" and base.value == 1 else _intern("pow", (base, exponent), None)
    value = _value(exponent)
    if value == 1:
        return base
    if value == 0:
        return const(1)
    if base.op == "const":
        return const(_fold_power(_value(base), value))
    whole = float(value).is_integer()
    if whole and base.op == "pow" and base.args[1].op == "const":
        return power(base.args[0], const(_times(_value(base.args[1]), value)))
    if whole and base.op == "mul":
        return mul(*(power(factor, exponent) for factor in base.args))
    return _intern("pow", (base, exponent), None)


def _fold_power(base: Number, exponent: Number) -> Number:
    """A number to a number, its size checked before it is computed."""
    if base == 0:
        if exponent < 0:
            raise FormulaLimitError("division_by_zero")
        return Fraction(0)
    if abs(float(exponent) * _log2(base)) > MAX_LOG2:
        raise FormulaLimitError("number_overflow")
    if base < 0 and not float(exponent).is_integer():
        raise FormulaLimitError("complex_number")
    if isinstance(base, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1 and abs(exponent) <= 64:
        return _exact(base**exponent)
    return _exact(float(base) ** float(exponent))


def call(name: str, *args: Node) -> Node:
    """A function of `FUNCTIONS` (one argument) or `PAIRS` (two); numbers are folded where NumPy alone can."""
    if name == "sqrt":
        return power(args[0], const(Fraction(1, 2)))
    if name not in SPECIAL and all(arg.op == "const" for arg in args):
        return const(_fold_call(name, args))
    return _intern(name, args, None)


def _fold_call(name: str, args: tuple[Node, ...]) -> float:
    import numpy as np

    numbers = [np.float64(arg.number) for arg in args]
    with np.errstate(all="ignore"):
        value = float(FUNCTIONS[name].value(*numbers) if name in FUNCTIONS else PAIRS[name][0](*numbers))
    if not math.isfinite(value):
        shown = ", ".join(f"{number:.6g}" for number in numbers)
        raise FormulaLimitError("number_overflow" if name in _GROWING else "outside_domain", function=name, number=shown)
    return value


def implicit(args: tuple[Node, ...], relation: Relation) -> Node:
    """A root as `implicit.root` has prepared it; call that."""
    return _intern("root", args, relation)


def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
    """The same operation on other arguments, through the constructors."""
    if args == node.args:
        return node
    if node.op == "add":
        return add(*args)
    if node.op == "mul":
        return mul(*args)
    if node.op == "pow":
        return power(*args)
    if node.op == "root":
        from corpus.implicit import refilled

        return refilled(node, args)
    return call(node.op, *args)


def walk(root: Node) -> Iterator[Node]:
    """Every distinct node, arguments before the nodes that use them."""
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if node.order in seen:
            continue
        if ready:
            seen.add(node.order)
            yield node
        else:
            stack.append((node, True))
            stack.extend((arg, False) for arg in reversed(node.args) if arg.order not in seen)


def transform(root: Node, change: Callable[[Node], Node]) -> Node:
    """Rebuild bottom-up, `change` applied to every node after its arguments."""
    done: dict[int, Node] = {}
    for node in walk(root):
        done[node.order] = change(rebuild(node, tuple(done[arg.order] for arg in node.args)))
    return done[root.order]


def substitute(root: Node, replacements: Mapping[Node, Node]) -> Node:
    """Replace leaves; FormulaSyntaxError if a key is not a symbol."""
    if any(key.op not in ("var", "param") for key in replacements):
        raise FormulaSyntaxError("not_a_symbol")
    return transform(root, lambda node: replacements.get(node, node))


def replace(root: Node, old: Node, new: Node) -> Node:
    """One node put in the place of another wherever that stands."""
    return transform(root, lambda node: new if node is old else node)


def terms(root: Node) -> tuple[Node, ...]:
    """Terms of a sum; anything else is its own."""
    return root.args if root.op == "add" else (root,)


def factors(root: Node) -> tuple[Node, ...]:
    """Factors of a product; anything else is its own."""
    return root.args if root.op == "mul" else (root,)


def depth(root: Node) -> int:
    """Longest chain of nodes from the root to a leaf."""
    depths: dict[int, int] = {}
    for node in walk(root):
        own = depth(node.value.residual) if isinstance(node.value, Relation) else 1
        depths[node.order] = own + max((depths[arg.order] for arg in node.args), default=0)
    return depths[root.order]


def size(root: Node) -> int:
    """Number of nodes as a reader sees them (shared subtrees counted each time)."""
    sizes: dict[int, int] = {}
    for node in walk(root):
        own = size(node.value.residual) if isinstance(node.value, Relation) else 1
        sizes[node.order] = own + sum(sizes[arg.order] for arg in node.args)
    return sizes[root.order]
