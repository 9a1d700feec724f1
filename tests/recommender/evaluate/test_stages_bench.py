"""The laws of `stages` and what counts as the bar."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.evaluate._base import Options, Row
from recommender.evaluate.registry import suites
from recommender.evaluate.stages import BOTH, ONCE, STAGED, WAYS, Asked, Stages, task_of
from recommender.evaluate.stages_laws import LAWS, Law


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_every_input_of_every_law_matters(law: Law) -> None:
    elsewhere = law.elsewhere(0)
    assert 4 <= len(law.box) <= 6
    for name, (low, high) in law.box.items():
        moved = law.formula.evaluate({**elsewhere.columns, name: low + high - elsewhere.columns[name]})
        assert np.std(moved - elsewhere.target) > 0.03 * np.std(elsewhere.target)


def test_half_of_the_laws_is_kept() -> None:
    kept = [law.kept for law in LAWS]
    assert sum(kept) * 2 == len(kept)


def test_noise_is_a_share_of_the_spread_and_the_judge_sees_none() -> None:
    law = LAWS[0]
    task = task_of(Asked(law, True, 0.005, BOTH, 0))
    missed = task.train.target - task.tests["id"].target
    assert np.std(missed) / np.std(task.tests["id"].target) == pytest.approx(0.005, rel=0.2)
    assert np.allclose(law.formula.evaluate(task.off.columns), task.off.target)


def rows(found: dict[str, list[bool]]) -> list[Row]:
    return [Row(f"{way}: {i}", five, {"first": five, "five": five}) for way in WAYS for i, five in enumerate(found[way])]


@pytest.mark.parametrize(
    ("both", "holds"),
    [([True, True, False], True), ([True, False, False], False), ([False, True, True], False)],
    ids=["more", "same", "lost"],
)
def test_the_bar_asks_for_one_more_and_none_lost(both: list[bool], holds: bool) -> None:
    found = {ONCE: [True, False, False], STAGED: [False, True, False], BOTH: both}
    assert Stages().verdict(rows(found)).holds is holds


def test_each_table_is_asked_every_way() -> None:
    (suite,) = suites("stages")
    cases = suite.cases(Options())
    assert {(case.law.name, case.way) for case in cases} == {(law.name, way) for law in LAWS for way in WAYS}
    assert {(case.grid, bool(case.noise)) for case in cases} == {(False, False), (True, False), (False, True), (True, True)}
    assert {case.way for case in suite.cases(Options(quick=True))} == set(WAYS)
