import math

import numpy as np
import pytest

from corpus.errors import FitError
from corpus.formula import parse
from recommender.fitting import fit
from recommender.samples import Samples
from tests.recommender.fitting.tables import decay, keys, table

LINE = np.linspace(0, 1, 150)
CURVES = [
    ("a*sinc(k*(x - c))**2 + d", {"a": 2.0, "k": 70.0, "c": 0.37, "d": 0.3}, LINE),
    ("a*sinc(k*x)**2", {"a": 0.4, "k": 95.0}, LINE - 0.5),
    ("a*exp(-b*x)*sin(w*x + p) + c", {"a": 1.5, "b": 0.4, "w": 21.0, "p": 0.8, "c": -0.3}, 10 * LINE),
    ("a*exp(-((x - c)/w)**2) + b*exp(-((x - d)/v)**2)", {"a": 3.0, "c": 31.0, "w": 4.0, "b": 5.0, "d": 66.0, "v": 9.0}, 100 * LINE),
    ("a*exp(-b*x) + c*exp(-d*x) + e", {"a": 5.0, "b": 0.3, "c": 3.0, "d": 4.0, "e": 0.7}, 10 * LINE),
    ("a*exp(-e/(8.314*x))", {"a": 3e11, "e": 7.5e4}, 280 + 120 * LINE),
    ("a*x**n/(k**n + x**n)", {"a": 12.0, "n": 2.3, "k": 3e-7}, 10 ** (-9 + 5 * LINE)),
    ("a/(x - b)**2 + c*x", {"a": 2.0, "b": -0.4, "c": 3.0}, LINE),
    ("(a + b*x)/(1 + c*x + d*x**2)", {"a": 1.0, "b": 3.0, "c": -0.4, "d": 2.0}, 4 * LINE),
    ("a*(exp(-b*x) - exp(-c*x))", {"a": 4e-12, "b": 2e5, "c": 3e6}, 1e-5 * LINE),
    ("root(u, 0, 7, u - e*sin(u) - 2*pi*(x - t)/p)", {"e": 0.6, "p": 40.0, "t": 2.0}, 3 + 33 * LINE),
]


@pytest.mark.parametrize(("text", "values", "x"), CURVES)
def test_coefficients_are_found_without_a_start(text, values, x):
    formula, samples = table(text, {"x": x}, values, noise=0.01)
    found = fit(formula, samples)
    at_truth = np.sum((samples.target - formula.evaluate(samples.columns, values)) ** 2)
    assert found.rss <= at_truth
    assert np.allclose(found.predict({"x": x}), formula.evaluate({"x": x}, values), atol=0.02 * np.std(samples.target))
    assert found.converged


@pytest.mark.parametrize(("text", "values", "x"), CURVES)
def test_a_curve_without_noise_is_met_to_rounding(text, values, x):
    formula, samples = table(text, {"x": x}, values)
    assert fit(formula, samples).rss < 1e-18 * np.sum((samples.target - samples.target.mean()) ** 2)


def test_standard_errors_agree_with_linear_regression():
    rng = np.random.default_rng(1)
    x = np.linspace(0, 1, 30)
    y = 2 + 3 * x + 0.1 * rng.standard_normal(30)
    found = fit(parse("a + b*x", ["x"]), Samples({"x": x}, y))
    design = np.stack([np.ones(30), x], 1)
    beta, rss, *_ = np.linalg.lstsq(design, y)
    covariance = rss[0] / 28 * np.linalg.inv(design.T @ design)
    assert np.allclose(found.covariance, covariance)
    assert found.standard_errors["b"] == pytest.approx(np.sqrt(covariance[1, 1]))
    assert found.intervals["b"] == pytest.approx(
        (beta[1] - 2.0484 * np.sqrt(covariance[1, 1]), beta[1] + 2.0484 * np.sqrt(covariance[1, 1])), rel=1e-4
    )
    assert found.dof == 28
    assert found.reduced_chi2 is None


@pytest.mark.parametrize("known", [False, True])
def test_intervals_cover_the_truth_about_nineteen_times_in_twenty(known):
    hits = 0
    for seed in range(150):
        formula, samples = decay(noise=0.05, seed=seed)
        if known:
            sigma = 0.05 * np.std(formula.evaluate(samples.columns, {"a": 2.0, "b": 1.3, "c": 0.4}))
            samples = Samples(samples.columns, samples.target, np.full(len(samples), sigma))
        low, high = fit(formula, samples).intervals["b"]
        hits += low <= 1.3 <= high
    assert 0.9 <= hits / 150 <= 0.99


