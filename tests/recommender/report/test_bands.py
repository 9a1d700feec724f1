"""Bands are those of the textbooks, and reach beyond the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from corpus.language import Sentence
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report.bands import curve_band
from recommender.report.sections import weighted
from recommender.report.series import beyond
from recommender.table import Table


@pytest.fixture(scope="module")
def line() -> tuple[Problem, RankedFormula]:
    """A straight line in customer's units with errors; the form a*x + b."""
    x = np.linspace(2, 10, 25)
    y = 3 * x + 1 + np.random.default_rng(3).normal(0, 0.5, 25)
    problem = Problem.of(Table.from_frame(pd.DataFrame({"x [mm]": x, "y [°C]": y})), typed=("a*x + b",))
    result = recommend(problem, limit=5, seconds=0)
    return problem, next(f for f in result.formulas if f.text == "y = a*x + b")


def test_band_of_a_line_is_that_of_linear_regression(line: tuple[Problem, RankedFormula]) -> None:
    problem, formula = line
    x, y = problem.inputs[0].shown, problem.target.shown
    slope, start = np.polyfit(x, y, 1)
    grid = np.linspace(-4, 20, 9)
    s = np.sqrt(np.sum((y - slope * x - start) ** 2) / (len(x) - 2))
    half = student.ppf(0.975, len(x) - 2) * s * np.sqrt(1 / len(x) + (grid - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2))
    band = curve_band(problem, formula, {"x": grid})
    np.testing.assert_allclose(band.value, slope * grid + start, rtol=1e-5)
    np.testing.assert_allclose(band.high - band.low, 2 * half, rtol=1e-5)


def test_beyond_goes_half_a_range_further_but_not_through_zero(line: tuple[Problem, RankedFormula]) -> None:
    data = beyond(*line)
    assert data.measured == (2.0, 10.0)
    assert data.x.min() == 0.0
    assert data.x.max() == 14.0
    widths = data.high - data.low
    assert widths[-1] > 1.5 * widths[len(widths) // 2]


def test_beyond_follows_the_strongest_input(several: tuple[Problem, Recommendation]) -> None:
    problem, result = several
    data = beyond(problem, result.formulas[0])
    assert data.name == "流量"
    assert data.x_log
    assert len(data.points_x) == 0
    at = {"流量": data.x[:1], "z": np.array([np.median(problem.table["z"].shown[problem.rows])])}
    np.testing.assert_allclose(result.formulas[0].predict(at), data.value[:1])


def test_relative_errors_make_the_band_relative(several: tuple[Problem, Recommendation]) -> None:
    problem, result = several
    noted = replace(result, notes=(Sentence.of("note.relative_error", percent="1"),))
    assert weighted(problem, noted).relative_share == 0.01
    rows = {"流量": np.array([0.1, 1000.0]), "z": np.array([1.5, 1.5])}
    band = curve_band(weighted(problem, noted), result.formulas[0], rows)
    share = (band.high - band.low) / band.value
    assert 0.2 < share[0] / share[1] < 5
