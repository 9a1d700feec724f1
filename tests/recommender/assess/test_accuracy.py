"""An error that was not measured is never good, and what is measured is what a customer would meet."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recommender.assess import Accuracy, Edge
from recommender.problem import Problem
from recommender.table import Table
from recommender.testing import fitted_example

RNG = np.random.default_rng(5)
X = np.linspace(0.5, 6, 60)


def problem(y: np.ndarray, **columns: object) -> Problem:
    return Problem.of(Table.of({**columns, "y": y}), "y", sigma="dy" if "dy" in columns else None)  # type: ignore[arg-type]


def wandering(name: str) -> Problem:
    """A line with noise that drifts, as of a sensor that warms up."""
    x = np.linspace(0, 10, 120)
    noise = np.random.default_rng(0).normal(0, 0.15, x.size).cumsum()
    return problem(2 * x + noise, **{name: x})


LINE = "a + b*x0"
WAVES = LINE + "".join(f" + c{k}*sin({k}*x0) + d{k}*cos({k}*x0)" for k in range(1, 9))


def held_out(text: str, asked: Problem) -> float:
    return Accuracy().assess(fitted_example(text, asked)).numbers["held_out_nmse"]


def test_a_form_that_follows_the_drift_is_not_rewarded() -> None:
    as_rows, in_time = wandering("x"), wandering("t [s]")
    assert held_out(WAVES, as_rows) < held_out(LINE, as_rows)  # what parting neighbours would tell
    assert held_out(WAVES, in_time) > held_out(LINE, in_time)


def test_more_coefficients_than_rows_to_learn_from() -> None:
    asked = problem(np.array([1.0, 3, 2, 5]), x=np.arange(4.0))
    evidence = Accuracy().assess(fitted_example("a + b*x0 + c*x0**2 + d*x0**3", asked))
    assert evidence.numbers["train_nmse"] < 1e-6
    assert evidence.score == 0
    assert math.isinf(evidence.numbers["held_out_nmse"])
    assert evidence.words.key == "evidence.accuracy_unknown"
    assert evidence.warnings


@pytest.mark.parametrize(("stated", "low", "high"), [(1.0, 0.6, 1.6), (0.2, 15, 40), (5.0, 0.02, 0.07)])
def test_chi_squared_judges_the_stated_uncertainty(stated: float, low: float, high: float) -> None:
    y = 2 + 3 * X + RNG.normal(0, 1, X.size)
    numbers = Accuracy().assess(fitted_example(LINE, problem(y, x=X, dy=np.full(X.size, stated)))).numbers
    assert low < numbers["reduced_chi2"] < high
    assert (numbers["chi2_p"] < 1e-6) == (stated == 0.2)
    assert (numbers["chi2_p"] > 0.9999) == (stated == 5.0)


def test_no_chi_squared_without_uncertainties() -> None:
    assert "chi2_p" not in Accuracy().assess(fitted_example(LINE, problem(2 + 3 * X, x=X))).numbers


def test_the_error_of_the_error_shrinks_with_the_rows() -> None:
    sizes = []
    for n in (40, 640):
        x = np.linspace(0, 5, n)
        numbers = Accuracy().assess(fitted_example(LINE, problem(x + RNG.normal(0, 0.5, n), x=x))).numbers
        sizes.append(numbers["held_out_error"] / numbers["held_out_weighted"])
    assert sizes[1] < 0.5 * sizes[0]


def test_the_edge_says_along_which_input_it_fails() -> None:
    x, z = RNG.uniform(0.5, 6, 200), RNG.uniform(0, 5, 200)
    evidence = Edge().assess(fitted_example("a*x0 + b*x1 + c", problem(3 * x + np.exp(z), x=x, z=z)))
    assert evidence.numbers["edge_nmse.x1"] > 3 * evidence.numbers["edge_nmse.x0"]
    assert "along z" in evidence.words.text("en")


def test_a_form_without_a_value_at_the_edge() -> None:
    evidence = Edge().assess(fitted_example("a*log(b - x0)", problem(np.log(7 - X), x=X)))
    assert evidence.score > 0.9
    lost = Edge().assess(fitted_example("a*log(-x0)", problem(np.log(7 - X), x=X)))
    assert lost.score == 0
    assert lost.words.key == "evidence.edge_lost"
