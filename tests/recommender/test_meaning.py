"""Coefficients named by value, by unit and by their source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from corpus.dimension import Dimension
from corpus.entry import Words
from corpus.errors import ProblemError
from recommender.coefficients import Coefficient, describe
from recommender.meaning import Meaning
from recommender.problem import Problem
from recommender.quantities import Quantity, matches
from recommender.table import Table
from recommender.testing import fitted_example

T = np.linspace(0, 60, 24)
NOISE = np.random.default_rng(2).normal(0, 1, T.size)


def cooling(known: Mapping[str, str | float] | None = None) -> Problem:
    return Problem.of(Table.of({"time [min]": T, "temperature [degC]": 22 + 60 * np.exp(-T / 18) + 0.1 * NOISE}), known=known)


def coefficient(name: str, problem: Problem, meaning: Meaning | None = None) -> Coefficient:
    fitted = fitted_example(problem=problem)
    if meaning is not None:
        lead = replace(fitted.candidate.lead, meanings={name: meaning})
        fitted = replace(fitted, candidate=replace(fitted.candidate, proposals=(lead,), lead=lead))
    return next(c for c in describe(fitted) if c.name == name)


# --- known quantities -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "value", "error"),
    [("10 mm", 0.01, 5e-5), ("10.02 ± 0.01mm", 0.01002, 1e-5), ("27 degC", 300.15, 1.50075), ("1e3", 1000.0, 5.0), (2.5, 2.5, 0.0125)],
)
def test_known_quantities_are_read(given: str | float, value: float, error: float) -> None:
    quantity = Quantity.of("q", given)
    assert quantity.value == pytest.approx(value)
    assert quantity.error == pytest.approx(error)


@pytest.mark.parametrize(("given", "key"), [("mm", "known_unreadable"), ("", "known_unreadable"), ("10 parsnips", "known_unit")])
def test_known_quantities_that_cannot_be_read(given: str, key: str) -> None:
    with pytest.raises(ProblemError) as caught:
        cooling({"L": given})
    assert caught.value.key == key


def test_a_known_quantity_of_the_same_dimension_and_value_is_named() -> None:
    found = coefficient("tau", cooling({"holding time": "1080 s", "length": "1080 mm"})).interpretations
    assert [one.quantities for one in found] == [("holding time",)]
    assert found[0].strength in ("fair", "strong")
    assert "holding time" in found[0].words.text("ja")


def test_another_value_is_not_named() -> None:
    assert coefficient("tau", cooling({"holding time": "25 min"})).interpretations == ()


def test_a_column_that_does_not_vary_is_known() -> None:
    table = Table.of({"time [min]": T, "hold [min]": np.full(24, 18.0), "temperature [degC]": 22 + 60 * np.exp(-T / 18) + 0.1 * NOISE})
    found = coefficient("tau", Problem.of(table)).interpretations
    assert found[0].quantities == ("hold",)


SPEED, ACTION, MOLAR = Dimension.of(m=1, s=-1), Dimension.of(kg=1, m=2, s=-1), Dimension.of(kg=1, m=2, s=-2, K=-1, mol=-1)


@pytest.mark.parametrize(
    ("value", "dimension", "shown"),
    [
        (8.3145, MOLAR, "R"),
        (2.9979e8, SPEED, "c"),
        (1.05457e-34, ACTION, "ħ"),
        (1.380649e-23 / 1.602176634e-19, Dimension.of(kg=1, m=2, s=-3, A=-1, K=-1), "k_B/e"),
        (0.5 * 9.80665, Dimension.of(m=1, s=-2), "0.5·g"),
    ],
)
def test_constants_of_nature(value: float, dimension: Dimension, shown: str) -> None:
    best = matches(value, 1e-4 * value, dimension)[0]
    assert best.shown == shown
    assert best.chance < 0.01


def test_a_loose_value_says_little() -> None:
    sharp, loose = (matches(8.3145, share * 8.3145, MOLAR)[0].chance for share in (1e-4, 0.1))
    assert sharp < 1e-3
    assert loose > 0.05


def test_products_with_the_temperature() -> None:
    found = matches(0.025852, 2e-6, Dimension.of(kg=1, m=2, s=-3, A=-1), [Quantity.of("T", "300 K")])
    assert found[0].shown == "k_B·T/e"
    assert found[0].quantities == ("T",)


def test_many_known_quantities_weaken_each() -> None:
    few = [Quantity.of("L", "10 mm")]
    many = few + [Quantity.of(f"q{i}", f"{11 + i * 3.7} mm") for i in range(8)]
    alone, crowd = (next(m for m in matches(0.005, 1e-6, Dimension.of(m=1), known) if m.quantities == ("L",)) for known in (few, many))
    assert crowd.chance > 3 * alone.chance


# --- the source -------------------------------------------------------------------------------------------------------


def words(unit: str | None, usual: tuple[float, float] | None = None) -> Meaning:
    return Meaning(Words(en="heat loss time", ja="放熱時間"), unit, usual)


def test_the_source_is_believed_where_units_agree() -> None:
    found = coefficient("tau", cooling(), words("min", (1, 100)))
    assert found.meaning is not None
    assert [(one.kind, one.strength) for one in found.interpretations] == [("corpus", "strong")]
    assert coefficient("tau", cooling(), words("min")).interpretations[0].strength == "fair"


def test_the_source_is_silent_where_units_contradict() -> None:
    found = coefficient("tau", cooling(), words("kg"))
    assert found.meaning is None
    assert found.interpretations == ()
