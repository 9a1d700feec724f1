"""A typed formula means what the person who typed it means, whatever the units."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Typed
from recommender.recommendation import RankedFormula
from recommender.table import Table

T = np.linspace(5, 95, 30)
MINUTES = np.linspace(0, 60, 30)


def best(columns: dict[str, object], text: str) -> RankedFormula:
    problem = Problem.of(Table.of(columns), typed=[text])  # type: ignore[arg-type]
    return recommend(problem, proposers=[Typed()], effort=0.3).formulas[0]


def values(formula: RankedFormula) -> dict[str, float]:
    return {c.name: c.value for c in formula.coefficients if not c.known}


def test_quantities_stay_quantities() -> None:
    found = best({"t [min]": MINUTES, "T [degC]": 22 + 60 * np.exp(-MINUTES / 18)}, "T = T0 + a*exp(-t/tau)")
    assert not any(c.known for c in found.coefficients)
    tau = next(c for c in found.coefficients if c.name == "tau")
    assert (tau.value, tau.unit) == (pytest.approx(18), "min")


def test_numbers_carry_the_units_of_the_table() -> None:
    found = best({"t [min]": MINUTES, "T [degC]": 20 + 60 * np.exp(-0.05 * MINUTES)}, "T = 20 + a*exp(-0.05*t)")
    assert values(found)["a"] == pytest.approx(60)
    assert found.number("accuracy", "train_nmse") < 1e-20


def test_celsius_is_meant_where_273_is_written() -> None:
    rate = 7e4 * np.exp(-3000 / (T + 273.15))
    found = best({"T [degC]": T, "k [1/min]": rate}, "k = A*exp(-B/(T + 273.15))")
    assert values(found) == pytest.approx({"A": 7e4, "B": 3000})
    assert found.number("physics", "unit_conflicts") == 0


def test_kelvin_is_meant_where_it_is_not() -> None:
    rate = 7e4 * np.exp(-3000 / (T + 273.15))
    found = best({"T [degC]": T, "k [1/min]": rate}, "k = A*exp(-B/T)")
    assert found.number("accuracy", "train_nmse") < 1e-12


def test_written_numbers_need_no_coefficients() -> None:
    found = best({"x [mm]": T, "y [mV]": 2 * T + 1}, "y = 2*x + 1")
    assert found.number("accuracy", "train_nmse") < 1e-20
    assert found.number("physics", "unit_conflicts") == 0
    np.testing.assert_allclose(found.predict({"x": [10.0]}), [21])


def test_names_that_are_taken() -> None:
    found = best({"x [mm]": T, "y [mV]": np.sin(T / 10) * 3 + 1}, "y = unit_1*sin(0.1*x) + zero_y")
    assert values(found) == pytest.approx({"unit_1": 3, "zero_y": 1})


def test_without_units_nothing_changes() -> None:
    assert "unit" not in best({"x": T, "y": 2 * T + 1}, "y = 2*x + 1").text
