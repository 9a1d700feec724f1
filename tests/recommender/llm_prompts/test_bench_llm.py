"""The ledger of language models: counted by member, role and context, and judged against its bar."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.errors import BenchError
from recommender.evaluate._base import Answer, Options
from recommender.evaluate.llm import Asked, Ledger
from recommender.evaluate.llm_tasks import EDITS, ask_members
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.table import Table
from tests.recommender.llm.server import running


class Program:
    """Answers with calls and recommendations made beforehand."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        self.folder = folder
        self.asked: list[Mapping[str, Any]] = []
        self._answer = answer

    def ask(self, request: Mapping[str, Any], limit: float) -> Answer:
        self.asked.append(request)
        return self._answer


def call(member: str, context: bool, **more: Any) -> dict[str, Any]:
    base = {"member": member, "role": "proposer", "failure": "", "json": True, "offered": 3, "rejected": 0, "useful": 1, "new": 0}
    return {**base, "seconds": 2.0, "tokens": 100, "context": context, **more}


@pytest.fixture(scope="module")
def cases() -> Sequence[Asked]:
    return Ledger().cases(Options(members=Path("members.toml")))


@pytest.fixture
def case(cases: Sequence[Asked]) -> Asked:
    return cases[0]


def right(case: Asked) -> str:
    """The recommendation of somebody who knows the law."""
    rows, target = case.task.train, str(case.task.question["target"])
    table = Table.of({**rows.columns, target: rows.target})
    problem = Problem.of(table, target, list(rows.columns), typed=("c0 + c1*" + next(iter(rows.columns)),))
    return recommend(problem, waves=(), limit=5).to_json()


def test_it_needs_members_and_takes_twenty_tables(cases: Sequence[Asked]) -> None:
    with pytest.raises(BenchError) as caught:
        Ledger().cases(Options())
    assert caught.value.key == "bench_needs_members"
    assert len({case.label for case in cases}) == 20


def test_calls_are_condensed_by_member_and_context_and_nothing_of_the_truth_is_sent(case: Asked, tmp_path: Path) -> None:
    calls = [call("a", True), call("a", True, json=False, offered=1, rejected=3), call("a", False, useful=0)]
    found = {"retrieval": right(case), "members": None, "union": right(case)}
    program = Program(tmp_path, Answer({"calls": calls, "found": found}))
    rows = Ledger().run(case, program)
    (sent,) = program.asked
    assert set(sent) == {"task", "table", "members", "seed", "target", "inputs", "units", "descriptions", "about"}
    shown = {row.case: row.values for row in Ledger().shown(rows)}
    assert shown["a / proposer / +"] == {"calls": 2, "json": "50 %", "parsed": "57 %", "useful": 2, "new": 0, "seconds": 2.0}
    assert shown["a / proposer / -"]["useful"] == 0
    assert shown["members"] == {"calls": 1, "five": 0}
    assert not Ledger().verdict(rows).holds


def test_the_bar_asks_that_both_together_beat_each_alone(case: Asked) -> None:
    from recommender.evaluate._base import Row

    calls = [Row("t", True, {"kind": "call", **call("a", True)})] * 10
    five = {"retrieval": 1, "members": 1, "union": 2}
    rows = [
        Row(str(i), True, {"kind": "recovery", "source": source, "five": i < count}) for source, count in five.items() for i in range(3)
    ]
    assert Ledger().verdict([*calls, *rows]).holds
    worse = [Row(row.case, True, {**row.values, "five": False}) if row.values["source"] == "union" else row for row in rows]
    assert not Ledger().verdict([*calls, *worse]).holds
    assert not Ledger().verdict([*calls[:1], Row("t", True, {"kind": "call", **call("a", True, json=False)}), *rows]).holds


def test_a_program_that_fails_is_a_row_that_says_so(case: Asked, tmp_path: Path) -> None:
    rows = Ledger().run(case, Program(tmp_path, Answer(failure="crash: KeyError")))
    assert {row.failure for row in rows} == {"crash: KeyError"}
    assert Ledger().verdict(rows).holds is False
    assert np.all([not row.passed for row in rows])


def test_tables_come_from_every_folder_of_cases(tmp_path: Path) -> None:
    for kind in ("01_first", "02_second"):
        for case in ("a", "b", "c"):
            exact_case(tmp_path / kind / case)
    found = Ledger().cases(Options(tmp_path, members=Path("members.toml"), quick=True))
    assert [case.label for case in found] == ["01_first/a", "01_first/b", "02_second/a", "02_second/b"]


def exact_case(folder: Path) -> None:
    folder.mkdir(parents=True)
    told = {"target": {"name": "v"}, "features": [{"name": "t"}], "files": {"data": "data.csv"}, "context": "a discharge"}
    rows = "".join(f"{t},{5 * math.exp(-t / 3)}\n" for t in np.linspace(0.1, 9, 40).tolist())
    (folder / "data.csv").write_text("t,v\n" + rows)
    (folder / "problem.json").write_text(json.dumps(told))
    (folder / "truth.json").write_text(json.dumps({"expression": "5*exp(-t/3)", "kind": "exact"}))


@pytest.mark.slow
def test_members_are_asked_in_every_role_and_editors_go_on_from_what_was_heard(tmp_path: Path) -> None:
    t = np.linspace(0.1, 9, 40)
    problem = Problem.of(Table.of({"time": t, "T": 20 + 3 * np.exp(-t / 3) * np.cos(2 * t)}), "T")
    with running() as server:
        path = tmp_path / "members.toml"
        path.write_text(f'[[member]]\nname = "one"\nmodel = "openai/good"\napi_base = "{server.url}"\nrole = "proposer, editor"\n')
        answer = ask_members(problem, None, path)
    assert [(call["role"], call["context"]) for call in answer["calls"]] == [
        ("proposer", True),
        *[("editor", True)] * EDITS,
        ("proposer", False),
        ("editor", False),
    ]
    assert all(call["json"] and call["offered"] == 1 and not call["failure"] for call in answer["calls"])
    asked = [one.body["messages"][-1]["content"] for one in server.seen]
    assert [("parent" in text, "tried" in text) for text in asked[:1]] == [(False, True)]
    assert ["exp(-time/tau)" in text for text in asked[:2]] == [False, True], "what was heard is told to the next one"
    assert ['"probes": [' in text for text in asked] == [*[True] * (1 + EDITS), False, False]
    assert set(answer["found"]) == {"retrieval", "members", "union"}
    assert "exp" in answer["found"]["members"]
