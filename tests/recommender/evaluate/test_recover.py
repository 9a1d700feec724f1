"""What counts as recovering a law, and what the program is told when it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from corpus.formula import parse
from recommender.evaluate._base import Options, Row
from recommender.evaluate.cases import Case
from recommender.evaluate.recover import Bar, Recover, generated_sums, reaches
from recommender.evaluate.recover_scoring import has_idle_term, is_exact, score
from recommender.evaluate.recover_tasks import RecoverTask, Variant
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Typed
from recommender.recommendation import RankedFormula
from recommender.samples import Samples
from recommender.table import Table
from tests.recommender.evaluate.conftest import Write

TRUTH = {"expression": "5*np.exp(-t/3)", "parameters": {}, "kind": "exact"}


@pytest.fixture
def case(tmp_path: Path, write_case: Write) -> Case:
    return Case.read(write_case(tmp_path / "a", truth=TRUTH))


def candidate(task: RecoverTask, text: str, tmp_path: Path) -> RankedFormula:
    task.write(tmp_path / "table.csv")
    question = task.question
    table = Table.read(tmp_path / "table.csv", question["units"], question["descriptions"])
    problem = Problem.of(table, question["target"], question["inputs"], typed=[text])
    return recommend(problem, proposers=[Typed()], seconds=0, effort=0.5).formulas[0]


@pytest.mark.parametrize(
    ("text", "noise", "exact"),
    [
        ("a*exp(-b*t)", 0.0, True),
        ("a*exp(-b*t)", 0.05, True),
        ("a/(1 + b*t + c*t**2 + d*t**3)", 0.0, False),
        ("a/(1 + b*t)", 0.05, False),
    ],
)
def test_a_law_is_recovered_by_its_form(case: Case, tmp_path: Path, text: str, noise: float, exact: bool) -> None:
    task = RecoverTask.of(case, Variant(noise=noise), 0)
    found = candidate(task, text, tmp_path)
    assert is_exact(found, task, 0) is exact
    assert (score([found], task, 0).rank == 1) is exact


def test_a_term_that_does_nothing_makes_a_form_more_than_the_law() -> None:
    samples = Samples({"x0": np.linspace(1, 2, 9)}, np.linspace(3, 5, 9))
    formula = parse("a*x0 + b*x0**2", ["x0"])
    assert has_idle_term(formula, {"a": 2.0, "b": 1e-9}, samples)
    assert not has_idle_term(formula, {"a": 2.0, "b": 0.1}, samples)


def test_noise_is_on_the_training_target_alone(case: Case) -> None:
    clean, noisy = (RecoverTask.of(case, Variant(noise=noise), 0) for noise in (0.0, 0.1))
    assert np.std(noisy.train.target - clean.train.target) == pytest.approx(0.1 * np.std(clean.train.target), rel=0.4)
    np.testing.assert_array_equal(noisy.tests["id"].target, clean.tests["id"].target)
    np.testing.assert_array_equal(noisy.off.target, clean.off.target)


def test_hidden_names_say_nothing(case: Case, tmp_path: Path) -> None:
    task = RecoverTask.of(case, Variant(hidden=True), 0)
    task.write(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text().splitlines()[0] == "v1,out"
    assert task.question == {"about": "", "target": "out", "inputs": ["v1"], "units": {"v1": "s", "out": "V"}, "descriptions": {}}


def test_another_column_as_the_target(case: Case, tmp_path: Path) -> None:
    task = RecoverTask.of(case, Variant(other=True), 0)
    assert (task.question["target"], task.question["inputs"]) == ("t", ["v"])
    assert is_exact(candidate(task, "a*log(v) + b", tmp_path), task, 0)


@pytest.mark.parametrize(("expression", "told"), [("5*np.exp(-t/3)", "corpus other"), ("(t - 2)**2", "corpus other not unique")])
def test_a_column_with_two_solutions_is_counted_apart(tmp_path: Path, write_case: Write, expression: str, told: str) -> None:
    case = Case.read(write_case(tmp_path / "b", truth={**TRUTH, "expression": expression}))
    assert RecoverTask.of(case, Variant(other=True), 0).group == told


def test_generated_sums_are_the_same_for_a_seed() -> None:
    one, other = (list(generated_sums(Options(quick=True, seed=3), Variant(corpus=False))) for _ in range(2))
    assert [task.name for task in one] == [task.name for task in other]
    np.testing.assert_array_equal(one[0].train.target, other[0].train.target)


def test_a_sample_is_held_to_the_same_share() -> None:
    found = {"count": 12.0, "first": 8.0, "five": 9.0, "beyond": 1e-9}
    assert reaches(Bar(72, first=48), found)
    assert not reaches(Bar(72, first=49), found)
    assert not reaches(Bar(72, beyond=1e-12), found)


def test_the_verdict_counts_each_group_against_its_own_bar() -> None:
    suite = Recover("sums", (Variant(),), {"corpus": Bar(2, first=1), "corpus 5 %": Bar(2, first=2)}, generated_sums)
    known = {"program": "formula", "five": True, "all": True, "best_ood": 0.0, "seconds": 1.0}
    pairs = [(group, first) for group in suite.bars for first in (True, False)]
    rows = [Row(f"{group} {first}", first, {**known, "group": group, "first": first}) for group, first in pairs]
    verdict = suite.verdict(rows)
    assert not verdict.holds
    assert verdict.numbers["corpus first"] == 1
    assert suite.verdict(rows[:2]).holds
