"""Every derivative agrees with a finite difference: each function of the table, each pair, powers, and random trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from numpy.typing import NDArray

from corpus import tree
from corpus.evaluate import Program
from corpus.formula import Formula, parse
from corpus.functions import FUNCTIONS, PAIRS
from corpus.tree import Node
from tests.corpus.strategies import SMOOTH, trees

POINTS = {"acosh": (1.001, 1.5, 40.0), "asin": (-0.999, -0.3, 0.0, 0.7), "acos": (-0.999, -0.3, 0.0, 0.7), "atanh": (-0.99, 0.0, 0.6)} | {
    "log1p": (-0.9, 1e-9, 3.0),
    "lambertw": (-0.36, -0.1, 0.0, 1e-12, 2.0, 1e6),
    "sinc": (-9.0, -1e-5, 0.0, 1e-9, 3e-5, 9e-5, 1.1e-4, 0.3, 40.0),
    "lgamma": (0.01, 0.5, 1.0, 2.0, 30.0),
    **dict.fromkeys(("log", "log10", "log2"), (1e-9, 0.5, 1.0, 1e9)),
    **dict.fromkeys(("abs", "sign", "cbrt"), (-3.0, -1e-6, 1e-6, 2.0)),
}
SINGULAR = ("log", "log10", "log2", "cbrt", "lgamma")
ANYWHERE = (-3.0, -0.5, 1e-6, 0.4, 2.5)


def slope(function: object, at: float, singular: bool = False) -> float:
    """Central difference, extrapolated once (Richardson)."""
    assert callable(function)
    step = 1e-4 * (abs(at) if singular else max(abs(at), 1e-3))
    near, far = ((function(at + h) - function(at - h)) / (2 * h) for h in (step / 2, step))
    return float((4 * near - far) / 3)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_derivative_of_each_function(name: str) -> None:
    function = FUNCTIONS[name]
    for at in POINTS.get(name, ANYWHERE):
        u = np.array([at])
        exact = float(function.derivative(u, function.value(u))[0])
        measured = slope(lambda v: float(function.value(np.array([v]))[0]), at, name in SINGULAR)
        assert exact == pytest.approx(measured, rel=2e-6, abs=1e-7), at


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_derivatives_of_each_pair(name: str) -> None:
    value, slopes, *_ = PAIRS[name]
    for a, b in ((0.7, 1.9), (-1.2, 0.4), (3.0, -2.0), (-0.5, -0.6)):
        first, second = (float(s) for s in slopes(np.float64(a), np.float64(b)))
        assert first == pytest.approx(slope(lambda v, b=b: value(v, b), a), abs=1e-6)
        assert second == pytest.approx(slope(lambda v, a=a: value(a, v), b), abs=1e-6)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_outside_its_domain_a_function_is_nan_and_never_complex(name: str) -> None:
    with np.errstate(all="ignore"):
        values = np.asarray(FUNCTIONS[name].value(np.array([-1e9, -2.0, -0.5, 0.0, 1e9, np.inf, -np.inf, np.nan])))
    assert values.dtype == float
    assert values.shape == (8,)
    assert np.isnan(values[-1])


def gradient(formula: Formula, values: dict[str, float], columns: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    bound = Program([formula.root]).bind(columns, 5)
    _, rows = bound.derivatives({k: np.full((1, 1), v) for k, v in values.items()}, set(values))[0]
    return {name: np.broadcast_to(np.asarray(rows.get(name, 0.0), float), (1, 5))[0] for name in formula.parameters}


def differences(
    formula: Formula, values: dict[str, float], columns: dict[str, NDArray[np.float64]], name: str, step: float
) -> NDArray[np.float64]:
    up, down = (formula.evaluate(columns, values | {name: values[name] + h}) for h in (step, -step))
    with np.errstate(all="ignore"):
        return np.asarray((up - down) / (2 * step))


POWERS = (
    """
