"""The drill of faults: a disk that fills up and a database that goes away in the middle of a run."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from corpus.errors import StoreError
from corpus.language import LANGUAGES
from recommender.llm import Members
from recommender.problem import Problem
from recommender.progress import Progress
from recommender.repeat import same_answer
from recommender.session import Options, Surroundings, order, resume, work
from recommender.store import Store
from recommender.table import Table
from tests.recommender.conftest import postgres_server

X = np.linspace(0.2, 5, 30)
OPTIONS = Options(limit=2, effort=0.1, seconds=0, steps=12)


@pytest.fixture(scope="module", autouse=True)
def few_finalists() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.racing.FINALISTS", 4)
        yield


@pytest.fixture(scope="module")
def problem() -> Problem:
    rng = np.random.default_rng(3)
    return Problem.of(Table.of({"x": X, "y": 2 + 3 * X * np.exp(-0.8 * X) + rng.normal(0, 0.01, X.size)}), seed=5)


@pytest.fixture(scope="module")
def calm(problem: Problem, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer of a run that nobody disturbs."""
    with Store.open(str(tmp_path_factory.mktemp("calm") / "runs.sqlite")) as store:
        return work(store, order(store, problem, OPTIONS, Members(())), Surroundings()).to_dict()


def at_step(number: int, act: Callable[[], object]) -> Surroundings:
    """Something happens to the store when the islands have taken so many steps."""

    def tell(progress: Progress) -> None:
        if (progress.stage, progress.done) == ("islands", number):
            act()

    return Surroundings(progress=tell)


def interrupted(store: Store, run_id: str, around: Surroundings) -> StoreError:
    """The error of a run that cannot keep its record; it says how to go on, in every language."""
    with pytest.raises(StoreError) as caught:
        work(store, run_id, around)
    assert caught.value.key == "run_interrupted"
    assert all(f"formula resume {run_id[:8]}" in caught.value.text(language) for language in LANGUAGES)
    return caught.value


def gone_on(url: str, run_id: str, calm: dict[str, Any]) -> None:
    """The run goes on, loses nothing, does nothing twice, and comes to the answer of the calm one."""
    with Store.open(url) as store:
        assert store.run(run_id).status == "running"
        kept = store.events(run_id)
        assert sum(one.kind == "step" for one in kept) >= 3
    assert same_answer(calm, resume(run_id, store_url=url).to_dict())
    with Store.open(url) as store:
        events = store.events(run_id)
    assert events[: len(kept)] == kept
    assert [one.seq for one in events] == list(range(1, len(events) + 1))
    names = [(one.kind, one.payload["name"]) for one in events if "outcome" in one.payload]
    assert len(set(names)) == len(names)


@contextmanager
def full(store: Store) -> Iterator[Callable[[], None]]:
    """A disk without room, once the function is called: SQLite may not have another page."""

    def limit(connection: Any, record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        event.listen(store._engine, "connect", limit)
        store._engine.dispose()

    yield fill
    event.remove(store._engine, "connect", limit)


def test_a_run_goes_on_when_there_is_room_again(problem: Problem, calm: dict[str, Any], tmp_path: Path) -> None:
    url = str(tmp_path / "runs.sqlite")
    with Store.open(url) as store:
        run_id = order(store, problem, OPTIONS, Members(()))
        with full(store) as fill:
            error = interrupted(store, run_id, at_step(4, fill))
    assert "Free some space" in str(error)
    gone_on(url, run_id, calm)


def test_a_run_goes_on_when_its_folder_is_back(problem: Problem, calm: dict[str, Any], tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    url = str(folder / "runs.sqlite")
    with Store.open(url) as store:
        run_id = order(store, problem, OPTIONS, Members(()))
        error = interrupted(store, run_id, at_step(4, lambda: folder.rename(elsewhere)))
        assert "Put it back" in str(error)
        with pytest.raises(StoreError, match="Put it back"):
            store.runs()
    elsewhere.rename(folder)
    gone_on(url, run_id, calm)


def test_a_file_that_another_one_has_taken_the_place_of(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    with Store.open(str(path)) as store:
        path.rename(tmp_path / "old.sqlite")
        with Store.open(str(path)) as other:
            assert other.runs() == []
        with pytest.raises(StoreError, match="no longer there"):
            store.runs()


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server of its own, to be stopped."""
    with warnings.catch_warnings(), postgres_server() as found:
        warnings.simplefilter("ignore")
        yield found


@pytest.mark.skipif(os.name == "nt", reason="the package has no server for Windows")
def test_a_run_goes_on_when_its_server_is_back(problem: Problem, calm: dict[str, Any], server: Any) -> None:
    url = server.get_uri()
    with Store.open(url) as store:
        run_id = order(store, problem, OPTIONS, Members(()))
        error = interrupted(store, run_id, at_step(4, server.stop))
        assert "does not answer" in str(error)
        server.ensure_postgres_running()
        assert store.run(run_id).status == "running"  # the same program goes on, too
    gone_on(url, run_id, calm)
