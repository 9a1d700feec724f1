"""Tables and formulas that deceive are named for what they are; honest ones are left in peace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from corpus.language import LANGUAGES
from recommender.assess.guards import FORM_GUARDS, TABLE_GUARDS, Guard, Scene, look
from recommender.problem import Problem
from recommender.table import Table
from recommender.testing import check_guard, fitted_example

RNG = np.random.default_rng(11)
N = 60
X, Z = RNG.uniform(1, 5, N), RNG.uniform(0, 2, N)
NOISE = RNG.standard_normal(N)
Y = np.round(3 * X**2 * np.exp(-Z) * (1 + 0.02 * NOISE), 3)


def problem(columns: dict[str, object], units: dict[str, str] | None = None, **options: object) -> Problem:
    """The last column is the target; every other one is an input, even a copy of it."""
    names = list(columns)
    return Problem.of(Table.of(columns, units), names[-1], names[:-1], **options)  # type: ignore[arg-type]


def table_says(columns: dict[str, object]) -> list[str]:
    return [finding.words.text() for finding in look(TABLE_GUARDS, Scene(problem(columns)))]


def keys(p: Problem, *texts: str) -> list[tuple[str, str]]:
    """(key, what it names) of all findings on fitted formulas."""
    fits = tuple(fitted_example(text, p) for text in texts)
    found = look(FORM_GUARDS, Scene(p, fits, fits))
    assert all(finding.words.text(language) for finding in found for language in LANGUAGES)
    return [(f.words.key.removeprefix("guard."), str(dict(f.words.values).get("name", ""))) for f in found]


@pytest.mark.parametrize("guard", [*TABLE_GUARDS, *FORM_GUARDS], ids=lambda guard: guard.name)
def test_guards_keep_their_promises(guard: Guard) -> None:
    check_guard(guard)


@pytest.mark.parametrize(
    ("leak", "said"),
    [
        (lambda y: y, "is y itself"),
        (lambda y: 1.8 * y + 32, "is y itself"),
        (lambda y: np.round(y, 1), "is y itself"),
        (lambda y: 20 * np.log10(y), "through a logarithm"),
        (lambda y: np.round(20 * np.log10(y), 2), "through a logarithm"),
        (lambda y: y**2, "through a square"),
        (lambda y: np.sqrt(y), "through a square"),
        (lambda y: 1 / y, "through a reciprocal"),
        (lambda y: np.roll(y, 1), "is y of 1 row(s) earlier"),
        (lambda y: np.roll(y, -3), "is y of 3 row(s) later"),
    ],
)
def test_an_input_made_from_the_target(leak: Callable[[np.ndarray], np.ndarray], said: str) -> None:
    (sentence,) = [s for s in table_says({"x": X, "z": Z, "reading": leak(Y), "y": Y}) if "reading" in s and "together" not in s]
    assert said in sentence


@pytest.mark.parametrize(
    "columns",
    [
        {"x": X, "z": Z, "y": Y},
        {"x": np.round(X, 1), "z": np.round(Z, 2), "y": np.round(Y, 1)},
        {"x": X, "y": np.exp(-X)},
        {"x": X, "z": Z, "y": X**2 + Z},
        {"t": np.linspace(0, 10, 80), "T": 20 + 60 * np.exp(-np.linspace(0, 10, 80) / 3), "y": np.sin(np.linspace(0, 10, 80))},
        {"x": np.arange(4.0), "y": np.arange(4.0) ** 2},
        {"grade": np.arange(12.0) % 7, "y": np.arange(12.0) % 3},
        {"f": 1e7 + 50 * X, "z": Z, "y": 1e7 + 3 * np.round(X**2, 2)},
    ],
    ids=["noise", "rounded", "exact law of one input", "exact law", "series", "four rows", "grades", "a small change of a large value"],
)
def test_honest_tables_are_left_in_peace(columns: dict[str, object]) -> None:
    assert table_says(columns) == []


def test_copied_rows_are_counted_and_true_repeats_are_not() -> None:
    again = np.arange(20)
    (said,) = table_says({"x": np.r_[X, X[again]], "y": np.r_[Y, Y[again]]})
    assert "20 of 80 rows are copies" in said
    setting = np.repeat(np.arange(1.0, 9), 5)
    assert table_says({"x": setting, "y": np.round(setting**2 + 0.5 * NOISE[:40])}) == []


@pytest.mark.parametrize(
    ("other", "relation"),
    [
        (2 * X + 1 + 0.001 * NOISE, "together (x = 0.5"),
        (X**2 * (1 + 0.001 * NOISE), "together (x = sqrt(other)"),
        (10 - X - Z, "together (x = -z - other + 10"),
    ],
)
def test_inputs_that_move_together(other: np.ndarray, relation: str) -> None:
    (said,) = table_says({"x": X, "z": Z, "other": other, "y": Y})
    assert relation in said


def test_inputs_that_merely_correlate_may_stay() -> None:
    assert table_says({"x": X, "other": X + 0.3 * NOISE, "y": Y}) == []


@pytest.mark.parametrize("y", [5 + 1e-11 * NOISE, np.round(5 + 0.004 * NOISE, 2)])
def test_a_target_that_does_not_move(y: np.ndarray) -> None:
    (said,) = table_says({"x": X, "z": Z, "y": y})
    assert "y hardly moves" in said


def test_too_few_rows_for_the_inputs() -> None:
    (said,) = table_says({"x": X[:5], "z": Z[:5], "w": NOISE[:5], "y": Y[:5]})
    assert "5 different rows for 3 inputs; even a plain law needs 6" in said


@pytest.mark.parametrize("n", [14, 60])
def test_a_shuffled_target_is_chance(n: int) -> None:
    p = problem({"x": X[:n], "z": Z[:n], "y": RNG.permutation(Y[:n])})
    assert ("chance", "") in keys(p, "a + b*x0 + c*x1", "a*x0**n")


def test_a_constant_with_noise_is_called_constant() -> None:
    p = problem({"x": X, "y": 5 + 0.02 * NOISE})
    assert "still" in dict(keys(p, "a + b*x0"))


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"x": X, "z": Z, "y": Y}, "a*x0**2*exp(-x1)"),
        ({"t": np.linspace(0, 20, N), "y": np.sin(13 * np.linspace(0, 20, N)) + 0.05 * NOISE}, "a*sin(13*x0 + c)"),
        ({"T": np.linspace(300, 400, 8), "k": 1e7 * np.exp(-6000 / np.linspace(300, 400, 8)) * (1 + 0.02 * NOISE[:8])}, "a*exp(-b/x0)"),
    ],
    ids=["noise", "faster than the rows", "few rows"],
)
def test_a_right_formula_of_an_honest_table_is_left_in_peace(columns: dict[str, object], text: str) -> None:
    assert keys(problem(columns), text) == []


def test_an_input_without_effect_is_named_and_a_weak_one_is_not() -> None:
    w = RNG.uniform(3, 9, N)
    idle = problem({"x": X, "z": Z, "w": w, "y": Y})
    assert keys(idle, "a*x0**2*exp(-b*x1)") == [("ignored_input", "w")]
    weak = problem({"x": X, "z": Z, "w": w, "y": Y * (1 + 0.03 * (w - 6))})
    assert keys(weak, "a*x0**2*exp(-b*x1)") == []


def test_an_input_that_moves_nothing_in_a_formula_is_named() -> None:
    p = problem({"x": X, "z": Z, "w": RNG.uniform(3, 9, N), "y": Y})
    assert ("idle_input", "w") in keys(p, "a*x0**2*exp(-b*x1 + c*x2)")


def test_formulas_that_say_nothing() -> None:
    p = problem({"x": X, "z": Z, "y": X + 1e-3 * NOISE})
    assert ("identity", "x") in keys(p, "a*x0")
    assert ("constant", "") in keys(problem({"x": X, "y": NOISE}), "a + b*x0")


def test_more_coefficients_than_the_rows_carry() -> None:
    p = problem({"x": np.repeat(X[:5], 4), "y": np.repeat(X[:5], 4) ** 2 + 0.1 * NOISE[:20]})
    assert ("overfull", "") in keys(p, "a + b*x0 + c*x0**2")
    assert ("overfull", "") not in keys(p, "a*x0**2")


def test_a_curve_bent_through_noise() -> None:
    x = np.linspace(0, 1, 12)
    p = problem({"x": x, "y": x + 0.2 * RNG.standard_normal(12)})
    bent = "a + b*x0 + c*x0**2 + d*x0**3 + e*x0**4 + f*x0**5 + g*x0**6 + h*x0**7 + i*x0**8 + j*x0**9"
    assert "overfit" in dict(keys(p, bent))
    assert "overfit" not in dict(keys(p, "a + b*x0"))


def test_residuals_below_stated_uncertainties() -> None:
    table = Table.of({"x": X, "y": 2 * X + 0.01 * NOISE, "u": np.full(N, 0.1)})
    assert "overfit_stated" in dict(keys(Problem.of(table, "y", ["x"], sigma="u"), "a*x0"))
    table = Table.of({"x": X, "y": 2 * X + 0.1 * NOISE, "u": np.full(N, 0.1)})
    assert keys(Problem.of(table, "y", ["x"], sigma="u"), "a*x0") == []


def test_a_formula_in_a_tied_input_names_its_double() -> None:
    p = problem({"x": X, "other": 2.5 * X * (1 + 1e-4 * NOISE), "z": Z, "y": Y})
    fits = (fitted_example("a*x0**2*exp(-b*x2)", p),)
    (finding,) = [f for f in look(FORM_GUARDS, Scene(p, fits, fits)) if f.words.key == "guard.tied_forms"]
    assert finding.fitted is fits[0]
    assert "0.16*a*other**2*exp(-b*z)" in finding.words.text()


M, V = RNG.uniform(0.5, 5, N), RNG.uniform(1, 20, N)
ENERGY = 0.5 * M * V**2 * (1 + 0.01 * NOISE)
UNITS = {"m": "kg", "v": "m/s", "E": "J"}


def test_a_coefficient_a_thousand_times_a_pure_number() -> None:
    grams = problem({"m": 1000 * M, "v": V, "E": ENERGY}, UNITS)
    assert keys(grams, "a*x0*x1**2") == [("unit_coefficient", "a")]
    assert keys(problem({"m": M, "v": V, "E": ENERGY}, UNITS), "a*x0*x1**2") == []


def test_a_law_that_fits_only_in_another_unit() -> None:
    from dataclasses import replace

    p = problem({"m": 1000 * M, "v": V, "E": ENERGY}, UNITS)
    law = fitted_example("x0*x1**2/2", p)
    law = replace(law, candidate=replace(law.candidate, lead=replace(law.candidate.lead, source="mechanics.kinetic_energy")))
    best = fitted_example("a*x0*x1**2", p)
    (finding,) = [f for f in look(FORM_GUARDS, Scene(p, (best,), (best, law))) if f.words.key.startswith("guard.unit")]
    assert finding.words.key == "guard.unit_column"
    assert "m is multiplied by 0.001" in finding.words.text()


def test_warnings_reach_the_recommendation_and_survive_json() -> None:
    from recommender.pipeline import recommend
    from recommender.recommendation import Recommendation

    found = recommend(problem({"x": X, "reading": 2 * Y, "y": Y}), seconds=0, effort=0.1)
    assert next(warning.key for warning in found.warnings if "reading" in warning.text()) == "guard.leak"
    assert Recommendation.from_json(found.to_json()) == found