def test_measurement_errors_weigh_the_rows():
    formula, samples = decay(noise=0.0)
    target = samples.target.copy()
    target[:10] += 1.0
    sigma = np.where(np.arange(60) < 10, 1e4, 0.01)
    found = fit(formula, Samples(samples.columns, target, sigma))
    assert found.parameters["b"] == pytest.approx(1.3, rel=1e-6)
    assert found.reduced_chi2 is not None
    assert found.reduced_chi2 < 0.01


def test_a_known_parameter_stays_fixed():
    formula, samples = decay()
    found = fit(formula, samples, known={"c": 0.4})
    assert found.parameters["c"] == 0.4
    assert found.standard_errors["c"] == 0
    assert found.standard_errors["b"] < fit(formula, samples).standard_errors["b"]


def test_the_same_request_gives_the_same_answer_bit_for_bit():
    formula, samples = table(
        "a*sin(b*x + c*sin(d*x + e) + f)", {"x": np.linspace(0, 10, 150)}, dict(zip("abcdef", (1, 9, 2, 1.5, 0.3, 1), strict=True)), 0.02
    )
    first, second = (fit(formula, samples, budget=0.1) for _ in range(2))
    assert first == second
    assert first.parameters == second.parameters


def test_a_small_budget_is_said():
    formula, samples = table(
        "a*sin(b*x + c*sin(d*x + e) + f)", {"x": np.linspace(0, 10, 150)}, dict(zip("abcdef", (1, 9, 2, 1.5, 0.3, 1), strict=True)), 0.02
    )
    found = fit(formula, samples, budget=0.001)
    assert not found.converged
    assert "budget" in found.status_text("en")
    assert "上限" in found.status_text("ja")


def test_a_missing_term_is_said():
    x = np.linspace(0, 10, 100)
    found = fit(parse("a*x + b", ["x"]), Samples({"x": x}, x + np.sin(3 * x)))
    assert found.status.key == "fit.linear"
    found = fit(parse("a*x**b", ["x"]), Samples({"x": x}, x + np.sin(3 * x)))
    assert found.status.key == "fit.structured"


@pytest.mark.parametrize(
    ("text", "rows", "status"),
    [
        ("a*log(0 - x**2 - b**2)", 30, "no_finite"),
        ("a*exp(b*x) + c", 2, "too_few_rows"),
        ("2*x", 30, "nothing_to_fit"),
        ("a + b*x", 30, "exact"),
        ("a", 30, "linear"),
    ],
)
def test_odd_requests_give_a_fit_that_says_so(text, rows, status):
    x = np.linspace(0.5, 2, rows)
    found = fit(parse(text, ["x"]), Samples({"x": x}, 3 * x - 1))
    assert found.status.key == f"fit.{status}"
    assert found.status_text("ja") != found.status_text("en")


@pytest.mark.parametrize("target", [np.zeros(20), np.full(20, 3.0), np.linspace(0, 1e-130, 20), np.linspace(0, 1e130, 20)])
def test_extreme_targets_are_fitted(target):
    found = fit(parse("a*exp(b*x) + c", ["x"]), Samples({"x": np.linspace(0, 1, 20)}, target))
    assert np.isfinite(found.rss)


def test_a_constant_column_is_fitted_and_said():
    formula, samples = decay()
    found = fit(formula, Samples({"x": np.ones(60)}, samples.target))
    assert np.isfinite(found.rss)
    assert "only_some_combination" in keys(found)


def test_rows_with_gaps_are_left_out_and_said():
    formula, samples = decay(noise=0)
    target = samples.target.copy()
    target[[3, 10]] = np.nan
    x = samples.columns["x"].copy()
    x[20] = np.inf
    found = fit(formula, Samples({"x": x}, target))
    assert found.n == 57
    assert "3" in found.warning_texts()[0]
    assert found.parameters["b"] == pytest.approx(1.3)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"known": {"z": 1.0}}, "fit_unknown_parameter"),
        ({"known": {"a": np.nan}}, "fit_known_not_finite"),
        ({"bounds": {"a": (1.0, 0.0)}}, "fit_bounds_crossed"),
        ({"loss": "huge"}, "fit_unknown_loss"),
        ({"budget": math.inf}, "fit_budget"),
        ({"budget": -1.0}, "fit_budget"),
        ({"starts": [{"a": 1.0, "b": math.nan, "c": 0.0}]}, "fit_start_incomplete"),
    ],
)
def test_a_request_that_cannot_begin_says_what_to_correct(options, key):
    formula, samples = decay()
    with pytest.raises(FitError) as caught:
        fit(formula, samples, **options)
    assert caught.value.key == key
    assert caught.value.text("ja") != caught.value.text("en")


