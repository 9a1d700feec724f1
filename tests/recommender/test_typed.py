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


def best(columns: dict[str, object], text: str, **options: float) -> RankedFormula:
    problem = Problem.of(Table.of(columns), typed=[text])  # type: ignore[arg-type]
    return recommend(problem, proposers=[Typed()], effort=0.3, **options).formulas[0]  # type: ignore[arg-type]


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


DIODE = "I = root(i, {low}, {high}, V - nV*log(1 + i/Is) - i*Rs)"
CURRENT = np.geomspace(1e-7, 0.2, 40)
VOLTAGE = 0.04 * np.log1p(CURRENT / 1e-9) + 2 * CURRENT


@pytest.mark.parametrize(("low", "high"), [("1e-9", "1"), ("1e-5", "1000")])
def test_a_relation_without_a_closed_form_is_solved_for_the_target(low: str, high: str) -> None:
    """Whether the range of the unknown is given in the unit of the table or in SI."""
    noisy = 1e3 * CURRENT * (1 + 0.01 * np.random.default_rng(2).standard_normal(40))
    found = best({"V [V]": VOLTAGE, "I [mA]": noisy}, DIODE.format(low=low, high=high), seconds=0)
    assert found.number("physics", "unit_conflicts") == 0
    for c in found.coefficients:
        assert abs(c.si - {"nV": 0.04, "Is": 1e-9, "Rs": 2.0}[c.name]) < 4 * c.standard_error * c.si / c.value
    assert found.method is not None
    assert "numerically" in found.method.text("en")
    assert "数値的" in found.method.text("ja")
    assert found.predict({"V": VOLTAGE}) == pytest.approx(1e3 * CURRENT, rel=0.1)


def test_a_relation_without_a_solution_is_said_and_not_ranked() -> None:
    problem = Problem.of(Table.of({"V [V]": VOLTAGE, "I [mA]": 1e3 * CURRENT}), typed=["I = root(i, 1, 2, i**2 + k**2*V**2 + 1)"])  # type: ignore[arg-type]
    answer = recommend(problem, proposers=[Typed()], effort=0.3, seconds=0)
    assert not answer.formulas
    assert any("no finite value" in note.text("en") for note in answer.notes)
