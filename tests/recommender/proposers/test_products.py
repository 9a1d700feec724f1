"""Responses that are a product of one curve for each input, each curve a product of elementary ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from corpus.formula import Formula
from corpus.functions import Array
from recommender.fitting.work import Work
from recommender.problem import Problem
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Scored
from recommender.proposers.separable.products import products
from recommender.table import Table

RNG = np.random.default_rng(2)
ROWS = 500
DOSE, HEAT, ACID = RNG.uniform(0.5, 6.0, ROWS), RNG.uniform(10.0, 60.0, ROWS), RNG.uniform(3.0, 11.0, ROWS)
Law = Callable[[Array, Array, Array], Array]


def enzyme(dose: Array, heat: Array, acid: Array) -> Array:
    return 4 * dose / (1.7 + dose) * np.exp(-(((heat - 37) / 9) ** 2)) / (1 + 0.6 * (acid - 7.4) ** 2)


def growth_below_and_above_a_threshold(dose: Array, heat: Array, acid: Array) -> Array:
    return 0.3 * dose**1.5 * np.tanh(0.12 * (heat - 28)) * np.exp(-0.5 * np.abs(acid - 6.5)) * acid


def two_optima(dose: Array, heat: Array, acid: Array) -> Array:
    return np.exp(-0.3 * dose) * dose * (heat - 5) / (1 + 2e-4 * (heat - 40) ** 4) * np.sin(0.6 * (acid - 2)) ** 2


def solved(y: Array, most: float = 20.0) -> list[Scored]:
    table = Table.of({"dose": DOSE, "heat": HEAT, "acid": ACID, "y": y})
    return products(Data.of(Problem.of(table), ROWS), Work(most))


def error(scored: Scored, y: Array) -> float:
    values = Formula(scored.form.root).evaluate({"x0": DOSE, "x1": HEAT, "x2": ACID}, dict(scored.form.starts))
    return float(np.sqrt(np.mean((values - y) ** 2)) / np.std(y))


@pytest.mark.parametrize("law", [enzyme, growth_below_and_above_a_threshold, two_optima])
def test_the_law_is_found_to_rounding(law: Law) -> None:
    y = law(DOSE, HEAT, ACID)
    assert error(solved(y)[0], y) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("law", [enzyme, two_optima])
def test_noise_leaves_a_product_that_draws_the_law(law: Law) -> None:
    y = law(DOSE, HEAT, ACID)
    noise = 0.01 * np.std(y) * np.random.default_rng(4).standard_normal(ROWS)
    assert error(solved(y + noise)[0], y) < 0.01


def test_an_input_without_effect_is_left_out() -> None:
    best = solved(3 * DOSE / (1 + 0.4 * DOSE) * np.exp(-0.05 * HEAT))[0]
    assert best.is_exact
    assert best.form.root.variables == {"x0", "x1"}


def test_a_sum_is_no_product() -> None:
    assert solved(np.sin(DOSE) * HEAT + ACID**2) == []
