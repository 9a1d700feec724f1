"""The workers of a Dask cluster take the steps: the same answer, also when one of them is lost on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from corpus.errors import SettingsError
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.progress import Progress
from recommender.table import Table

distributed = pytest.importorskip("distributed")
X = np.linspace(0.2, 5, 20)


@pytest.fixture(scope="module")
def problem() -> Problem:
    rng = np.random.default_rng(3)
    return Problem.of(Table.of({"x": X, "y": 2 + 3 * X * np.exp(-0.8 * X) + rng.normal(0, 0.01, X.size)}), seed=5)


def answer(problem: Problem, **options: object) -> str:
    return recommend(problem, seconds=0, effort=0.05, steps=14, limit=2, **options).to_json()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cluster() -> Iterator[object]:
    made = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1")
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_a_cluster_gives_the_same_answer_even_if_it_loses_a_worker(problem: Problem, cluster: object) -> None:
    lost: list[int] = []

    def lose_one(progress: Progress) -> None:
        if progress.stage == "islands" and progress.done == 4 and not lost:
            lost.append(next(iter(cluster.workers.values())).process.process.pid)  # type: ignore[attr-defined]
            os.kill(lost[0], signal.SIGKILL)

    found = answer(problem, cluster=cluster.scheduler_address, progress=lose_one)  # type: ignore[attr-defined]
    assert lost
    assert found == answer(problem)


def test_a_cluster_that_does_not_answer_is_an_error_with_a_cure(problem: Problem) -> None:
    with pytest.raises(SettingsError, match="--cluster"):
        answer(problem, cluster="tcp://127.0.0.1:1")
