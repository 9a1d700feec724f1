import numpy as np
import pytest

from recommender.fitting import fit
from recommender.samples import Samples
from tests.recommender.fitting.tables import decay, keys, table


def spoiled(samples, rows, by):
    target = samples.target.copy()
    target[rows] += by
    return Samples(samples.columns, target)


@pytest.mark.parametrize("loss", ["huber", "soft_l1", "cauchy"])
def test_a_few_wild_rows_do_not_matter(loss):
    formula, samples = decay()
    wild = spoiled(samples, [4, 17, 40], [6.0, -4.0, 9.0])
    clean, found = fit(formula, samples), fit(formula, wild, loss=loss)
    assert abs(found.parameters["b"] - clean.parameters["b"]) < 1.5 * clean.standard_errors["b"]
    assert found.standard_errors["b"] < 2 * clean.standard_errors["b"]
    assert "outliers" in keys(found)
    assert abs(fit(formula, wild).parameters["b"] - 1.3) > 5 * clean.standard_errors["b"]


def test_wild_rows_do_not_lead_a_search_astray():
    values = {"a": 3.0, "k": 9.0, "c": 2.2, "d": 0.1}
    formula, samples = table("a*sinc(k*(x - c))**2 + d", {"x": np.linspace(0, 5, 90)}, values, 0.02)
    found = fit(formula, spoiled(samples, [3, 41, 70], [6.0, 7.0, 9.0]), loss="huber")
    assert found.parameters["k"] == pytest.approx(9.0, rel=0.03)


@pytest.mark.parametrize("loss", ["huber", "soft_l1", "cauchy"])
def test_without_wild_rows_a_robust_fit_is_nearly_least_squares(loss):
    formula, samples = decay()
    plain, robust = fit(formula, samples), fit(formula, samples, loss=loss)
    assert abs(robust.parameters["b"] - plain.parameters["b"]) < plain.standard_errors["b"]
    assert robust.standard_errors["b"] == pytest.approx(plain.standard_errors["b"], rel=0.35)


def test_relative_errors_weigh_small_values_up():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 8, 120)
    formula, samples = table("a*exp(-b*x)", {"x": x}, {"a": 100.0, "b": 1.5})
    noisy = Samples({"x": x}, samples.target * (1 + 0.02 * rng.standard_normal(120)))
    assert fit(formula, noisy, loss="relative").standard_errors["b"] < 0.3 * fit(formula, noisy).standard_errors["b"]
    assert fit(formula, noisy, loss="relative").parameters["b"] == pytest.approx(1.5, abs=0.01)
