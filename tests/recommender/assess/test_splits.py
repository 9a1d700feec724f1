"""Rows that tell of each other are not parted."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.problem import Problem
from recommender.table import Table

N = 100
RNG = np.random.default_rng(3)


def ask(**columns: object) -> Problem:
    return Problem.of(Table.of(columns), "y")  # type: ignore[arg-type]


def along(name: str, values: np.ndarray) -> Problem:
    return Problem.of(Table.of({name: values, "y": values**2 + RNG.normal(0, 1, len(values))}), "y")


def is_contiguous(rows: np.ndarray) -> bool:
    return bool(np.all(np.diff(np.sort(rows)) == 1))


@pytest.mark.parametrize("name", ["delay [ms]", "t", "時間", "Time"])
def test_neighbours_in_time_are_held_out_together(name: str) -> None:
    problem = along(name, np.linspace(0, 9, N))
    assert len(problem.folds) == 10
    assert all(is_contiguous(test) for _, test in problem.folds)
    assert sorted(np.concatenate([test for _, test in problem.folds])) == list(range(N))


@pytest.mark.parametrize(
    ("name", "values"),
    [("delay [ms]", RNG.permutation(np.linspace(0, 9, N))), ("x", np.linspace(0, 9, N)), ("length [m]", np.linspace(0, 9, N))],
    ids=["time at random", "no time", "length"],
)
def test_what_is_no_time_series_is_held_out_at_random(name: str, values: np.ndarray) -> None:
    problem = along(name, values)
    assert len(problem.folds) == 15
    assert not any(is_contiguous(test) for _, test in problem.folds)


def test_repetitions_part_the_rows_anew() -> None:
    problem = along("x", np.linspace(0, 9, N))
    first, second = ({tuple(test) for _, test in problem.folds[i : i + 5]} for i in (0, 5))
    assert not first & second


def test_time_that_is_no_input_has_an_edge() -> None:
    t = np.linspace(0, 9, N)
    problem = Problem.of(Table.of({"time [s]": t, "x": RNG.permutation(t), "y": t}), "y", ["x"])
    assert set(problem.edges_along) == {"x0", "time"}
    late, early = problem.edges_along["time"]
    assert late[1].min() > late[0].max()
    assert early[1].max() < early[0].min()


def test_resamples_of_a_time_series_keep_neighbours() -> None:
    ordered, loose = along("t", np.linspace(0, 9, N)), along("x", np.linspace(0, 9, N))
    runs = [np.mean([np.mean(np.diff(drawn) == 1) for drawn in problem.draws(20)]) for problem in (ordered, loose)]
    assert runs[0] > 0.6 > 0.1 > runs[1]


def test_resamples_keep_repeats_together() -> None:
    problem = ask(x=np.repeat(np.arange(12.0), 3), y=RNG.normal(0, 1, 36))
    for drawn in problem.draws(10):
        assert set(np.bincount(drawn // 3, minlength=12) % 3) == {0}
        left = np.setdiff1d(np.arange(36), drawn)
        assert not set(left // 3) & set(drawn // 3)
