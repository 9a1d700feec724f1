import math

import numpy as np
import pytest

from corpus.formula import parse
from recommender.fitting import fit
from recommender.samples import Samples
from tests.recommender.fitting.tables import keys, table

X = np.linspace(0.1, 5, 80)


@pytest.mark.parametrize(
    ("text", "undetermined", "said"),
    [
        ("p*q*x/(r + x)", {"p", "q"}, "p*q"),
        ("(p + q)*x + r*x**2", {"p", "q"}, "p + q"),
        ("p*exp(q - r*x)", {"p", "q"}, "p*exp(q)"),
        ("p*exp(q)*x/(r + x)", {"p", "q"}, "p*exp(q)"),
    ],
)
def test_only_a_combination_is_determined_and_named(text, undetermined, said):
    rng = np.random.default_rng(0)
    found = fit(parse(text, ["x"]), Samples({"x": X}, 3 * X / (1 + X) + 0.01 * rng.standard_normal(80)))
    assert {name for name, error in found.standard_errors.items() if math.isnan(error)} == undetermined
    assert any(said in warning for warning in found.warning_texts())


def test_an_open_direction_is_reported_with_plain_numbers():
    _, samples = table("3*exp(-x) + a*0", {"x": X}, {"a": 0.0}, 0.01)
    found = fit(parse("p*exp(q*x + r) + s", ["x"]), samples)
    assert all(value == 0 or 1e-6 < abs(value) < 1e4 for value in found.parameters.values())
    assert found.standard_errors["q"] < 0.1


def test_collinear_inputs_are_said():
    rng = np.random.default_rng(0)
    a = rng.uniform(0, 1, 60)
    b = a + 1e-5 * rng.standard_normal(60)
    found = fit(parse("p*a + q*b", ["a", "b"]), Samples({"a": a, "b": b}, a + b + 0.01 * rng.standard_normal(60)))
    assert "collinear" in keys(found)


def test_a_wave_on_an_even_grid_is_the_slow_one_and_its_aliases_are_said():
    formula, samples = table("a*sin(w*x + p)", {"x": np.linspace(0, 10, 101)}, {"a": 2.0, "w": 7.0, "p": 0.4}, 0.02)
    found = fit(formula, samples)
    assert abs(found.parameters["w"]) == pytest.approx(7.0, rel=0.01)
    assert keys(found) == ["alias_possible"]
    assert any(abs(optimum.parameters["w"]) > math.pi / 0.1 and optimum.curve_difference > 0.1 for optimum in found.optima)


def test_on_an_uneven_grid_nothing_is_said_about_aliases():
    x = np.sort(np.random.default_rng(0).uniform(0, 10, 101))
    formula, samples = table("a*sin(w*x + p)", {"x": x}, {"a": 2.0, "w": 7.0, "p": 0.4}, 0.02)
    assert keys(fit(formula, samples)) == []


def test_a_wave_too_fast_for_the_rows_is_never_silent():
    formula, samples = table("a*sin(w*x + p)", {"x": np.linspace(0, 10, 101)}, {"a": 2.0, "w": 55.0, "p": 0.4}, 0.02)
    found = fit(formula, samples)
    assert abs(found.parameters["w"]) < math.pi / 0.1
    assert keys(found) == ["alias_possible"]


@pytest.mark.parametrize("share", [0.4, 1.3, 2.4])
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a*exp(-z*w*x)*cos(w*sqrt(1 - z**2)*x + p)", lambda w: {"a": 2.0, "z": 0.04, "w": w, "p": 0.4}),
        ("a*exp(-g*x)*cos(sqrt(w**2 - g**2)*x + p)", lambda w: {"a": 1.0, "g": 0.4, "w": w, "p": 1.0}),
        ("a*sin(2*pi*c*x/(l*n) + p)", lambda w: {"a": 1.0, "c": w, "l": 2 * math.pi, "n": 1.0, "p": 0.2}),
        ("a*sin(exp(q)*x + p)", lambda w: {"a": 1.0, "q": math.log(w), "p": 1.0}),
        ("a*(1 + m*cos(b*x + r))*sin(w*x + p)", lambda w: {"a": 1.0, "m": 0.5, "b": 1.3, "r": 0.3, "w": w, "p": 1.0}),
        ("a*sin(w*x + b*x**2 + p)", lambda w: {"a": 1.0, "w": w, "b": 0.2, "p": 0.3}),
    ],
)
def test_aliases_of_a_frequency_made_of_several_coefficients_are_said(text, values, share):
    x = np.linspace(0, 10, 80)
    formula, samples = table(text, {"x": x}, values(share * math.pi / x[1]), 0.01)
    found = fit(formula, samples)
    assert {"alias_possible", "aliased"} & set(keys(found))
    assert any(optimum.rss <= found.rss * (1 + 1e-5) and optimum.curve_difference > 0.5 for optimum in found.optima)


def test_equally_good_curves_are_listed():
    x = np.array([0.0, 1.0, 2.0, 3.0])
    found = fit(parse("a*sin(w*x)**2", ["x"]), Samples({"x": x}, np.array([0.0, 0.7, 0.1, 0.5])))
    assert found.optima or keys(found)


def test_equal_terms_come_in_order():
    x = np.linspace(0, 100, 150)
    values = {"a": 3.0, "c": 66.0, "w": 4.0, "b": 5.0, "d": 31.0, "v": 9.0}
    formula, samples = table("a*exp(-((x - c)/w)**2) + b*exp(-((x - d)/v)**2)", {"x": x}, values, 0.01)
    found = fit(formula, samples).parameters
    assert found["c"] == pytest.approx(31, abs=0.5)
    assert found["a"] == pytest.approx(5, rel=0.05)
    formula, samples = table("a*exp(-b*x) + c*exp(-d*x)", {"x": x / 10}, {"a": 3.0, "b": 4.0, "c": 5.0, "d": 0.3}, 0.001)
    found = fit(formula, samples).parameters
    assert found["b"] == pytest.approx(0.3, rel=0.05)


def test_a_peak_that_was_not_measured_is_said():
    formula, samples = table("a*exp(-((x - c)/w)**2)", {"x": np.linspace(0, 2, 60)}, {"a": 3.0, "c": 4.0, "w": 2.0}, 0.001)
    assert "beyond_data" in keys(fit(formula, samples))
