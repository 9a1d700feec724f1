"""Text and tree are two sides of one thing, and every other rendering has the same values."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus import tree
from corpus.errors import FormulaError
from corpus.evaluate import Program
from corpus.formula import Formula, parse
from corpus.functions import FUNCTIONS, PAIRS
from corpus.render import to_latex, to_numpy, to_sympy, to_text
from corpus.tree import Node
from tests.corpus.strategies import PARAMETERS, VARIABLES, shuffled, texts, trees

COLUMNS = {"x": np.linspace(0.3, 1.9, 7), "y": np.linspace(2.1, 0.4, 7)}
VALUES = {"a": 0.7, "b": 1.3, "c": 0.45, "d": 1.1, "k_1": 0.9, "eta": 0.6, "alpha": 1.2}


def parsed(text: str) -> Formula | None:
    try:
        return parse(text, VARIABLES)
    except FormulaError:
        return None


@settings(max_examples=600)
@given(texts())
def test_text_to_tree_to_text_to_tree(text: str) -> None:
    formula = parsed(text)
    if formula is not None:
        again = parse(formula.text, VARIABLES)
        assert again.root is formula.root
        assert again.text == formula.text


@settings(max_examples=400)
@given(trees(most=14))
def test_tree_to_text_to_tree(root: Node) -> None:
    assert parse(to_text(root), VARIABLES).root is root


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a/x*b", "a*b/x"),
        ("2*x/3", "2*x/3"),
        ("x^2", "x**2"),
        ("x²³", "x**23"),
        ("10⁻³*x", "0.001*x"),
        ("√(x)*√(x)", "x"),
        ("y*sqrt(a*x)*sqrt(a*x)", "y*a*x"),
        ("-x**2", "-x**2"),
        ("(-x)**2", "x**2"),
        ("a - (x - y)", "a - (x - y)"),
        ("x - -1", "x + 1"),
        ("1/(x*y)", "1/(x*y)"),
        ("１．５＊ｘ", "1.5*x"),
        ("π*x", "pi*x"),
        ("2 × x ÷ y", "2*x/y"),
        ("sec(x)", "1/cos(x)"),
        ("x**-0.5", "x**-0.5"),
        ("1e15*x", "1000000000000000.0*x"),
        ("x/1e-20", "1e+20*x"),
        ("x**(1/3)", "x**(1/3)"),
        ("(x**a)**b", "(x**a)**b"),
        ("x**a**b", "x**(a**b)"),
        ("0.5 + 1e-30", "0.5"),
        ("λ*x", "lambda*x"),
    ],
)
def test_how_a_formula_is_written(text: str, written: str) -> None:
    formula = parse(text, VARIABLES)
    assert formula.text == written
    assert parse(formula.text, VARIABLES).root is formula.root


def test_the_longest_formulas_come_back() -> None:
    """Just below the caps, writing out must not cross them."""
    for text in ("+".join(["a"] * 590), "+".join(["ε"] * 240), "*".join(f"a{i}" for i in range(300)), "1/(1+" * 19 + "x" + ")" * 19):
        formula = parse(text, VARIABLES)
        assert parse(formula.text, VARIABLES).root is formula.root


def scale(root: Node, columns: dict[str, np.ndarray], values: dict[str, float]) -> float:
    """The largest number met on the way: what rounding errors are proportional to."""
    nodes = list(tree.walk(root))
    bound = Program(nodes).bind(columns, 7)
    rows = bound.values({name: np.full((1, 1), value) for name, value in values.items()})
    finite = [np.abs(np.asarray(row, float)[np.isfinite(row)]) for row in rows]
    return max([1.0, *(float(np.max(row)) for row in finite if row.size)])


@settings(max_examples=300)
@given(trees(most=9))
def test_numpy_source_has_the_same_values(root: Node) -> None:
    formula = Formula(root)
    ours = formula.evaluate(COLUMNS, VALUES)
    space: dict[str, object] = {}
    exec(to_numpy(root, VALUES), space)
    function = space["formula"]
    assert callable(function)
    with np.errstate(all="ignore"):
        theirs = np.broadcast_to(np.asarray(function(*(COLUMNS[name] for name in formula.variables))), ours.shape)
    fine = np.isfinite(ours) & (np.abs(ours) < 1e100)
    tolerance = 1e-9 * scale(root, COLUMNS, VALUES)
    assert np.allclose(np.asarray(theirs)[fine], ours[fine], rtol=1e-6, atol=tolerance)


SYMPY = [f"{name}(0.3*x)*a + y" for name in FUNCTIONS if name not in ("acosh", "sinc")] + [
    "acosh(1 + x)",
    "sinc(a*x)",
    *(f"{name}(a*x, y)" for name in PAIRS),
    "a*x**b/(c + x**b)",
    "sqrt(x*y) - pi/3",
    "x**(-1/3) + 1e-9*y",
    "cbrt(-x)",
    "a*(1 - exp(-x/b))**1.5",
    "2**(x/a)*log10(y)",
    "-(x + y)**2/(a*b)",
]


@pytest.mark.parametrize("text", SYMPY)
def test_sympy_has_the_same_values(text: str) -> None:
    formula = parse(text, VARIABLES)
    expression = to_sympy(formula.root)
    given_values = {name: COLUMNS[name][2] for name in VARIABLES} | VALUES
    point = {symbol: given_values[symbol.name] for symbol in expression.free_symbols}
    ours = formula.evaluate({name: COLUMNS[name][2:3] for name in VARIABLES}, VALUES)[0]
    assert complex(expression.subs(point).evalf()) == pytest.approx(ours, rel=1e-9)


@settings(max_examples=200)
@given(trees(most=8))
def test_latex_is_balanced(root: Node) -> None:
    latex = to_latex(root)
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("p0*sinc(k*x/2)**2", r"p_{0} \, \operatorname{sinc}\left(\frac{k \, x}{2}\right)^{2}"),
        ("exp(-x/tau)", r"\exp\left(-\frac{x}{\tau}\right)"),
        ("exp(-2*x)", r"e^{-2 \, x}"),
        ("1e10**x", r"\left(10^{10}\right)^{x}"),
        ("-2.5e-9*x", r"-2.5 \times 10^{-9} \, x"),
        ("1234.5*x", r"1234.5 \, x"),
        ("x/3", r"\frac{x}{3}"),
        ("eta0*Delta_k", r"\eta_{0} \, \Delta_{k}"),
        ("abs(x)", r"\left|x\right|"),
        ("sqrt(x)", r"\sqrt{x}"),
        ("x**-2", r"\frac{1}{x^{2}}"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    assert to_latex(parse(text, VARIABLES).root) == latex


def test_latex_escapes_column_names() -> None:
    formula = parse("2*x", VARIABLES).rename({"x": r"a_b}\input{c}$%&#"})
    assert to_latex(formula.root) == r"2 \, \text{a\_b\}/input\{c\}\$\%\&\#}"


@settings(max_examples=100)
@given(trees(most=8), st.integers(0, 9))
def test_order_of_terms_does_not_change_values(root: Node, seed: int) -> None:
    ours, other = (Formula(r).evaluate(COLUMNS, VALUES) for r in (root, shuffled(root, seed)))
    fine = np.isfinite(ours) & np.isfinite(other) & (np.abs(ours) < 1e100)
    assert np.allclose(ours[fine], other[fine], rtol=1e-6, atol=1e-9 * scale(root, COLUMNS, VALUES))


def test_equal_structure_is_one_object_also_after_a_copy() -> None:
    formula = parse("a*exp(-x/b) + c", VARIABLES)
    assert parse("a * exp( -x / b ) + c", VARIABLES).root is formula.root
    assert copy.deepcopy(formula).root is formula.root
    assert copy.copy(formula) == formula


def test_formulas_travel_to_another_process_as_text() -> None:
    wires = [parse(text, VARIABLES).text for text in ("a*exp(-x/b)+1/3", "sqrt(x)**a", "x*y/(a*b)", "atan2(x, y) - 1e-9", "λ*x²")]
    program = (
        "import json, sys\nfrom corpus.formula import parse\nout = []\n"
        "for wire in json.load(sys.stdin):\n"
        "    f = parse(wire, ['x', 'y'])\n"
        "    out.append([f.text, float(f.evaluate({'x': [1.5], 'y': [0.5]}, dict.fromkeys(f.parameters, 0.7))[0])])\n"
        "json.dump(out, sys.stdout)\n"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", program], input=json.dumps(wires), capture_output=True, text=True, check=True, cwd=root)
    for wire, (text, value) in zip(wires, json.loads(answer.stdout), strict=True):
        formula = parse(wire, VARIABLES)
        here = formula.evaluate({"x": np.array([1.5]), "y": np.array([0.5])}, dict.fromkeys(formula.parameters, 0.7))[0]
        assert (text, value) == (wire, float(here))


def test_parameters_and_columns_are_told_apart_by_the_caller() -> None:
    formula = parse("m*x + b", ["x", "m"])
    assert (formula.variables, formula.parameters) == (("m", "x"), ("b",))
    with pytest.raises(FormulaError, match="neither a column nor a coefficient"):
        parse("m*x + q", ["x"], ["m", "b"])
    assert set(PARAMETERS) >= set(parse("a*x", VARIABLES).parameters)


def test_column_names_in_any_spelling() -> None:
    assert parse("温度*2 + η", ["温度"]).variables == ("温度",)
    assert parse("η*x", ["η", "x"]).variables == ("η", "x")
    assert parse("ｘ + x", ["ｘ", "x"]).variables == ("x",)
    assert parse("T1*x₁", ["T1", "x1"]).variables == ("T1", "x1")


def test_function_names_are_read_as_spreadsheets_and_sympy_write_them() -> None:
    assert parse("EXP(-x) + Abs(x) + Max(x, 1)*SQRT(x)", ["x"]) == parse("exp(-x) + abs(x) + max(x, 1)*sqrt(x)", ["x"])
