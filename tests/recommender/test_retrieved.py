"""Laws of the corpus read for a table: as they stand, solved for another of their quantities, or times what they leave out."""

from __future__ import annotations

import numpy as np

from corpus.language import LANGUAGES
from indexes import Retriever
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Typed
from recommender.recommendation import Recommendation
from recommender.report.view import origins
from recommender.table import Table

RNG = np.random.default_rng(5)


def ask(columns: dict[str, object], about: str, retriever: Retriever) -> Recommendation:
    return recommend(Problem.of(Table.of(columns), about=about), retriever=retriever, effort=0.2, seconds=0)


def test_a_law_solved_for_one_of_its_variables(retriever: Retriever) -> None:
    """The lens formula gives the image distance; here the focal length is asked for."""
    u, v = RNG.uniform(0.2, 1.0, 30), RNG.uniform(0.3, 2.0, 30)
    table = {"object distance [m]": u, "image distance [m]": v, "focal length [cm]": 100 / (1 / u + 1 / v)}
    best = ask(table, "focal length of a lens from object and image distance", retriever).formulas[0]
    assert best.number("accuracy", "held_out_nmse") < 1e-12
    assert sum(not coefficient.known for coefficient in best.coefficients) <= 1


def test_a_law_with_several_branches_is_right_on_the_one_of_the_data(retriever: Retriever) -> None:
    """Height fallen against time, asked for the time."""
    height = np.linspace(0.5, 40, 25)
    best = ask({"height [m]": height, "time [s]": np.sqrt(2 * height / 9.80665)}, "time of free fall from a height", retriever).formulas[0]
    assert best.number("accuracy", "held_out_nmse") < 1e-12
    assert best.origins[0].source


def test_a_law_times_a_power_of_the_column_it_does_not_mention(retriever: Retriever) -> None:
    """A discharge curve whose plateau depends on the size of the device."""
    t, size = (grid.ravel() for grid in np.meshgrid(np.linspace(0.1, 8, 15), [1.0, 2.0, 3.0, 5.0]))
    voltage = 4 * size**1.5 * np.exp(-t / 2.5) * (1 + 0.001 * RNG.standard_normal(t.size))
    found = ask({"time [s]": t, "size [mm]": size, "voltage [V]": voltage}, "discharge of a capacitor through a resistor", retriever)
    assert min(f.number("accuracy", "held_out_nmse") for f in found.formulas[:2]) < 1e-4


def diode(rows: int = 50) -> dict[str, object]:
    """An LED with a series resistance, every current one per cent off."""
    current = np.geomspace(1e-5, 0.3, rows)
    voltage = 0.05 * np.log1p(current / 1e-9) + 2.5 * current
    return {"forward voltage [V]": voltage, "forward current [mA]": 1e3 * current * (1 + 0.01 * RNG.standard_normal(rows))}


def test_a_law_without_a_closed_form_is_solved_numerically(retriever: Retriever) -> None:
    best = ask(diode(), "forward current of an LED with series resistance", retriever).formulas[0]
    found = {c.name: c for c in best.coefficients if not c.known}
    assert best.origins[0].source.startswith("semiconductors.diode")
    truth = {"Is": 1e-9, "Rs": 2.5}
    assert all(
        abs(found[name].si - value) < 4 * found[name].standard_error * found[name].si / found[name].value for name, value in truth.items()
    )
    assert best.number("accuracy", "held_out_nmse") < 1e-2


def test_a_law_solved_numerically_says_so(retriever: Retriever) -> None:
    mean = np.linspace(0.1, 6.1, 40)
    eccentric = mean + 0.4 * np.sin(mean)
    for _ in range(200):
        eccentric = mean + 0.4 * np.sin(eccentric)
    noisy = eccentric + 0.01 * RNG.standard_normal(40)
    best = ask({"mean anomaly [rad]": mean, "eccentric anomaly [rad]": noisy}, "Kepler's equation: eccentric anomaly", retriever).formulas[
        0
    ]
    (e,) = (c for c in best.coefficients if not c.known)
    assert best.origins[0].source == "astronomy.kepler_equation"
    assert abs(e.value - 0.4) < 4 * e.standard_error
    assert best.method is not None
    assert [best.method.text(language) in " ".join(origins(best, language)) for language in LANGUAGES] == [True, True]


def test_of_two_spellings_of_one_curve_the_closed_form_is_shown() -> None:
    """One curve, typed twice."""
    x = np.linspace(1, 9, 30)
    problem = Problem.of(Table.of({"x": x, "y": np.sqrt(2 * x)}), typed=["y = root(u, 0, 9, u**2 - a*x)", "y = sqrt(a*x)"])
    (found,) = recommend(problem, proposers=[Typed()], effort=0.2, seconds=0).formulas
    assert found.method is None
