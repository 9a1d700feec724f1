"""A target that is the rate of another column: read finely where that column tells it, left alone everywhere else."""

from __future__ import annotations

import numpy as np
import pytest

from corpus.functions import Array
from recommender.problem import Problem
from recommender.table import Table

ROWS = 200
SCATTER = 0.02


def logistic() -> dict[str, Array]:
    """Growth P(t) and its rate, exactly."""
    t = np.linspace(0.0, 12.0, ROWS)
    p = 8.0 / (1 + 15.0 * np.exp(-0.9 * t))
    return {"t": t, "P": p, "rate": 0.9 * p * (1 - p / 8.0)}


def noisy(values: Array, share: float = SCATTER) -> Array:
    """Independent errors of a share of the spread."""
    return values + share * np.std(values) * np.random.default_rng(5).standard_normal(len(values))


def noted(problem: Problem) -> bool:
    """Whether a person is told."""
    return any(note.key == "note.rate" for note in problem.notes)


def test_scattered_rates_are_read_off_the_column_they_are_the_rate_of() -> None:
    table = logistic()
    problem = Problem.of(Table.of({**table, "rate": noisy(table["rate"])}), target="rate")
    error = np.std(problem.samples.target - table["rate"][problem.rows]) / np.std(table["rate"])
    assert noted(problem)
    assert error < SCATTER / 5


def test_rows_in_any_order_are_read_the_same() -> None:
    table = logistic()
    order = np.random.default_rng(0).permutation(ROWS)
    mixed = {name: values[order] for name, values in ({**table, "rate": noisy(table["rate"])}).items()}
    problem = Problem.of(Table.of(mixed), target="rate")
    assert np.std(problem.samples.target - table["rate"][order][problem.rows]) < SCATTER / 5 * np.std(table["rate"])


def test_steep_ends_are_left_out_and_counted() -> None:
    """A second-order decay falls by a seventh between its first two rows."""
    t = np.linspace(0.0, 20.0, 600)
    a = 5 / (1 + 5 * t)
    problem = Problem.of(Table.of({"t": t, "A": a, "rate": noisy(-(a**2))}), target="rate")
    (told,) = (dict(note.values) for note in problem.notes if note.key == "note.rate")
    assert 0 < told["left"] == len(t) - len(problem.rows) < 15
    assert np.std(problem.samples.target + a[problem.rows] ** 2) < SCATTER / 5 * np.std(a**2)


@pytest.mark.parametrize("changed", ["exact", "state", "other", "sigma"])
def test_rates_are_left_as_they_were_read(changed: str) -> None:
    """Exact rates; a state known no better than its rate; a column that is not its rate; uncertainties that are stated."""
    table = logistic()
    read = table["rate"] if changed == "exact" else noisy(table["rate"])
    state = noisy(table["P"]) if changed == "state" else table["P"] ** 2 if changed == "other" else table["P"]
    stated = {"u": np.full(ROWS, 0.01)} if changed == "sigma" else {}
    given = {"t": table["t"], "P": state, "rate": read, **stated}
    problem = Problem.of(Table.of(given), target="rate", sigma="u" if stated else None)
    assert not noted(problem)
    assert np.array_equal(problem.samples.target, read[problem.rows])
