import math

import numpy as np
import pytest

from corpus.errors import FitError
from corpus.formula import parse
from recommender.fitting import Prior, fit_groups
from recommender.samples import Samples
from tests.recommender.fitting.tables import decay

X = np.linspace(0.05, 5, 80)
TRUTH = {1: (2.0, 0.1), 2: (3.0, 0.5), 7: (1.0, -0.2)}
DECAY = parse("a*exp(-b*x) + c", ["x"])


def groups(noise=0.02, spoiled=0.0):
    """Three decays of one rate, 1.3; every seventeenth row spoiled."""
    rng = np.random.default_rng(0)
    y = np.concatenate([a * np.exp(-1.3 * X) + c for a, c in TRUTH.values()]) + noise * rng.standard_normal(240)
    y[::17] += spoiled
    return Samples({"x": np.tile(X, 3)}, y, None, np.repeat(list(TRUTH), 80))


def test_a_shared_parameter_is_found_across_groups():
    found = fit_groups(DECAY, groups(), ["b"])
    assert abs(found.shared["b"] - 1.3) < 3 * found.shared_errors["b"]
    assert found.shared_errors["b"] < min(alone.standard_errors["b"] for alone in found.separate.values())
    assert found.own[7]["c"] == pytest.approx(-0.2, abs=0.02)
    assert found.dof == 240 - 7
    assert found.sharing_ratio < 4
    assert np.allclose(found.predict(2, {"x": X}), 3 * np.exp(-1.3 * X) + 0.5, atol=0.05)
    assert "3" in found.status_text("ja")


def test_a_parameter_that_differs_between_groups_shows_in_the_ratio():
    x, groups = np.tile(X, 2), np.repeat([0, 1], 80)
    y = np.concatenate([2 * np.exp(-1.3 * X), 2 * np.exp(-0.6 * X)]) + 0.02 * np.random.default_rng(0).standard_normal(160)
    assert fit_groups(parse("a*exp(-b*x)", ["x"]), Samples({"x": x}, y, None, groups), ["b"]).sharing_ratio > 20


def test_grouped_fits_need_groups():
    formula, samples = decay()
    with pytest.raises(FitError, match="groups"):
        fit_groups(formula, samples, ["b"])


def test_bounds_hold_in_every_group_and_are_said():
    found = fit_groups(DECAY, groups(), ["b"], bounds={"b": (0.0, 1.2), "c": (0.0, math.inf)})
    assert found.shared["b"] == 1.2
    assert found.own[7]["c"] == 0.0
    assert math.isnan(found.shared_errors["b"])
    assert math.isnan(found.own_errors[7]["c"])
    assert all(any(name in text for text in found.warning_texts("ja")) for name in ("b", "c[7]"))


def test_a_prior_of_a_shared_parameter_counts_once():
    free = fit_groups(DECAY, groups(), ["b"])
    b, error = free.shared["b"], free.shared_errors["b"]
    found = fit_groups(DECAY, groups(), ["b"], priors={"b": Prior(b + 2 * error, error)})
    assert found.shared["b"] == pytest.approx(b + error, abs=0.1 * error)
    assert found.shared_errors["b"] == pytest.approx(error / math.sqrt(2), rel=0.1)


@pytest.mark.parametrize("loss", ["huber", "cauchy"])
def test_wild_rows_do_not_matter_to_groups_under_a_robust_loss(loss):
    clean, wild = fit_groups(DECAY, groups(), ["b"]), groups(spoiled=3.0)
    found = fit_groups(DECAY, wild, ["b"], loss=loss)
    assert abs(found.shared["b"] - clean.shared["b"]) < 2 * clean.shared_errors["b"]
    assert found.shared_errors["b"] < 2 * clean.shared_errors["b"]
    assert abs(fit_groups(DECAY, wild, ["b"]).shared["b"] - 1.3) > 0.1


def test_a_known_value_is_part_of_every_curve():
    found = fit_groups(DECAY, groups(), ["b"], known={"c": 0.1})
    assert found.parameters(1)["c"] == 0.1
    assert np.isfinite(found.predict(1, {"x": X})).all()


def test_measured_uncertainties_weigh_the_rows_of_groups():
    samples = groups(spoiled=3.0)
    sigma = np.full(240, 0.02)
    sigma[::17] = 1e3
    found = fit_groups(DECAY, Samples(samples.columns, samples.target, sigma, samples.groups), ["b"])
    assert abs(found.shared["b"] - 1.3) < 3 * found.shared_errors["b"]


def test_a_group_without_usable_rows_is_named():
    samples = groups()
    target = np.where(samples.groups == 7, np.nan, samples.target)
    with pytest.raises(FitError, match="7"):
        fit_groups(DECAY, samples.with_target(target), ["b"])
