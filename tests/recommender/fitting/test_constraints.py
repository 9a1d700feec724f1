import math

import numpy as np
import pytest

from recommender.fitting import Prior, fit
from tests.recommender.fitting.tables import decay, keys, table


@pytest.mark.parametrize(("name", "limits", "end"), [("c", (0.45, math.inf), 0.45), ("b", (0.1, 1.0), 1.0), ("a", (-1.0, 1.5), 1.5)])
def test_a_bound_that_binds_is_kept_and_said(name, limits, end):
    formula, samples = decay()
    found = fit(formula, samples, bounds={name: limits})
    assert found.parameters[name] == end
    assert math.isnan(found.standard_errors[name])
    assert keys(found) == ["at_bound"]
    others = fit(formula, samples, known={name: end})
    assert found.rss == pytest.approx(others.rss, rel=1e-6)


def test_a_bound_that_does_not_bind_changes_nothing():
    formula, samples = decay()
    found = fit(formula, samples, bounds={"a": (0, 10), "b": (0, 10), "c": (-5, 5)})
    assert found.rss == pytest.approx(fit(formula, samples).rss, rel=1e-9)
    assert keys(found) == []


def test_a_bound_chooses_among_equal_signs():
    formula, samples = table("a*exp(-((x - c)/w)**2)", {"x": np.linspace(0, 10, 80)}, {"a": 2.0, "c": 4.0, "w": 1.5}, 0.01)
    assert fit(formula, samples, bounds={"w": (0, math.inf)}).parameters["w"] > 0
    assert fit(formula, samples, bounds={"w": (-math.inf, 0)}).parameters["w"] < 0


def test_a_bounded_phase_and_amplitude_are_found():
    formula, samples = table("a*sin(w*x + p)", {"x": np.linspace(0, 10, 90)}, {"a": 2.0, "w": 3.0, "p": 2.5}, 0.01)
    found = fit(formula, samples, bounds={"a": (-5.0, -0.1), "p": (-math.pi, math.pi)})
    assert found.parameters["a"] == pytest.approx(-2, rel=0.01)
    assert found.parameters["p"] == pytest.approx(2.5 - math.pi, rel=0.05)


def test_a_tight_prior_wins_over_the_data_and_a_wide_one_does_not():
    formula, samples = decay()
    free = fit(formula, samples)
    assert fit(formula, samples, priors={"b": Prior(1.0, 1e-6)}).parameters["b"] == pytest.approx(1.0, abs=1e-4)
    assert fit(formula, samples, priors={"b": Prior(1.0, 1e3)}).parameters["b"] == pytest.approx(free.parameters["b"], rel=1e-4)


def test_a_prior_combines_with_the_data_by_their_variances():
    formula, samples = decay()
    free = fit(formula, samples)
    b, error = free.parameters["b"], free.standard_errors["b"]
    found = fit(formula, samples, priors={"b": Prior(b + 2 * error, error)})
    assert found.parameters["b"] == pytest.approx(b + error, abs=0.1 * error)
    assert found.standard_errors["b"] == pytest.approx(error / math.sqrt(2), rel=0.1)


def test_a_lognormal_prior_settles_what_the_data_cannot():
    formula, samples = table("a*b*x", {"x": np.linspace(0, 1, 30)}, {"a": 3.0, "b": 2.0}, 0.01)
    found = fit(formula, samples, priors={"b": Prior(math.log(2.0), 0.1, "lognormal")})
    assert found.parameters["b"] == pytest.approx(2.0, rel=1e-3)
    assert found.parameters["a"] == pytest.approx(3.0, rel=0.02)
    assert found.standard_errors["b"] == pytest.approx(0.2, rel=0.05)
