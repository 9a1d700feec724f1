"""A user's own assessment: one file, one line; one that fails is told, not raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import SettingsError
from recommender.assess import Evidence, Fitted, Panel, everyone
from recommender.assess.panel import Judge
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Typed
from recommender.recommendation import Recommendation
from recommender.report import view
from recommender.table import Table
from recommender.testing import check_assessment, example_problem, fitted_example

EXAMPLES = Path(__file__).parents[3] / "examples"
EXAMPLE = f"{EXAMPLES / 'round_exponents.py'}:RoundExponents"


def own(registered: str) -> Judge:
    return everyone(registered).judges[-1]


def ask_kepler() -> Recommendation:
    problem = Problem.of(Table.read(EXAMPLES / "kepler.csv"), "period", typed=("k*semi_major_axis**n",))
    return recommend(problem, proposers=[Typed()], seconds=0, effort=0.1)


def test_the_example_keeps_the_promises() -> None:
    check_assessment(own(EXAMPLE), fitted_example())  # type: ignore[arg-type]


def test_one_line_registers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMULA_ASSESSMENTS", EXAMPLE)
    result = ask_kepler()
    (evidence,) = (e for e in result.formulas[0].evidence if e.kind == "round_exponents")
    assert evidence.score == 1
    assert "べき指数" in evidence.words.text("ja")
    assert Recommendation.from_json(result.to_json()) == result
    assert "round_exponents" in {gauge.kind for gauge in view.gauges(result.formulas[0], "en")}


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [
        (None, "Mine", "assessment_missing"),
        ("class Mine: pass", "Mine", "assessment_other"),
        ("class Mine: pass", "Other", "assessment_broken"),
        ("1/0", "Mine", "assessment_broken"),
        ("class Mine:\n    kind = 'accuracy'\n    def assess(self, fitted): pass", "Mine", "assessment_twice"),
        ("class Mine:\n    kind = 'stability'\n    def assess(self, fitted): pass", "Mine", "assessment_twice"),
    ],
)
def test_what_cannot_be_registered_is_said_at_once(text: str | None, name: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        everyone(f"{path}:{name}")
    assert caught.value.key == key
    assert caught.value.sentence.text("ja")


FAILING = """
class Mine:
    kind = "mine"

    def assess(self, fitted):
        raise ZeroDivisionError("no luck")
"""


def test_a_failing_assessment_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "failing.py"
    path.write_text(FAILING)
    monkeypatch.setenv("FORMULA_ASSESSMENTS", f"{path}:Mine")
    result = ask_kepler()
    assert [note.text() for note in result.notes if note.key == "note.assessment_failed"] == [
        "The assessment “mine” failed and was left out: ZeroDivisionError: no luck"
    ]
    assert result.formulas[0].number("accuracy", "held_out_nmse") < 1e-3


class Short:
    kind = "short"

    def compare(self, fitted: list[Fitted]) -> list[Evidence]:
        return []


def test_a_failing_comparison_leaves_the_others_whole() -> None:
    found = Panel((*everyone().judges, Short())).judge([fitted_example()])
    assert "short" not in found.evidence[0]
    assert found.evidence[0]["selection"].score == 1
    assert len(found.failures) == 1


def test_judging_ends_when_told() -> None:
    problem = example_problem()
    forms = [fitted_example(text, problem) for text in ("a + b*x0", "a*exp(b*x0)", "a/(b + x0)")]
    found = everyone().judge(forms, lambda done: done < 2)
    assert len(found.evidence) == 2
    assert found.evidence == everyone().judge(forms[:2]).evidence


def test_a_customer_reads_a_line_of_every_part() -> None:
    (evidence,) = everyone().judge([fitted_example()]).evidence
    parts = [e for e in evidence.values() if e.part_of == "stability"]
    assert list(evidence)[:3] == ["accuracy", "edge", "stability"]
    assert len({e.words.text("en") for e in parts}) == len({e.words.text("ja") for e in parts}) == 5
    assert set(evidence["stability"].numbers) == {e.kind for e in parts}
    assert evidence["stability"].score > 0.5
