"""What speaks against a form physically: units, poles, gaps beyond the data, and what a person requires."""

from __future__ import annotations

import math

import numpy as np
import pytest

from corpus.errors import ProblemError
from corpus.language import LANGUAGES
from recommender.assess import Evidence, Physics
from recommender.assess.physics import dimension_report
from recommender.problem import Problem
from recommender.table import Table
from recommender.testing import check_assessment, fitted_example

X = np.linspace(1, 5, 30)


def judged(text: str, y: np.ndarray, header: str = "L [mm]", **options: object) -> Evidence:
    p = Problem.of(Table.of({header: X, "y": y}), **options)  # type: ignore[arg-type]
    return Physics().assess(fitted_example(text, p))


def said(evidence: Evidence) -> str:
    assert all(warning.text(language) for warning in evidence.warnings for language in LANGUAGES)
    return " ".join(warning.text() for warning in evidence.warnings)


def test_physics_keeps_its_promises() -> None:
    check_assessment(Physics(), fitted_example())


def test_a_sound_form_has_nothing_against_it() -> None:
    evidence = judged("a*exp(-x0/b)", np.exp(-X / 3))
    assert (evidence.score, evidence.warnings) == (1.0, ())
    assert evidence.numbers["sign"] == 1
    assert evidence.numbers["trend_x0"] == -1


def test_no_value_beyond_the_data_names_column_and_place() -> None:
    evidence = judged("sqrt(a - b*x0)", np.sqrt(5.5 - X))
    assert "from L = 5.5" in said(evidence).replace("5.533", "5.5")
    assert "upwards, the formula has no value" in said(evidence)
    assert judged("sqrt(a - b*x0)", np.sqrt(7 - X)).score == 1.0


def test_a_pole_beyond_the_data() -> None:
    evidence = judged("a/(x0 - b)", 1 / (X - 0.5), "x")
    assert evidence.numbers["gaps"] == 0
    assert "downwards, the formula shoots away" in said(judged("a/(x0 - b)", 1 / (X - 0.9), "x"))


def test_a_pole_between_the_rows_is_found_however_narrow() -> None:
    evidence = judged("a/x0 + 1e-7/(x0 - 3.0123)", 1 / X, "x")
    assert evidence.numbers["poles"] == 1
    assert evidence.score < 1


def test_a_zero_of_a_denominator_that_cancels_is_no_pole() -> None:
    x = np.linspace(-3, 4, 40)
    p = Problem.of(Table.of({"x": x, "y": np.sin(x) / x}))
    assert Physics().assess(fitted_example("a*sin(x0)/x0", p)).numbers["poles"] == 0


def test_unit_debt_of_a_coefficient_with_an_odd_unit() -> None:
    p = Problem.of(Table.of({"x [m]": X, "F [N]": X**1.37}))
    evidence = Physics().assess(fitted_example("a*x0**1.37", p))
    assert evidence.numbers["unit_debt"] == 1
    assert "a would need the unit kg/(m**(37/100)*s**2)" in said(evidence)
    assert Physics().assess(fitted_example("a*sqrt(x0)", p)).numbers["unit_debt"] == 0


def test_units_that_stay_open_come_with_the_reason() -> None:
    p = Problem.of(Table.of({"x [m]": X, "F [N]": 3 * X}))
    report = dimension_report(fitted_example("a*b*x0", p))
    assert report.reasons["a"].text() == "Only a*b has a unit that can be told, kg/s**2; a alone may have any."
    words = Physics().assess(fitted_example("a*b*x0", p)).words.text()
    assert words == "Units agree. Only a*b has a unit that can be told, kg/s**2; a alone may have any."
    assert "raised to a power that is not fixed" in dimension_report(fitted_example("a*x0**n", p)).reasons["a"].text()


@pytest.mark.parametrize(
    ("text", "requirement", "kept"),
    [
        ("a*exp(-x0/b)", "positive", True),
        ("a*exp(-x0/b)", "Negative", False),
        ("a + b*x0", "positive", False),
        ("a*exp(-x0/b)", "decreasing in L", True),
        ("a*exp(-x0/b)", "increasing in l", False),
        ("a + b*x0", "decreasing in L", True),
        ("a*exp(-x0/b)", "0 at L = inf", True),
        ("a + b*x0", "0 at L=inf", False),
        ("a*exp(-x0/b)", "1 at L = 0", True),
        ("a*exp(-x0/b)", "2 at L = 0", False),
        ("a/x0", "finite at L = 0", False),
        ("a*exp(-x0/b)", "finite at L = -1e-3", True),
        ("a/(x0 - b)", "bounded", True),
    ],
)
def test_requirements(text: str, requirement: str, kept: bool) -> None:
    free = judged(text, np.exp(-X / 3) + (0 if "exp" in text else -0.3))
    bound = judged(text, np.exp(-X / 3) + (0 if "exp" in text else -0.3), require=[requirement])
    assert (bound.numbers["broken"] == 0) is kept
    assert bound.score == pytest.approx(free.score * (1 if kept else 0.3))
    assert kept or f"breaks the requirement: {requirement}." in said(bound)


def test_requirements_speak_in_the_units_of_the_table() -> None:
    y = 1000 * X
    p = Problem.of(Table.of({"L [mm]": X, "U [mV]": y}), require=["5000 at L = 5"])
    assert math.isclose(p.require[0].at, 5e-3)
    assert Physics().assess(fitted_example("a*x0", p)).numbers["broken"] == 0


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("grows", "requirement_unreadable"),
        ("", "requirement_unreadable"),
        ("increasing in q", "requirement_column"),
        ("0 at q = 1", "requirement_column"),
        ("1..2 at L = 0", "requirement_unreadable"),
    ],
)
def test_requirements_that_cannot_be_read(text: str, key: str) -> None:
    with pytest.raises(ProblemError) as caught:
        judged("a*x0", X, require=[text])
    assert caught.value.key == key


def test_a_requirement_decides_between_two_forms() -> None:
    from recommender.pipeline import recommend

    y = np.exp(-X / 3)
    table = Table.of({"L": X, "y": y + 0.004 * np.sin(40 * X)})
    typed = ("a + b*L + c*L**2", "a*exp(-L/b) + c")
    free = recommend(Problem.of(table, typed=typed), seconds=0, effort=0.2)
    bound = recommend(Problem.of(table, typed=typed, require=("decreasing in L", "0 at L = inf")), seconds=0, effort=0.2)
    broken = [f.number("physics", "broken") for f in bound.formulas]
    assert broken[0] == 0
    assert max(broken) > 0
    assert {f.number("physics", "broken") for f in free.formulas} == {0}
