"""Runs in a line: ordered by one process, worked by another, looked at and steered by a third."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import JobError, RecommenderError, StoreError
from indexes import Retriever
from recommender.jobs import Jobs, RunOptions, ensure_worker
from recommender.jobs.worker import serve
from recommender.llm import Members
from recommender.problem import Problem
from recommender.repeat import same_answer
from recommender.session import order, replay, resume
from recommender.store import Store
from recommender.table import Table
from recommender.watching import News

X = np.linspace(0.2, 5, 20)
SLOT = 2000 + os.getpid()  # one that no worker of the machine has
QUICK = RunOptions(limit=2, effort=0.02, seconds=0)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "runs.sqlite")


@pytest.fixture
def problem() -> Problem:
    table = Table.of({"t [s]": X, "T [K]": 300 + 50 * np.exp(-X / 2)}).with_descriptions({"t": "time"})
    return Problem.of(table, about="cooling", require=("positive",), known={"T_room": "300 K"}, seed=3)


def test_a_question_is_kept_whole(url: str, problem: Problem) -> None:
    with Jobs(url) as jobs:
        run_id = jobs.submit(problem, QUICK)
        again = jobs.problem(run_id)
    assert again.table.content_hash == problem.table.content_hash
    assert [c.description for c in again.table.columns] == ["time", ""]
    assert (again.about, again.seed, again.require, again.known) == (problem.about, problem.seed, problem.require, problem.known)


def test_runs_are_worked_in_their_order(url: str, problem: Problem) -> None:
    with Jobs(url) as jobs:
        first, second = jobs.submit(problem, QUICK), jobs.submit(problem, QUICK)
        assert [jobs.look(run).place for run in (first, second)] == [1, 2]
        assert jobs.look(first).state == "queued"
        serve(SLOT, url, idle=0.0)
        looks = [jobs.look(run) for run in (first, second)]
    assert [look.state for look in looks] == ["done", "done"]
    assert [look.place for look in looks] == [0, 0]
    assert looks[0].result is not None
    assert looks[0].result.formulas
    assert looks[0].share == 1.0
    assert looks[0].interim is not None


def test_a_worker_of_its_own_takes_what_waits(
    url: str, problem: Problem, formula_home: Path, retriever: Retriever, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del retriever  # the index is there before the worker looks for it
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "index").symlink_to(formula_home / "index")
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path / "home"))  # where every slot is free, whatever other tests do
    with Jobs(url) as jobs:
        run_id = jobs.submit(problem, QUICK)
        ensure_worker(url, idle=0.5)
        limit = time.monotonic() + 120
        while not (look := jobs.look(run_id)).is_finished and time.monotonic() < limit:
            time.sleep(0.2)
    assert look.state == "done", look.error


def test_the_line_is_bounded(url: str, problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.jobs.jobs.MAX_WAITING", 1)
    with Jobs(url) as jobs:
        jobs.submit(problem, QUICK)
        with pytest.raises(JobError, match="minutes"):
            jobs.submit(problem, QUICK)


def test_tenants_do_not_see_each_other(url: str, problem: Problem) -> None:
    with Jobs(url) as jobs:
        run_id = jobs.submit(problem, QUICK, tenant="a")
        assert jobs.look(run_id, tenant="a").state == "queued"
        assert not jobs.runs("b")
        with pytest.raises(StoreError):
            jobs.look(run_id, tenant="b")
        with pytest.raises(StoreError):
            jobs.steer(run_id, "stop", tenant="b")


def test_a_run_that_waits_can_be_called_off(url: str, problem: Problem) -> None:
    with Jobs(url) as jobs:
        run_id = jobs.submit(problem, QUICK)
        jobs.steer(run_id, "stop")
        assert jobs.look(run_id).state == "stopped"
        with pytest.raises(JobError, match="ended"):
            jobs.steer(run_id, "stop")


def test_a_command_waits_for_the_run_and_is_on_record(url: str, problem: Problem) -> None:
    with Jobs(url) as jobs:
        run_id = jobs.submit(problem, QUICK)
        jobs.steer(run_id, "forbid", "exp", author="Hanako")
        assert not jobs.look(run_id).commands[0].point
        with pytest.raises(RecommenderError):
            jobs.steer(run_id, "forbid", "nothing")
        serve(SLOT, url, idle=0.0)
        look = jobs.look(run_id)
    assert (look.commands[0].author, bool(look.commands[0].point)) == ("Hanako", True)
    assert look.result is not None
    assert not any("exp" in formula.text for formula in look.result.formulas)


def test_rows_that_no_longer_count_are_left_out_by_whoever_looks_later(url: str, problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from recommender.cli import app

    monkeypatch.setenv("FORMULA_STORE_URL", url)
    with Jobs(url) as jobs:
        run_id = jobs.submit(problem, QUICK)
        said = CliRunner().invoke(app, ["steer", run_id, "range", "t", "1", "4"])
        assert said.exit_code == 0, said.output
        assert len(jobs.problem(run_id).rows) == 20
        serve(SLOT, url, idle=0.0)
        look, count = jobs.look(run_id), int(np.sum((X >= 1) & (X <= 4)))
        assert look.result is not None
        assert (look.result.rows, len(jobs.problem(run_id).rows)) == (count, count)
    with Store.open(url) as store:  # who goes through it again hears the same commands
        record = store.run(run_id)
        again = replay(record, problem.table, (), store.events(run_id))
    assert same_answer(look.result.to_dict(), again.to_dict())


def test_a_question_that_cannot_be_answered_says_why(url: str, problem: Problem) -> None:
    from dataclasses import replace

    with Jobs(url) as jobs:
        run_id = jobs.submit(replace(problem, typed=("a*nonsense(",)), QUICK)
        serve(SLOT, url, idle=0.0)
        look = jobs.look(run_id)
    assert look.state == "failed"
    assert look.error is not None
    assert look.error.text("ja") != look.error.text("en")


def test_a_run_whose_worker_died_is_somebody_elses(url: str, problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.jobs.worker.PATIENCE", 0.0)
    with Jobs(url) as jobs, Store.open(url) as store:
        run_id = jobs.submit(problem, QUICK)
        assert store.claim("a worker that dies at once", 60.0) == run_id
        serve(SLOT, url, idle=0.0)
        assert jobs.look(run_id).state == "done"


def test_a_run_that_takes_its_workers_down_is_given_up(url: str, problem: Problem) -> None:
    with Jobs(url) as jobs, Store.open(url) as store:
        run_id = jobs.submit(problem, QUICK)
        for _ in range(4):
            store.append_event(run_id, "begun", {})
        serve(SLOT, url, idle=0.0)
        look = jobs.look(run_id)
    assert look.state == "failed"
    assert look.error is not None


def test_a_run_is_taken_up_where_its_process_ended(url: str, problem: Problem) -> None:
    with Store.open(url) as store:
        run_id = order(store, problem, QUICK, Members(()))
        result = resume(run_id, store_url=url)
        record = store.run(run_id)
        assert record.status == "done"
        assert News.of(record).ranking is not None
    assert result.formulas
    with pytest.raises(StoreError, match="ended"):
        resume(run_id, store_url=url)