x**a | a**x | a**b | (a*x)**b | (x + a)**2 | (x + a)**-3 | (x*a)**0.5 | (x - a)**1.5 | a**(x*b)*x |
(a*b*x)**(a - b) | 1/(a - x)**4 | a**6 | a**-1 | x**(a + 0*b) | 2**a | (-1)**2*a | pi**a
""".strip()
    .replace(" |\n", " | ")
    .split(" | ")
)


@pytest.mark.parametrize("text", POWERS)
def test_derivatives_of_powers(text: str) -> None:
    formula = parse(text, ["x"])
    columns, values = {"x": np.linspace(2.5, 4.0, 5)}, {"a": 1.7, "b": 0.6}
    exact = gradient(formula, values, columns)
    for name in formula.parameters:
        assert exact[name] == pytest.approx(differences(formula, values, columns, name, 1e-6), rel=1e-5, abs=1e-6)


def test_a_product_that_is_zero_has_a_derivative() -> None:
    exact = gradient(parse("a*b*x", ["x"]), {"a": 0.0, "b": 0.0}, {"x": np.ones(5)})
    assert not any(row.any() for row in exact.values())
    assert gradient(parse("a*b*x", ["x"]), {"a": 0.0, "b": 2.0}, {"x": np.ones(5)})["a"] == pytest.approx(2.0)


@settings(max_examples=300)
@given(trees(functions=(*SMOOTH, "sqrt"), most=8, tame=True))
def test_derivatives_of_random_trees(root: Node) -> None:
    assume(root.parameters)
    formula = Formula(root)
    columns, values = (
        {"x": np.linspace(0.3137, 1.9371, 5), "y": np.linspace(1.7171, 0.4243, 5)},
        {"a": 0.83, "b": 1.27, "c": 0.46, "d": 1.12},
    )
    steps = Program(list(tree.walk(root))).bind(columns, 5).values({name: np.full((1, 1), value) for name, value in values.items()})
    assume(all(np.isfinite(step).all() for step in steps))
    exact = gradient(formula, values, columns)
    for name in formula.parameters:
        coarse, fine = (differences(formula, values, columns, name, h) for h in (2e-5, 1e-5))
        size = np.maximum(np.abs(fine), np.abs(formula.evaluate(columns, values))) + 1.0
        trusted = np.isfinite(fine) & (np.abs(coarse - fine) < 1e-6 * size) & (size < 1e6)
        assert exact[name][trusted] == pytest.approx(fine[trusted], rel=1e-4, abs=1e-4), name


def test_many_points_at_once_give_what_each_gives_alone() -> None:
    formula = parse("a*exp(-x/b) + sqrt(a)*y**b", ["x", "y"])
    columns = {"x": np.linspace(0, 3, 6), "y": np.linspace(1, 2, 6)}
    bound = Program([formula.root]).bind(columns, 6)
    grid = {"a": np.array([[0.5], [2.0], [3.0]]), "b": np.array([[1.0], [0.3], [2.0]])}
    together = bound.values(grid)[0]
    assert together.shape == (3, 6)
    for row, a, b in zip(together, grid["a"][:, 0], grid["b"][:, 0], strict=True):
        assert row == pytest.approx(formula.evaluate(columns, {"a": a, "b": b}))


def test_shared_parts_are_one_node() -> None:
    one, other = (parse(text, ["x"]).root for text in ("sin(a*x)**2", "sin(a*x)*b"))
    program = Program([one, other])
    assert sum(node.op == "sin" for node in program.order) == 1
    assert tree.size(one) == 6


def test_missing_values_are_said() -> None:
    with pytest.raises(Exception, match="No value was given for: y, b"):
        parse("a*x + b*y", ["x", "y"]).evaluate({"x": np.ones(2)}, {"a": 1.0})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(cos(pi) - 3)**1e301", np.inf),
        ("(cos(pi) - 3)**1.5", np.nan),
        ("(cos(pi) - 3)**1001", -np.inf),
        ("(-pi)**1e300", np.inf),
        ("(pi - pi)**-3", np.inf),
        ("log(pi - pi)", -np.inf),
        ("exp(pi**9)", np.inf),
        ("sqrt(-pi)", np.nan),
        ("2", 2.0),
    ],
)
def test_constants_beyond_the_numbers_give_inf_or_nan_in_every_row(text: str, value: float) -> None:
    for formula in (parse(text, ["x"]), parse(f"{text} + x", ["x"])):
        assert formula.evaluate({"x": np.zeros(2)}) == pytest.approx([value, value], nan_ok=True)
