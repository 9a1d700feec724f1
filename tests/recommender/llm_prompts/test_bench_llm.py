"""The ledger of language models: counted by member, role and context, and judged against its bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpus.errors import BenchError
from recommender.evaluate._base import Answer, Options
from recommender.evaluate.llm import Asked, Ledger
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.table import Table


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
