from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from recommender.evaluate.cases import Case
from recommender.evaluate.scoring import FLOOR, Rows, Task, accepted_errors, nmse, ratio
from recommender.evaluate.truth import Truth
from tests.recommender.evaluate.conftest import Write, decay


def test_errors_are_relative_to_the_variance_of_all_rows(tmp_path: Path, write_case: Write) -> None:
    task = Task.of(Case.read(write_case(tmp_path / "a")), seed=0)
    spread = np.var(np.concatenate([task.train.target, task.held_out.target]))
    assert task.error(task.held_out.target + 1, log=False) == pytest.approx(1 / spread)
    assert task.error(np.full(10, np.nan), log=False) == math.inf
    assert task.error(-task.held_out.target, log=True) == math.inf
    assert task.error(task.held_out.target, log=True) == 0


def test_a_fitted_truth_is_fitted_again_to_the_training_rows(tmp_path: Path, write_case: Write) -> None:
    case = Case.read(write_case(tmp_path / "a", {"data": decay(60)}))
    task = Task.of(case, seed=1)
    assert accepted_errors(Truth.of(case), task)[False] < 1e-20
    published = Case.read(write_case(tmp_path / "b", {"data": decay(60)}, {"expression": "4.9*np.exp(-t/3.1)", "parameters": {}}))
    assert accepted_errors(Truth.of(published), Task.of(published, seed=1))[False] > 1e-5


def test_the_logarithm_counts_where_the_target_spans_decades(tmp_path: Path, write_case: Write) -> None:
    wide = "t,v\n" + "".join(f"{t},{10.0 ** (t / 4)}\n" for t in range(20))
    task = Task.of(Case.read(write_case(tmp_path / "a", {"data": wide})), seed=0)
    truth = Truth.of(Case.read(write_case(tmp_path / "b", {"data": wide}, {"expression": "10**(a*t)", "parameters": {"a": 0.2}})))
    assert task.logarithmic
    assert set(accepted_errors(truth, task)) == {False, True}
    assert not Task.of(Case.read(write_case(tmp_path / "c")), seed=0).logarithmic


def test_in_logarithms_the_accepted_formula_is_fitted_in_logarithms(tmp_path: Path, write_case: Write) -> None:
    t = np.linspace(1, 9, 80)
    v = 10 ** (t / 2) * np.exp(0.3 * np.random.default_rng(0).standard_normal(80))
    text = "t,v\n" + "".join(f"{a},{b}\n" for a, b in zip(t, v, strict=True))
    truth = {"expression": "10**(a*t+b)", "parameters": {"a": 0.4, "b": 0.1}, "parameters_from": "least squares"}
    case = Case.read(write_case(tmp_path / "a", {"data": text}, truth))
    assert accepted_errors(Truth.of(case), Task.of(case, seed=0))[True] == pytest.approx(0.3**2 / np.var(np.log(v)), rel=0.5)


def test_a_test_file_is_used_where_there_is_one(tmp_path: Path, write_case: Write) -> None:
    case = Case.read(write_case(tmp_path / "a", {"train": decay(30), "test": decay(7), "ood": decay(5)}))
    task = Task.of(case, seed=0)
    assert (len(task.train.target), len(task.held_out.target), len(task.edge.target if task.edge else [])) == (30, 7, 5)


def test_rows_with_gaps_are_left_out(tmp_path: Path, write_case: Write) -> None:
    case = Case.read(write_case(tmp_path / "a", {"data": "t,v\n1,2\n,3\n4,\n5,x\n6,7\n"}))
    assert Rows.of(case, case.train).target.tolist() == [2, 7]


def test_two_exact_laws_compare_as_equal() -> None:
    assert ratio(1e-30, 1e-28) == pytest.approx(1)
    assert ratio(1e-3, 0.0) == pytest.approx(1e-3 / FLOOR, rel=1e-6)
    assert ratio(math.inf, 1.0) == math.inf


def test_nmse_of_a_value_that_is_not_finite_is_infinite() -> None:
    assert nmse(np.ones(3), np.array([1, np.nan, 1]), 1.0) == math.inf
