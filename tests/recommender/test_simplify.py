"""Forms that are nearly simpler are offered as what they nearly are."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.table import Table

X = np.linspace(0.5, 5, 60)
NOISE = 0.01 * np.random.default_rng(2).standard_normal(60)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_an_exponent_near_a_fraction_becomes_one(noise: float) -> None:
    y = 3 * X**1.5 * (1 + noise * NOISE)
    result = recommend(Problem.of(Table.of({"x": X, "y": y}), typed=["a*x**n"]), effort=0.2, seconds=0)
    best = result.formulas[0]
    assert "1.5" in best.text or "3/2" in best.text
    assert [c.name for c in best.coefficients if not c.known] == ["a"]


def test_a_term_that_adds_nothing_goes() -> None:
    y = 2 * np.exp(-0.7 * X) + NOISE / 20
    result = recommend(Problem.of(Table.of({"x": X, "y": y}), typed=["a*exp(-b*x) + c*sin(x) + d"]), effort=0.2, seconds=0)
    assert any(f.text == "y = a*exp(-b*x)" for f in result.formulas[:2])


def test_what_the_data_need_stays() -> None:
    y = 2 * np.exp(-0.7 * X) + 0.3 * np.sin(X) + 1 + NOISE / 20
    result = recommend(Problem.of(Table.of({"x": X, "y": y}), typed=["a*exp(-b*x) + c*sin(x) + d"]), effort=0.2, seconds=0)
    assert result.formulas[0].text == "y = a*exp(-b*x) + c*sin(x) + d"
