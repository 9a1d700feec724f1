"""The bench of guards: tables as described, judged by their reason; and the exact dimensions of the bench of dimensions."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.dimension import DIMENSIONLESS, Dimension
from corpus.formula import parse
from corpus.language import Sentence
from recommender.evaluate._base import Answer, Row
from recommender.evaluate.dimensions import Dimensions, Question, exact_dimensions
from recommender.evaluate.trap_tables import FIRST, SECOND, Trapped, trap_tables
from recommender.evaluate.traps import REASONS, TrapCase, first, second

M, S, KG = (Dimension.of(**{unit: 1}) for unit in ("m", "s", "kg"))
HALVES = (FIRST, SECOND)


@pytest.mark.parametrize("half", HALVES)
def test_each_half_has_twenty_traps_and_ten_honest_tables(half: str) -> None:
    kinds = Counter(bool(table.kind) for table in trap_tables(half, 0))
    assert (kinds[True], kinds[False]) == (20, 10)


def test_the_halves_share_no_law_and_every_kind_has_a_reason() -> None:
    laws = [{table.label.split()[0] for table in trap_tables(half, 0)} for half in HALVES]
    assert not laws[0] & laws[1]
    assert {table.kind for half in HALVES for table in trap_tables(half, 0)} - {""} == set(REASONS)


def test_tables_follow_the_seed() -> None:
    one, again, other = (trap_tables(FIRST, seed)[0].columns for seed in (0, 0, 1))
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not any(np.array_equal(one[name], other[name]) for name in one)


def table(label: str) -> Trapped:
    return next(one for half in HALVES for one in trap_tables(half, 0) if one.label.startswith(label))


def test_traps_are_what_they_say() -> None:
    leak = table("heater leak:copy")
    np.testing.assert_array_equal(leak.columns["reading"], leak.columns["P"])
    unit = table("kinetic unit")
    np.testing.assert_allclose(0.5 * unit.columns["m"] * (unit.columns["v"] / 1000) ** 2, unit.columns["E"], rtol=0.1)
    copies = table("drag repeated:1")
    assert len(np.unique(np.column_stack([*copies.columns.values()]), axis=0)) == 12 == len(copies.columns["F"]) // 2
    assert len(np.unique(table("cooling constant:exact").columns["T"])) == 1
    honest = table("wall grid").columns
    assert len(np.unique(honest["A"])) == 5


class Scripted:
    """A program that says what a test wants."""

    def __init__(self, folder: Path, warnings: list[Sentence], on_first: tuple[Sentence, ...] = (), failure: str = "") -> None:
        formulas = [{"warnings": [one.to_dict() for one in on_first]}]
        found = {"warnings": [one.to_dict() for one in warnings], "notes": [], "formulas": formulas}
        self.answer = Answer({"recommendation": json.dumps(found)}, failure, 1.0, 1.0)
        self.folder = folder

    def ask(self, request: dict[str, Any], limit: float) -> Answer:
        assert set(request) == {"task", "table", "seed", "limit", "seconds", "target", "inputs", "units", "descriptions", "about"}
        assert "leak" not in json.dumps(request)
        return self.answer


LEAK = Sentence.of("guard.leak", name="reading", target="P")


@pytest.mark.parametrize(
    ("label", "warnings", "passed"),
    [
        ("heater leak:copy", [LEAK], True),
        ("heater leak:copy", [Sentence.of("guard.leak", name="U", target="P")], False),
        ("heater leak:copy", [Sentence.of("guard.ignored_input", name="reading", target="P")], False),
        ("heater leak:copy", [], False),
        ("spring tied:linear", [Sentence.of("guard.tied_inputs", names="k, other", relation="")], True),
        ("spring tied:linear", [Sentence.of("guard.tied_inputs", names="x, other", relation="")], False),
        ("heater plain", [], True),
        ("heater plain", [LEAK], False),
    ],
)
def test_a_trap_counts_by_its_reason_and_column(tmp_path: Path, label: str, warnings: list[Sentence], passed: bool) -> None:
    (row,) = first().run(TrapCase(table(label), 0), Scripted(tmp_path, warnings))
    assert row.passed is passed


def test_a_warning_on_the_first_formula_of_an_honest_table_is_an_alarm(tmp_path: Path) -> None:
    said = (Sentence.of("guard.constant"), Sentence.of("warning.unstable", name="a"))
    (row,) = first().run(TrapCase(table("heater plain"), 0), Scripted(tmp_path, [], said))
    assert not row.passed
    assert row.values["flags"] == "constant"


def test_the_refusal_of_a_constant_target_is_the_right_answer(tmp_path: Path) -> None:
    from corpus.errors import ProblemError

    refused = f"ProblemError: {ProblemError('target_constant', target='T')}"
    case = TrapCase(table("cooling constant:exact"), 0)
    assert second().run(case, Scripted(tmp_path, [], failure=refused))[0].passed
    assert second().run(case, Scripted(tmp_path, [], failure="crash: 9"))[0].failure == "crash: 9"


@pytest.mark.parametrize(("flagged", "alarms", "holds"), [(19, 1, True), (20, 0, True), (18, 0, False), (20, 2, False)])
def test_the_bar(flagged: int, alarms: int, holds: bool) -> None:
    traps = [Row(f"t{i}", i < flagged, {"trap": "leak"}) for i in range(20)]
    honest = [Row(f"h{i}", i >= alarms, {"trap": ""}) for i in range(10)]
    verdict = first().verdict(traps + honest)
    assert verdict.holds is holds
    assert verdict.numbers == {"flagged": flagged, "traps": 20, "alarms": alarms, "honest": 10}


def question(text: str, target: Dimension, **known: Dimension) -> Question:
    formula = parse(text, list(known))
    rng = np.random.default_rng(3)
    points = {name: rng.uniform(1, 2, 50) for name in (*formula.variables, *formula.parameters)}
    return Question(formula, points, {name: known[name] for name in formula.variables}, target)


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        ("a*m*v**2", KG * M**2 / S**2, {"a": DIMENSIONLESS}),
        ("a*m*exp(-b*v) + c", KG, {"a": DIMENSIONLESS, "b": S / M, "c": KG}),
        ("a*b*m", KG, {}),
        ("sqrt(a*m)", KG, {"a": KG}),
        ("a*m**b", KG, None),
    ],
)
def test_exact_dimensions_from_numbers_alone(text: str, target: Dimension, expected: dict[str, Dimension] | None) -> None:
    assert exact_dimensions(question(text, target, m=KG, v=M / S)) == expected


def test_dimensions_of_a_case(tmp_path: Path, write_case: Any) -> None:
    data = "t,v\n" + "".join(f"{0.1 + i},{5 * np.exp(-(0.1 + i) / 3)}\n" for i in range(30))
    case = write_case(tmp_path / "laws" / "decay", {"train": data}, {"expression": "5*np.exp(-t*0.333)"})
    from recommender.evaluate._base import Options

    suite = Dimensions()
    rows = [row for one in suite.cases(Options(case.parent)) for row in suite.run(one, Scripted(tmp_path, []))]
    assert [row.passed for row in rows] == [True]
    assert suite.verdict(rows).holds
    assert not suite.verdict([*rows, Row("b", False, {"constants": 1, "determined": 0, "open": 0, "wrong": 1})]).holds