def test_unusable_rows_are_refused():
    formula, samples = decay()
    with pytest.raises(FitError, match="another unit"):
        fit(formula, Samples(samples.columns, samples.target * 1e200))
    with pytest.raises(FitError, match="finite"):
        fit(formula, Samples(samples.columns, samples.target * np.nan))
    with pytest.raises(FitError, match="column"):
        fit(formula, Samples({"t": samples.target}, samples.target))


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda s: Samples({"x": np.array(["a"] * 60)}, s.target), "fit_not_numbers"),
        (lambda s: Samples(s.columns, s.target + 1j), "fit_not_numbers"),
        (lambda s: Samples({"x": s.columns["x"][:10]}, s.target), "fit_ragged"),
        (lambda s: Samples(s.columns, s.target, np.ones(3)), "fit_ragged"),
        (lambda s: Samples({"x": s.columns["x"][:, None]}, s.target), "fit_ragged"),
        (lambda s: Samples(s.columns, s.target, np.zeros(60)), "fit_no_sigma"),
        (lambda s: Samples(s.columns, s.target, np.full(60, 1e-200)), "fit_out_of_range"),
        (lambda s: s.take(np.arange(0)), "fit_no_rows"),
    ],
)
def test_rows_that_cannot_be_fitted_are_refused_with_the_cure(spoil, key):
    formula, samples = decay()
    with pytest.raises(FitError) as caught:
        fit(formula, spoil(samples))
    assert caught.value.key == key


@pytest.mark.parametrize(
    "text", ["a*exp(exp(exp(b*x)))", "a*x**(b*x**(c*x))", "a*tan(b/x)", "acos(a*x + b)", "a*(x - 1)**b", "a*lambertw(b*x)"]
)
def test_awkward_formulas_give_a_fit_within_the_budget(text):
    _, samples = decay()
    found = fit(parse(text, ["x"]), samples, budget=0.2)
    assert found.work < 0.4
    assert found.status_text("en")


def test_a_form_with_very_many_coefficients_keeps_its_budget():
    _, samples = decay()
    found = fit(parse(" + ".join(f"p{i}*exp(-q{i}*x)" for i in range(12)), ["x"]), samples, budget=0.3)
    assert found.work < 0.8
    assert found.status_text("en")


def test_the_search_goes_on_while_a_pattern_is_left():
    x = np.linspace(0, 10, 120)
    many_basins = fit(parse("a*sin(b*x)*sin(c*x)", ["x"]), Samples({"x": x}, np.abs((x % 3) - 1.5) + np.sin(x**1.5)), budget=0.4)
    assert many_basins.work >= 0.4
    one_basin = fit(parse("a*x**b", ["x"]), Samples({"x": x}, x + np.sin(3 * x)), budget=0.4)
    assert one_basin.work < 0.2


def test_many_rows_are_fitted_on_all_of_them():
    formula, samples = table("a*exp(-b*x) + c", {"x": np.linspace(0, 4, 60_000)}, {"a": 2.0, "b": 1.3, "c": 0.4}, 0.1)
    found = fit(formula, samples)
    assert found.n == 60_000
    assert found.standard_errors["b"] < 0.01
    assert abs(found.parameters["b"] - 1.3) < 4 * found.standard_errors["b"]


@pytest.mark.parametrize("seed", range(4))
def test_a_root_found_on_some_rows_is_inside_its_domain_on_all(seed):
    rng = np.random.default_rng(0)
    x = rng.uniform(0.2, 3, 500)
    y = 2 * (x - 0.19) ** 0.4 + 0.02 * rng.standard_normal(500)
    found = fit(parse("a*(b*x + c)**d", ["x"]), Samples({"x": x}, y), seed=seed, budget=0.1)
    assert found.rss < 0.05 * np.sum((y - y.mean()) ** 2)


def test_many_rows_of_two_columns_need_little_memory():
    import tracemalloc

    rng = np.random.default_rng(0)
    columns = {"u": rng.uniform(1, 2, 150_000), "v": rng.uniform(1, 2, 150_000)}
    formula, samples = table("a*u**b*v**c", columns, {"a": 2.0, "b": 1.5, "c": -0.5}, 0.05)
    tracemalloc.start()
    found = fit(formula, samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.parameters["c"] == pytest.approx(-0.5, abs=0.02)
    assert peak < 200e6
