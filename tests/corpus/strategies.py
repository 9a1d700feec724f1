"""Random formulas: as text, the way people write them, and as trees, the way programs build them."""

from __future__ import annotations

import random
from fractions import Fraction

from hypothesis import assume
from hypothesis import strategies as st

from corpus import tree
from corpus.errors import FormulaLimitError
from corpus.functions import FUNCTIONS, PAIRS
from corpus.tree import Node

VARIABLES = ("x", "y")
PARAMETERS = ("a", "b", "c", "d")
SMOOTH = tuple(name for name in FUNCTIONS if name not in ("sign", "abs"))

_numbers = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["0.5", ".25", "1e-8", "2.5e3", "1E+20", "1/3", "0.1", "12345678", "3.141592653589793", "1000000", "1e-7", "pi"]),
    st.floats(-1e6, 1e6, allow_nan=False).map(repr),
)
_leaves = st.one_of(st.sampled_from([*VARIABLES, *PARAMETERS, "k_1", "eta", "π", "α"]), _numbers)


def _grow_text(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from([" + ", "-", "*", " / ", "**", "^"])
    binary = st.tuples(inner, operators, inner).map("".join)
    return st.one_of(
        binary,
        binary.map("({})".format),
        st.tuples(st.sampled_from(["-({})", "+({})", "({})²", "({})⁻¹", "√({})", "( {} )"]), inner).map(lambda t: t[0].format(t[1])),
        st.tuples(st.sampled_from([*FUNCTIONS, "sqrt", "ln", "arctan", "sec", "coth"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(st.sampled_from([*PAIRS]), inner, inner).map(lambda t: f"{t[0]}({t[1]}, {t[2]})"),
    )


def texts() -> st.SearchStrategy[str]:
    """Texts a person might type; most of them are formulas."""
    return st.recursive(_leaves, _grow_text, max_leaves=12)


_constants = st.one_of(
    st.integers(-5, 5).map(Fraction),
    st.fractions(-4, 4, max_denominator=12),
    st.sampled_from([0.1, 0.7071067811865476, -2.5]),
).map(tree.const)
_extremes = st.sampled_from([1e-9, 3.3e12, -4e-200]).map(tree.const)


@st.composite
def trees(
    draw: st.DrawFn, functions: tuple[str, ...] = (*FUNCTIONS, "sqrt"), most: int = 10, constants: bool = True, tame: bool = False
) -> Node:
    """Trees made with the constructors; those that overflow on the way are left out."""
    leaves = st.one_of(st.sampled_from([tree.var(name) for name in VARIABLES] + [tree.param(name) for name in PARAMETERS]))
    if constants:
        leaves = st.one_of(leaves, leaves, _constants, st.just(tree.pi()) if tame else st.one_of(st.just(tree.pi()), _extremes))

    def build(size: int) -> Node:
        if size <= 1:
            return draw(leaves)
        kind = draw(st.sampled_from(["add", "add", "mul", "mul", "div", "pow", "call", "pair"]))
        left = draw(st.integers(1, size - 1))
        if kind == "call":
            return tree.call(draw(st.sampled_from(functions)), build(size - 1))
        if kind == "pow":
            exponent = draw(st.sampled_from([2, 3, -1, -2, Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), None]))
            return tree.power(build(size - 1), draw(leaves) if exponent is None else tree.const(exponent))
        one, other = build(left), build(size - left)
        if kind == "div":
            return tree.mul(one, tree.power(other, tree.const(-1)))
        if kind == "pair":
            return tree.call(draw(st.sampled_from(sorted(PAIRS))), one, other)
        return tree.add(one, other) if kind == "add" else tree.mul(one, other)

    try:
        return build(draw(st.integers(1, most)))
    except FormulaLimitError:
        assume(False)
        raise


def shuffled(root: Node, seed: int) -> Node:
    """The same formula with terms and factors in another order."""
    order = random.Random(seed)

    def change(node: Node) -> Node:
        if node.op not in ("add", "mul", "min", "max"):
            return node
        return tree.rebuild(node, tuple(order.sample(node.args, len(node.args))))

    return tree.transform(root, change)
