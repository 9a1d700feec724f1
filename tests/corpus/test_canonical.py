"""One key for all spellings of a family, another key for every other family; the canonical form draws the same curves."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import least_squares

from corpus import tree
from corpus.canonical import canonicalise, fingerprint, occurrences
from corpus.evaluate import Program
from corpus.formula import Formula, parse
from corpus.tree import Node
from tests.corpus.families import EQUAL, different_pairs, equal_pairs
from tests.corpus.strategies import shuffled, trees

NAMES = ["x", "y"]


def key(text: str) -> str:
    return canonicalise(parse(text, NAMES)).key


@pytest.mark.parametrize(("first", "other"), equal_pairs())
def test_spellings_of_one_family_have_one_key(first: str, other: str) -> None:
    assert key(first) == key(other)


@pytest.mark.parametrize(("one", "other"), different_pairs())
def test_different_families_have_different_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_no_two_families_of_the_list_share_a_key() -> None:
    keys = [key(line.split("|")[0]) for line in EQUAL]
    assert len(set(keys)) == len(keys)


def test_there_are_enough_pairs() -> None:
    assert len(equal_pairs()) >= 60
    assert len(different_pairs()) >= 60


# --- the same curves -----------------------------------------------------------------------------------------------------

POINTS = 24
GRID = np.random.default_rng(7).uniform(0.4, 2.2, (2, POINTS))


class Curve:
    """A formula as a function of its parameters on the grid."""

    def __init__(self, formula: Formula, sign: float = 1.0) -> None:
        self.names = formula.parameters
        self.bound = Program([formula.root]).bind(dict(zip(NAMES, sign * GRID, strict=True)), POINTS)

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        row = self.bound.values({name: np.full((1, 1), value) for name, value in zip(self.names, values, strict=True)})[0]
        return np.array(np.broadcast_to(row, (1, POINTS))[0])

    def slopes(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        grid = {name: np.full((1, 1), value) for name, value in zip(self.names, values, strict=True)}
        rows = self.bound.derivatives(grid, self.names)[0][1]
        columns = [np.broadcast_to(np.asarray(rows.get(name, 0.0), float), (1, POINTS))[0] for name in self.names]
        return np.array(columns).reshape(len(self.names), POINTS).T

    def reaches(self, target: NDArray[np.float64], rng: np.random.Generator) -> bool:
        """Whether some parameters give the target, by least squares from many starts."""
        scale = float(np.max(np.abs(target))) + 1e-12

        def residual(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.nan_to_num((self(values) - target) / scale, nan=1e3, posinf=1e3, neginf=-1e3)

        def jacobian(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.nan_to_num(self.slopes(values) / scale, nan=0.0, posinf=0.0, neginf=0.0)

        if not self.names:
            return bool(np.max(np.abs(residual(np.zeros(0)))) < 1e-9)
        for _ in range(60):
            start = np.exp(rng.uniform(-1.5, 2.5, len(self.names))) * rng.choice([1.0, 1.0, -1.0], len(self.names))
            found = least_squares(residual, start, jac=jacobian, method="lm", max_nfev=100, xtol=1e-15, ftol=1e-15, gtol=1e-15)
            if np.max(np.abs(found.fun)) < 1e-6:
                return True
        return False


@pytest.mark.parametrize("text", sorted({text for pair in equal_pairs() for text in pair}))
def test_original_and_canonical_form_draw_the_same_curves(text: str) -> None:
    """Curves of the original are reached by the canonical form, and the other way round."""
    rng = np.random.default_rng(3)
    original = parse(text, NAMES)
    sign = -1.0 if "(-" in text and text.endswith("1.5") else 1.0
    one, other = Curve(original, sign), Curve(canonicalise(original).formula, sign)
    assert len(other.names) <= len(one.names)
    mine = drawn(one, rng, signs=False)
    assert other.reaches(mine, rng)
    # a free constant may have lost a sign: exp(a) is positive, so some draws of the canonical form are out of reach
    assert any(one.reaches(drawn(other, rng, signs=True), rng) for _ in range(12))


def drawn(curve: Curve, rng: np.random.Generator, signs: bool) -> NDArray[np.float64]:
    """A finite curve at random parameters."""
    for _ in range(200):
        values = rng.uniform(0.6, 1.6, len(curve.names)) * (rng.choice([1.0, -1.0], len(curve.names)) if signs else 1.0)
        row = curve(values)
        if np.isfinite(row).all() and np.max(np.abs(row)) < 1e3:
            return row
    raise AssertionError("no finite curve")


def rank(formula: Formula) -> int | None:
    """Dimension of the family: rank of the Jacobian at random parameters; None if it cannot be told numerically."""
    curve = Curve(formula)
    ranks = set()
    for seed in range(3):
        values = np.random.default_rng(seed).uniform(0.5, 1.5, len(curve.names))
        slopes = curve.slopes(values)
        slopes = slopes[np.isfinite(slopes).all(axis=1)]
        if len(slopes) < 2 * len(curve.names) + 2 or not np.isfinite(curve(values)).any():
            return None
        sizes = np.max(np.abs(slopes), axis=0)
        if not sizes.size or not np.all((sizes > 1e-6) & (sizes < 1e6)):
            return None
        singular = np.linalg.svd(slopes / sizes, compute_uv=False)
        if np.any((singular > 1e-11) & (singular < 1e-5)):
            return None
        ranks.add(int(np.sum(singular > 1e-8)))
    return ranks.pop() if len(ranks) == 1 else None


@settings(max_examples=250)
@given(trees(functions=("exp", "log", "sin", "cos", "sinc", "tanh", "sqrt", "erf", "abs"), most=9))
def test_the_family_keeps_its_dimension(root: Node) -> None:
    """A false merge would add or take away a direction in which the curve can move."""
    original = Formula(root)
    mine, theirs = rank(original), rank(canonicalise(original).formula)
    assume(mine is not None and theirs is not None)
    assert mine == theirs, canonicalise(original).key


# --- what does not matter ------------------------------------------------------------------------------------------------


@settings(max_examples=250)
@given(trees(most=9), st.integers(0, 99))
def test_names_and_order_do_not_matter(root: Node, seed: int) -> None:
    formula = Formula(root)
    fresh = [f"q{i}" for i in range(len(formula.parameters))]
    random.Random(seed).shuffle(fresh)
    other = Formula(shuffled(root, seed)).rename(dict(zip(formula.parameters, fresh, strict=True)))
    assert canonicalise(other).key == canonicalise(formula).key


@settings(max_examples=250)
@given(trees(most=9, constants=False), st.sampled_from([2, 3, 0.25, 1e-3]))
def test_scaling_a_coefficient_that_stands_once_does_not_matter(root: Node, factor: float) -> None:
    alone = [name for name, count in occurrences(root).items() if count == 1]
    scaled = tree.substitute(root, {tree.param(name): tree.mul(tree.const(factor), tree.param(name)) for name in alone})
    assert canonicalise(Formula(scaled)).key == canonicalise(Formula(root)).key


@settings(max_examples=250)
@given(trees(most=10))
def test_the_canonical_form_is_its_own(root: Node) -> None:
    canonical = canonicalise(Formula(root))
    again = canonicalise(canonical.formula)
    assert again.key == canonical.key
    assert parse(canonical.key, NAMES).root is canonical.formula.root
    assert canonical.formula.parameters == tuple(f"p{i}" for i in range(len(canonical.formula.parameters)))


def test_a_number_that_cannot_be_computed_leaves_the_formula_as_it_is() -> None:
    formula = parse("a*x + (-pi)**0.5*x**2", NAMES)
    assert canonicalise(formula).formula.parameters == ("p0",)


def test_internal_names_of_the_caller_are_no_trap() -> None:
    assert canonicalise(parse("_q1*x + _q1", NAMES, ["_q1"])).key == key("a*x + a")


def test_fingerprint_tells_functions_apart_whatever_their_spelling() -> None:
    one, same, other = (fingerprint(parse(text, NAMES)) for text in ("a*(x + y)", "a*x + a*y", "a*x + y"))
    assert one == same != other
    assert fingerprint(parse("sin(a*x)**2 + cos(a*x)**2", NAMES)) == fingerprint(parse("1 + 0*x", NAMES))
