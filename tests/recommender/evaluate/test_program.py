from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from recommender.evaluate.program import COMMAND, WorkerProgram

Script = Callable[[str], list[str]]
Start = Callable[..., WorkerProgram]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts programs, and closes them after the test."""
    begun: list[WorkerProgram] = []

    def begin(command: Sequence[str], hello: dict[str, object] | None = None) -> WorkerProgram:
        begun.append(WorkerProgram(hello, command))
        return begun[-1]

    yield begin
    for program in begun:
        program.close()


def test_an_answer_comes_back(start: Start, script: Script) -> None:
    program = start(script("for request in requests: reply({'double': 2 * request['n']})"))
    assert [program.ask({"n": n}, 10).value["double"] for n in (1, 2, 3)] == [2, 4, 6]


def test_a_crash_is_an_answer_and_the_next_case_gets_a_fresh_process(start: Start, script: Script) -> None:
    program = start(
        script(
            "for request in requests:\n"
            "    if request['die']:\n"
            "        print('out of memory', file=sys.stderr)\n"
            "        os._exit(9)\n"
            "    reply({'pid': os.getpid()})"
        )
    )
    first = program.ask({"die": False}, 10).value["pid"]
    died = program.ask({"die": True}, 10)
    assert died.failure == "crash: exit status 9 out of memory"
    assert program.ask({"die": False}, 10).value["pid"] != first


def test_a_program_that_overruns_is_killed(start: Start, script: Script) -> None:
    program = start(script("for request in requests:\n    time.sleep(request['s'])\n    reply({'slept': request['s']})"))
    late = program.ask({"s": 60}, 0.3)
    assert late.failure == "time-out: 0.3 s"
    assert program.ask({"s": 0}, 10).value["slept"] == 0


def test_hello_is_said_once_to_each_process(start: Start, script: Script) -> None:
    program = start(
        script("said = [r for r in [next(requests)]]\nreply()\nfor request in requests: reply({'said': said})"), {"task": "hello"}
    )
    assert program.ask({}, 10).value == {"said": [{"task": "hello"}]}
    assert program.ask({}, 10).value == {"said": [{"task": "hello"}]}


def test_a_program_that_cannot_start_is_an_answer(start: Start) -> None:
    assert start([sys.executable, "-c", "raise SystemExit(3)"]).ask({}, 10).failure == "crash: exit status 3"


def test_the_folder_says_nothing_and_goes_away(script: Script) -> None:
    program = WorkerProgram(None, script("for request in requests: reply({'cwd': os.getcwd()})"))
    folder = program.folder
    assert Path(program.ask({}, 10).value["cwd"]) == folder.resolve()
    assert folder.name.startswith("bench-")
    program.close()
    assert not folder.exists()


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerProgram]:
    program = WorkerProgram({"task": "hello", "fit": True}, COMMAND)
    yield program
    program.close()


def test_the_worker_fits(worker: WorkerProgram) -> None:
    x = np.linspace(0, 5, 40)
    request = {"task": "fit", "method": "ours", "text": "p0*exp(-p1*x)", "parameters": ["p0", "p1"], "budget": 0.5, "seed": 1}
    answer = worker.ask({**request, "columns": {"x": x.tolist()}, "target": (3 * np.exp(-0.7 * x)).tolist()}, 60)
    assert answer.failure == ""
    assert answer.value["parameters"] == pytest.approx({"p0": 3, "p1": 0.7})
    assert 0 < answer.value["cpu"] <= answer.cpu
    assert json.dumps(answer.value)


def test_an_error_of_ours_is_its_sentence(worker: WorkerProgram) -> None:
    request = {"task": "recommend", "table": "nowhere.csv", "units": {}, "descriptions": {}, "target": "v", "inputs": ["t"]}
    answer = worker.ask({**request, "about": "", "seed": 0, "limit": 5}, 60)
    assert answer.failure.startswith("TableError: There is no file")


def test_any_other_error_is_a_crash(worker: WorkerProgram) -> None:
    assert worker.ask({"task": "fit", "columns": 3}, 60).failure.startswith("crash: AttributeError")
