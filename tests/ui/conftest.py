"""The app in a test: pages drawn without a browser, runs worked off in this process, nobody else at work."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("streamlit")

from filelock import FileLock, Timeout
from streamlit.testing.v1 import AppTest

from recommender.jobs import Jobs, RunOptions
from recommender.jobs.worker import serve, slots
from recommender.problem import Problem
from recommender.table import Table

ROOT = Path(__file__).parents[2]
APP = ROOT / "ui" / "app.py"
SPARE = 1000 + os.getpid()  # a slot that no worker is started for


@pytest.fixture(scope="session", autouse=True)
def nobody_works(formula_home: Path) -> Iterator[None]:
    """Every slot of this machine is taken, so that the app starts no worker and a run waits until a test works it off; the line is our own.

    A slot that is taken already is so by tests in a process beside this one.
    """
    folder = formula_home / "workers"
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMULA_STORE_URL", str(formula_home / f"ui-{os.getpid()}.sqlite"))
        for number in range(slots()):
            with suppress(Timeout):
                stack.enter_context(FileLock(folder / f"{number}.lock").acquire(blocking=False))
        yield


@pytest.fixture
def app(formula_home: Path) -> AppTest:
    return AppTest.from_file(APP, default_timeout=180)


@pytest.fixture(scope="session")
def work_off(nobody_works: None) -> Callable[[], None]:
    """Do what waits in line."""
    return lambda: serve(SPARE, idle=0.2)


@pytest.fixture(scope="session")
def finished(work_off: Callable[[], None]) -> str:
    """Id of a run that has ended: a cup of coffee."""
    frame = pd.read_csv(ROOT / "examples" / "cooling_coffee.csv").iloc[::3]
    problem = Problem.of(Table.from_frame(frame, name="coffee"), about="coffee cooling in a room")
    with Jobs() as jobs:
        run_id = jobs.submit(problem, RunOptions(limit=3, effort=0.2, seconds=0))
        work_off()
        assert jobs.look(run_id).state == "done"
    return run_id


@pytest.fixture
def shift_jis(tmp_path: Path) -> Path:
    """A spreadsheet as Japanese Excel writes it: Shift_JIS, full-width brackets, a few words in the headers."""
    path = tmp_path / "冷却.csv"
    rows = [["経過時間（分）", "温度（℃）"], *([t, round(24 + 156 * 2.718281828 ** (-t / 12.4), 1)] for t in range(0, 60, 3))]
    with path.open("w", encoding="shift_jis", newline="") as file:
        csv.writer(file).writerows(rows)
    return path
