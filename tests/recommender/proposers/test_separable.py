"""Problems that fall apart are solved by their parts."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.context import gather
from recommender.problem import Problem
from recommender.proposers.dimensional.data import Data
from recommender.proposers.separable import Separable
from recommender.proposers.separable.structure import mergers, splits
from recommender.proposers.separable.surrogate import Surrogate
from recommender.table import Table
from recommender.testing import check_proposer, example_problem

RNG = np.random.default_rng(5)
A, B, C, D = (RNG.uniform(1, 4, 160) for _ in range(4))


def data_of(y: np.ndarray, *columns: np.ndarray) -> Data:
    names = "abcd"[: len(columns)]
    return Data.of(Problem.of(Table.of({**dict(zip(names, columns, strict=True)), "y": y})))


@pytest.mark.parametrize(
    ("kind", "y"),
    [
        ("a - b", np.exp(-((A - B) ** 2) / 4) * C),
        ("a + b", (A + B) * (2 + np.sin(C))),
        ("a*b", np.exp(-A * B / 4) * C),
        ("a/b", np.cos(A / B) * C),
        ("a^2 + b^2", C / (A**2 + B**2)),
    ],
)
def test_two_columns_that_act_as_one_are_seen(kind: str, y: np.ndarray) -> None:
    data = data_of(y, A, B, C)
    first = next(merger for merger in mergers(data, Surrogate(data)) if {merger.first, merger.second} == {0, 1})
    assert first.kind == kind


@pytest.mark.parametrize(("product", "y"), [(False, A * np.sqrt(B) + np.sin(C)), (True, (A + B) * (2 + np.sin(C)))])
def test_columns_that_act_apart_are_seen(product: bool, y: np.ndarray) -> None:
    data = data_of(y, A, B, C)
    best = splits(data, Surrogate(data), 0)[0]
    assert (best.part, best.product) == ((0, 1), product)


@pytest.mark.slow
def test_a_sum_of_parts_is_found() -> None:
    y = 2 * np.exp(-A) * B + 3 * np.sin(C) * D
    problem = Problem.of(Table.of({"a": A, "b": B, "c": C, "d": D, "y": y}))
    errors = []
    for proposal in Separable(6.0).propose(problem, gather(problem, None), ()):
        values = proposal.formula.evaluate(problem.samples.columns, {**proposal.known, **proposal.starts})
        errors.append(float(np.sqrt(np.mean((values - y) ** 2)) / np.std(y)))
    assert min(errors) < 1e-9


def test_one_input_is_left_to_others() -> None:
    problem = example_problem()
    assert list(Separable(1.0).propose(problem, gather(problem, None), ())) == []


def test_the_contract() -> None:
    problem = Problem.of(Table.of({"a": A[:30], "b": B[:30], "y": A[:30] + np.sin(B[:30])}))
    check_proposer(Separable(0.1), problem)
