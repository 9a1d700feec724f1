"""The program under test sees the customer's words and the training rows, and nothing else, however hard it looks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from recommender.evaluate._base import Options
from recommender.evaluate.cases import Case
from recommender.evaluate.program import WorkerProgram
from recommender.evaluate.scoring import Task
from recommender.evaluate.tables import Tables
from tests.recommender.evaluate.conftest import CANARY, Write

_SPY = """
for request in requests:
    seen = {"request": request, "environment": dict(os.environ), "arguments": sys.argv, "folder": os.getcwd()}
    seen["files"] = {name: open(name).read() for name in os.listdir(".")}
    with open(os.environ["SPY"], "a") as out: print(json.dumps(seen), file=out)
    reply(failure="seen")
"""

# the real worker, with every file it opens written down
_AUDITED = """
import runpy, sys
opened = open({log!r}, "a", buffering=1)
sys.addaudithook(lambda event, arguments: event == "open" and isinstance(arguments[0], str) and print(arguments[0], file=opened))
runpy.run_module("recommender.evaluate.worker", run_name="__main__")
print(*sys.modules, sep="\\n", file=opened)
"""


def test_a_program_that_looks_around_finds_nothing(
    tmp_path: Path, write_case: Write, script: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPY", str(tmp_path / "spy"))
    case = Case.read(write_case(tmp_path / f"source-{CANARY}" / f"name-{CANARY}"))
    suite, program = Tables(), WorkerProgram(None, script(_SPY))
    try:
        [row] = suite.run(suite.cases(Options(case.folder))[0], program)
    finally:
        program.close()
    seen = (tmp_path / "spy").read_text()
    assert row.failure == "seen"
    assert CANARY not in seen
    told = json.loads(seen)
    assert set(told["request"]) == {
        "task",
        "table",
        "seed",
        "limit",
        "seconds",
        "workers",
        "about",
        "target",
        "inputs",
        "units",
        "descriptions",
    }
    assert list(told["files"]) == ["table.csv"]


def test_the_held_out_rows_stay_with_the_scorer(tmp_path: Path, write_case: Write) -> None:
    case = Case.read(write_case(tmp_path / "a"))
    task = Task.of(case, seed=0)
    task.table.write(tmp_path / "table.csv")
    given = (tmp_path / "table.csv").read_text().splitlines()
    assert len(given) == 1 + 30
    held = {f"{t!r}" for t in task.held_out.columns["t"].tolist()}
    assert not held & {line.split(",")[0] for line in given}


def test_the_worker_opens_no_truth_and_loads_no_scorer(tmp_path: Path, write_case: Write, small_home: Path) -> None:
    del small_home
    case = Case.read(write_case(tmp_path / f"source-{CANARY}" / "case"))
    log = tmp_path / "opened"
    suite = Tables()
    program = WorkerProgram(suite.hello, [sys.executable, "-P", "-c", _AUDITED.format(log=str(log))])
    try:
        [row] = suite.run(suite.cases(Options(case.folder))[0], program)
    finally:
        program.close()
    opened = log.read_text()
    assert row.failure == ""
    assert row.values["candidates"] >= 2
    assert "table.csv" in opened
    assert "truth.json" not in opened
    assert CANARY not in opened
    modules = set(opened.splitlines())
    assert "recommender.evaluate.worker" in modules or "recommender.session" in modules
    assert not {"recommender.evaluate.truth", "recommender.evaluate.scoring", "recommender.evaluate.cases"} & modules


def test_without_a_truth_the_worker_does_its_part_and_the_scorer_says_what_is_missing(
    tmp_path: Path, write_case: Write, script: Callable[[str], list[str]]
) -> None:
    folder = write_case(tmp_path / "a")
    (folder / "truth.json").unlink()
    from recommender.evaluate.run import run_suite

    suite = Tables()
    [row] = run_suite(suite, suite.cases(Options(folder)), 1, command=script("for request in requests: reply()"))
    assert not row.passed
    assert "truth.json" in row.failure
