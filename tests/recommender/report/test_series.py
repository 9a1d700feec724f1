"""The numbers behind the plots: how far they reach beyond the data, and along what."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.llm.discuss import fitted_as_typed
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report.series import beyond
from recommender.table import Table


@pytest.fixture(scope="module")
def line() -> tuple[Problem, RankedFormula]:
    """A straight line in customer's units with errors."""
    x = np.linspace(2, 10, 25)
    y = 3 * x + 1 + np.random.default_rng(3).normal(0, 0.5, 25)
    problem = Problem.of(Table.from_frame(pd.DataFrame({"x [mm]": x, "y [°C]": y})))
    return problem, fitted_as_typed(problem, "a*x + b")


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
