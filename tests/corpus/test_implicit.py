"""Relations without a closed form: `root(u, low, high, residual)` is read, written, evaluated and differentiated like any function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import brentq

from corpus import implicit, tree
from corpus.canonical import canonicalise
from corpus.dimension import DIMENSIONLESS, Dimension, infer
from corpus.errors import FormulaError, FormulaLimitError, FormulaSyntaxError
from corpus.evaluate import Program
from corpus.formula import Formula, parse
from corpus.language import LANGUAGES
from corpus.load import seed_entries
from corpus.rearrange import rearranged
from corpus.render import to_latex, to_numpy, to_sympy
from corpus.solve import solve
from corpus.tree import Node
from tests.corpus.strategies import VARIABLES, trees

DIODE = "root(I, 1e-12, 10, V - nV*log(1 + I/Is) - I*Rs)"
DIODE_VALUES = {"nV": 0.04, "Is": 1e-9, "Rs": 2.0}
KEPLER = "root(E, 0, 2*pi, E - e*sin(E) - M)"
GAS = "root(v, 1e-5, 1, R*T/(v - b) - a/v**2 - P{branch})"
GAS_VALUES = {"R": 8.314462618, "T": 250.0, "a": 0.364, "b": 4.27e-5}
COLEBROOK = "root(f, 0.001, 1, 1/sqrt(f) + 2*log10(eps/(3.7*D) + 2.51/(Re*sqrt(f))))"


def entry(name: str):  # type: ignore[no-untyped-def]
    return next(one for one in seed_entries() if one.id == name)


# --- text -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [DIODE, KEPLER, GAS.format(branch=""), GAS.format(branch=", -1"), COLEBROOK, f"2*{KEPLER} + M"])
def test_what_is_written_reads_back(text: str) -> None:
    columns = ("V", "M", "P", "Re", "D")
    formula = parse(text, columns)
    again = parse(formula.text, columns)
    assert again.root is formula.root
    assert again.text == formula.text


@settings(max_examples=200, deadline=None)
@given(trees(most=12))
def test_any_residual_reads_back(residual: Node) -> None:
    try:
        root = implicit.root(tree.substitute(residual, {tree.param("d"): implicit.UNKNOWN}), tree.const(0), tree.param("a"))
    except FormulaLimitError:  # the unknown is not in it
        return
    assert parse(Formula(root).text, VARIABLES).root is root


def test_the_unknown_is_neither_column_nor_coefficient() -> None:
    formula = parse(DIODE, ["V"])
    assert formula.variables == ("V",)
    assert set(formula.parameters) == {"nV", "Is", "Rs"}


def test_an_unknown_called_like_a_column_stays_apart_from_it() -> None:
    formula = parse("root(t, 0, 9, t**2 - x)", ["x"]).as_columns({"x": "t"})
    assert parse(formula.text, ["t"]).root is formula.root
    assert formula.evaluate({"t": np.array([4.0])}) == pytest.approx(2.0)


@pytest.mark.parametrize(
    "text",
    [
        "root(u, 0, 1)",
        "root(2*u, 0, 1, u - x)",
        "root(u, 0, 1, x)",
        "root(u, 0, 1, u - x, 0)",
        "root(u, 0, 1, u - x, k)",
        "root(u, 0, 1, u - root(w, 0, 1, w*u - x))",
    ],
)
def test_what_cannot_be_read_is_said_in_words(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text, ["x"])
    assert all(len(caught.value.text(language)) > 20 for language in LANGUAGES)


def test_a_root_beside_the_unknown_of_another_is_allowed() -> None:
    formula = parse("root(u, 0, 9, u - root(u, 0, 9, u**2 - x))", ["x"])
    assert formula.evaluate({"x": np.array([4.0])}) == pytest.approx(2.0)
    assert parse(formula.text, ["x"]).root is formula.root


# --- values ---------------------------------------------------------------------------------------------------------------


def test_values_are_right_to_the_last_digits() -> None:
    voltage = np.linspace(0.01, 2, 50)
    current = parse(DIODE, ["V"]).evaluate({"V": voltage}, DIODE_VALUES)
    expected = [brentq(lambda i, v=v: v - 0.04 * np.log1p(i / 1e-9) - 2 * i, 0, 10, xtol=1e-300, rtol=1e-15) for v in voltage]
    np.testing.assert_allclose(current, expected, rtol=1e-13)


def test_rows_and_coefficients_are_solved_together_as_one_by_one() -> None:
    formula = parse(KEPLER, ["M"])
    anomalies, eccentricities = np.linspace(0.0, 6.0, 3000), np.array([0.0, 0.3, 0.9])
    bound = Program([formula.root]).bind({"M": anomalies}, 3000)
    together = bound.values({"e": eccentricities[:, None]})[0]
    for row, e in zip(together, eccentricities, strict=True):
        np.testing.assert_allclose(row, formula.evaluate({"M": anomalies}, {"e": float(e)}), rtol=1e-14, atol=1e-300)
        np.testing.assert_allclose(row - e * np.sin(row), anomalies, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize(
    ("text", "values"), [(DIODE, DIODE_VALUES), (GAS.format(branch=""), GAS_VALUES), (GAS.format(branch=", -1"), GAS_VALUES)]
)
def test_derivatives_agree_with_differences(text: str, values: dict[str, float]) -> None:
    formula = parse(f"2*{text}", ["V", "P"])
    given = {"V": np.linspace(0.3, 1.5, 9), "P": np.linspace(5e5, 1e6, 9)}
    bound = Program([formula.root]).bind({name: given[name] for name in formula.variables}, 9)
    point = {name: np.full((1, 1), value) for name, value in values.items()}
    _, tangents = bound.derivatives(point, list(values))[0]
    for name, value in values.items():
        step = 1e-5 * value
        above, below = (bound.values({**point, name: point[name] + sign * step})[0] for sign in (1, -1))
        np.testing.assert_allclose(tangents[name], (above - below) / (2 * step), rtol=1e-6)


def test_no_solution_in_the_range_is_no_value() -> None:
    values = parse("root(u, 0, 3, u**2 - x)", ["x"]).evaluate({"x": np.array([4.0, 16.0, -1.0, np.nan])})
    np.testing.assert_array_equal(values, [2.0, np.nan, np.nan, np.nan])


def test_a_pole_is_no_solution() -> None:
    values = parse("root(u, -2, 5, 1/(u - x))", ["x"]).evaluate({"x": np.linspace(-1.7, 4.3, 40)})
    assert np.isnan(values).all()


def test_solutions_at_the_ends_count() -> None:
    formula = parse("root(u, 1, 4, u**2 - x)", ["x"])
    np.testing.assert_allclose(formula.evaluate({"x": np.array([1.0, 16.0])}), [1.0, 4.0], rtol=1e-15)


def test_a_solution_next_to_where_the_relation_ends_is_found() -> None:
    """log(1 + I/Is) has no value below -Is, which is far smaller than a step of any grid."""
    values = parse("root(I, -0.5, 1, V - nV*log(1 + I/Is) - I*Rs)", ["V"]).evaluate({"V": np.array([-0.1, 0.05, 0.5])}, DIODE_VALUES)
    np.testing.assert_allclose(0.04 * np.log1p(values / 1e-9) + 2 * values, [-0.1, 0.05, 0.5], rtol=1e-6)


def test_branches_are_kept_apart() -> None:
    """Liquid, unstable and gas volume of one gas at one pressure."""
    pressure = {"P": np.array([1.5e6])}
    liquid, middle, gas, last, fourth = (
        float(parse(GAS.format(branch=f", {branch}"), ["P"]).evaluate(pressure, {**GAS_VALUES, "T": 250.0})[0])
        for branch in (1, 2, 3, -1, 4)
    )
    assert GAS_VALUES["b"] < liquid < middle < gas == last
    assert np.isnan(fourth)


def test_ends_may_be_expressions() -> None:
    values = parse("root(u, b, x, u**2 - x)", ["x"]).evaluate({"x": np.array([4.0, 9.0])}, {"b": 2.5})
    np.testing.assert_array_equal(values, [np.nan, 3.0])


# --- other readers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [DIODE, f"1 + {KEPLER}", GAS.format(branch=", -1"), COLEBROOK, "root(I, -0.5, 1, V - nV*log(1 + I/Is) - I*Rs)"]
)
def test_the_numpy_source_has_the_same_values(text: str) -> None:
    given = {"V": np.linspace(0.1, 1.5, 7), "M": np.linspace(0.5, 6, 7), "P": np.linspace(5e5, 1e6, 7), "Re": np.geomspace(1e4, 1e7, 7)}
    formula = parse(text, list(given))
    values = {"e": 0.4, "eps": 1e-4, "D": 0.1, **DIODE_VALUES, **GAS_VALUES}
    scope: dict[str, object] = {}
    exec(to_numpy(formula.root, values), scope)  # our own source
    columns = {name: given[name] for name in formula.variables}
    got = scope["formula"](**columns)  # type: ignore[operator]
    np.testing.assert_allclose(got, formula.evaluate(columns, {n: values[n] for n in formula.parameters}), rtol=1e-12)


def test_latex_shows_the_relation() -> None:
    assert r"V = \mathrm{nV} \, \ln\left(\frac{I}{\mathrm{Is}} + 1\right) + I \, \mathrm{Rs}" in to_latex(parse(DIODE, ["V"]).root)


def test_sympy_declines_in_words() -> None:
    with pytest.raises(FormulaSyntaxError, match="NumPy"):
        to_sympy(parse(DIODE, ["V"]).root)


def test_the_unknown_has_the_dimension_of_the_target() -> None:
    volt, ampere = Dimension.of(kg=1, m=2, s=-3, A=-1), Dimension.of(A=1)
    report = infer(parse(DIODE, ["V"]).root, {"V": volt}, ampere)
    assert report.consistent
    assert report.known["Is"] == ampere
    assert report.known["Rs"] == volt / ampere
    assert not infer(parse(DIODE, ["V"]).root, {"V": volt, "Is": volt}, ampere).consistent
    assert not infer(parse(KEPLER, ["M"]).root, {"M": DIMENSIONLESS}, ampere).consistent


def test_spellings_of_one_relation_are_one_form() -> None:
    one, two = parse("root(I, 0, 1, V - n*Vt*log(1 + I/Is) - I*Rs)", ["V"]), parse("root(w, 0, 1, c*w + k*log(s*w + 1) - V)", ["V"])
    assert canonicalise(one).key == canonicalise(two).key
    lowest, highest = (canonicalise(parse(GAS.format(branch=branch), ["P"])).key for branch in ("", ", -1"))
    assert lowest != highest


# --- laws of the corpus ---------------------------------------------------------------------------------------------------


def test_a_closed_form_is_preferred() -> None:
    found = list(rearranged(entry("semiconductors.shockley_diode"), "V", (0.1, 0.7)))
    assert found
    assert not any("root(" in one.formula for one in found)


def test_without_a_closed_form_the_law_is_solved_about_what_was_seen() -> None:
    (found,) = rearranged(entry("semiconductors.diode_voltage"), "I", (2e-6, 0.03))
    assert found.formula.startswith("root(I, 2e-07, 0.3, ")
    values = {"n": 2.0, "T": 300.0, "Is": 1e-12, "Rs": 5.0, **found.constant_values}
    assert found.formula_tree.evaluate({"V": np.array([1.32637])}, values)[0] == pytest.approx(0.02, rel=1e-4)
    assert list(rearranged(entry("semiconductors.diode_voltage"), "I")) == []


def test_a_law_with_two_solutions_gives_both() -> None:
    low, high = (one.formula for one in rearranged(entry("thermodynamics.van_der_waals"), "Vm", (5e-5, 1e-2)))
    assert (low + high).count("root(") == 2
    assert high.endswith(", -1)")


def test_a_law_that_is_solved_numerically_is_solved_for_its_other_symbols() -> None:
    known = entry("fluids.colebrook_white")
    values = {"f": np.array([known.check[0].output]), "eps": np.array([5e-5]), "D": np.array([0.1])}
    (root,) = solve(known.formula_tree.root, tree.var("f"), tree.var("Re"))
    assert Formula(root).evaluate(values)[0] == pytest.approx(1e5, rel=1e-3)
