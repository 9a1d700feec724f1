import math

import numpy as np
import pytest

from corpus.errors import FitError
from recommender.fitting import Prior, curve_error, fit, profile_interval, recognise
from tests.recommender.fitting.tables import decay, table

X = np.linspace(0.05, 5, 80)


def test_a_profile_interval_of_a_linear_parameter_is_the_usual_one():
    formula, samples = table("a + b*x", {"x": X}, {"a": 1.0, "b": 2.0}, 0.05)
    found = fit(formula, samples)
    assert profile_interval(found, samples, "b") == pytest.approx(found.intervals["b"], rel=1e-3)


def test_a_profile_interval_is_open_where_the_data_do_not_limit():
    x = np.linspace(0, 1, 12)
    formula, samples = table("a*(1 - exp(-b*x))", {"x": x}, {"a": 20.0, "b": 0.05}, 0.05)
    found = fit(formula, samples)
    low, high = profile_interval(found, samples, "a")
    assert low < 20 < high
    assert high - found.parameters["a"] > 3 * (found.parameters["a"] - low)


def test_the_band_of_a_straight_line_is_narrowest_in_the_middle():
    formula, samples = table("a + b*x", {"x": X}, {"a": 1.0, "b": 2.0}, 0.05)
    found = fit(formula, samples)
    errors = curve_error(found, {"x": X})
    assert np.argmin(errors) in range(35, 45)
    assert errors.min() == pytest.approx(found.sigma / math.sqrt(80), rel=1e-2)


@pytest.mark.parametrize(
    ("text", "values", "name", "exact"),
    [
        ("a*x**n + c", {"a": 3.7, "n": 1.5, "c": 0.6}, "n", "3/2"),
        ("a*cos(w*x + p)", {"a": 1.83, "w": 2 * math.pi, "p": 0.3}, "w", "2*pi"),
        ("a*exp(-b*x)", {"a": 6.62607015e-34, "b": 0.73}, "a", "planck"),
        ("a*x**n", {"a": 2.71, "n": 1 / 3}, "n", "1/3"),
    ],
)
def test_exact_numbers_are_recognised_and_priced(text, values, name, exact):
    formula, samples = table(text, {"x": X}, values, 0.0005)
    variants = recognise(fit(formula, samples), samples)
    offer = next(v for v in variants if set(v.replaced) == {name})
    assert offer.replaced[name].text == exact
    assert offer.fit.standard_errors[name] == 0
    assert 0 <= offer.price < 0.1
    assert offer.accepted


def test_a_number_that_is_merely_near_is_not_offered():
    formula, samples = table("a*x**n", {"x": X}, {"a": 2.713, "n": 1.47}, 0.2)
    assert all("n" not in v.replaced or abs(v.replaced["n"].value - 1.5) > 0 for v in recognise(fit(formula, samples), samples))
    formula, samples = table("a*x**n", {"x": X}, {"a": 2.713, "n": 1.483}, 0.001)
    assert all("n" not in v.replaced for v in recognise(fit(formula, samples), samples))


@pytest.mark.parametrize("loss", ["linear", "huber"])
def test_a_profile_agrees_with_the_standard_error_where_the_form_is_nearly_straight(loss):
    formula, samples = decay()
    found = fit(formula, samples, loss=loss)
    assert profile_interval(found, samples, "b", loss=loss) == pytest.approx(found.intervals["b"], rel=2e-3)


def test_a_profile_ends_at_a_bound():
    formula, samples = decay()
    bounds = {"c": (0.402, 0.5)}
    low, high = profile_interval(fit(formula, samples, bounds=bounds), samples, "c", bounds=bounds)
    assert low == 0.402
    assert high < 0.42


def test_a_profile_knows_the_prior():
    formula, samples = decay()
    priors = {"b": Prior(1.28, 0.003)}
    found = fit(formula, samples, priors=priors)
    low, high = profile_interval(found, samples, "b", priors=priors)
    assert (low, high) == pytest.approx(found.intervals["b"], rel=1e-3)
    free_low, free_high = profile_interval(fit(formula, samples), samples, "b")
    assert high - low < 0.6 * (free_high - free_low)


def test_a_profile_needs_a_parameter_of_the_formula():
    formula, samples = decay()
    with pytest.raises(FitError, match="zz"):
        profile_interval(fit(formula, samples), samples, "zz")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_report_shows_every_coefficient_and_its_error(language):
    formula, samples = decay()
    found = fit(formula, samples, known={"c": 0.4})
    text = found.report(language)
    for name in formula.parameters:
        assert f"{name} = {found.parameters[name]:.8g}" in text
    assert f"± {found.standard_errors['b']:.3g}" in text
    assert ("known" if language == "en" else "既知") in text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_plot_has_data_curve_and_residuals(language):
    formula, samples = decay()
    figure = fit(formula, samples).plot(samples, language)
    upper, lower = figure.axes
    assert len(upper.lines) >= 2
    assert lower.get_xlabel() == "x"
    figure.canvas.draw()


def test_a_plot_of_several_columns_compares_measured_with_fitted():
    rng = np.random.default_rng(0)
    columns = {"u": rng.uniform(0, 1, 50), "v": rng.uniform(0, 1, 50)}
    formula, samples = table("a*u + b*v", columns, {"a": 1.0, "b": 2.0}, 0.05)
    assert fit(formula, samples).plot(samples).axes[1].get_xlabel() == "fitted value"
