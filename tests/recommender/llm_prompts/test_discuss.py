"""A dialogue about a run: the same tools for a person and for an agent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from typer.testing import CliRunner

from corpus.errors import StoreError
from corpus.language import LANGUAGES
from indexes import open_index
from recommender.cli import app
from recommender.cli_assist import question_of
from recommender.llm.discuss import TOOLS, Discussion, agent, answer, usage
from recommender.llm.members import Members
from recommender.problem import Problem
from recommender.search import Command
from recommender.session import Options, Surroundings, order, work
from recommender.session import run as recorded
from recommender.store import Store
from recommender.table import Table
from recommender.watching import give


def spring() -> Problem:
    rng = np.random.default_rng(0)
    x, v = rng.uniform(-2, 2, (2, 120))
    return Problem.of(Table.of({"x": x, "v": v, "force": -1.3 * x - 0.3 * v + 0.5 * x**3 + 0.01 * rng.standard_normal(120)}), "force")


@pytest.fixture
def talk() -> Discussion:
    return Discussion(spring())


def test_a_near_miss_is_improved_by_what_its_residual_shows(talk: Discussion) -> None:
    assert "held-out NMSE" in answer(talk, "fit a*x + b*v")
    assert "x**3" in answer(talk, "probe 1")
    told = answer(talk, "add 1; c*x**3")
    assert "adding c*x**3: held-out NMSE" in told
    assert talk.attempts[0].after < 1e-3 < talk.attempts[0].before
    listed = answer(talk, "list").splitlines()
    assert [line.split("  ")[0] for line in listed[1:]] == ["1. a*x + b*v", "2. a*x + b*v + c*x**3"]


def test_a_useless_term_is_removed_without_loss(talk: Discussion) -> None:
    answer(talk, "remove a*x + b*v + c*x**3 + d*x*v; d*x*v")
    attempt = talk.attempts[0]
    assert attempt.formula == "a*x + b*v + c*x**3"
    assert attempt.after <= 1.05 * attempt.before
    assert "no term" in answer(talk, "remove 1; exp(x)")


def test_an_added_terms_coefficients_are_its_own(talk: Discussion) -> None:
    answer(talk, "add a*x; a*v")
    assert {c.name for c in talk.formulas["a*x + a_*v"].coefficients} == {"a", "a_"}


def test_compare_prefers_the_smaller_error_and_knows_one_form_in_two_spellings(talk: Discussion) -> None:
    assert "a*x + b*v + c*x**3" in answer(talk, "compare a*x; a*x + b*v + c*x**3").splitlines()[-1]
    assert "same form" in answer(talk, "compare a*x; x/b")


def test_what_is_banned_leaves_and_stays_out(talk: Discussion) -> None:
    answer(talk, "fit a*sin(x)")
    answer(talk, "fit a*x")
    assert "1 formulas left" in answer(talk, "ban sin")
    assert "banned" in answer(talk, "fit a*sin(b*x) + c")
    assert "banned" in answer(talk, "add a*x; b*sin(v)")
    assert list(talk.formulas) == ["a*x"]


def test_the_library_is_searched() -> None:
    talk = Discussion(spring(), open_index())
    assert "=" in answer(talk, "retrieve spring force displacement")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "line", ["", "dance", "fit", "fit a; b", "fit exp(", "fit import os", "add 99; x", "compare 1; 2", "ban )(", "probe q("]
)
def test_every_mistake_is_answered_in_words(talk: Discussion, line: str, language: str) -> None:
    talk.language = language  # type: ignore[assignment]
    assert answer(talk, line).strip()
    assert talk.banned == []


def test_every_tool_is_explained(talk: Discussion) -> None:
    for language in LANGUAGES:
        assert all(f"\n{name}" in usage(language) for name in TOOLS)


class Scripted(BaseChatModel):
    """A chat model that calls the tools it was told to call, then repeats what they said."""

    calls: list[dict[str, Any]]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Scripted:
        assert {tool.name for tool in tools} == set(TOOLS)
        return self

    def _generate(self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        done = sum(isinstance(message, ToolMessage) for message in messages)
        last = str(messages[-1].content)
        call = [{**self.calls[done], "id": f"c{done}", "type": "tool_call"}] if done < len(self.calls) else []
        return ChatResult(generations=[ChatGeneration(message=AIMessage("" if call else f"I found: {last}", tool_calls=call))])


def test_an_agent_uses_the_same_tools_and_hears_their_errors(talk: Discussion) -> None:
    calls = [{"name": "fit", "args": {"formula": "a*x"}}, {"name": "fit", "args": {"formula": "exp("}}, {"name": "probe", "args": {}}]
    calls.append({"name": "add", "args": {"formula": "a*x", "term": "b*x**3"}})
    said = agent(talk, Scripted(calls=calls))("Please improve a*x")
    assert said.words.startswith("I found:")
    assert "adding b*x**3" in said.words
    assert said.used == ("fit a*x", "fit exp(", "probe", "add a*x; b*x**3")
    assert "a*x + b*x**3" in talk.formulas


@pytest.mark.parametrize(
    "call",
    [
        {"name": "fly", "args": {}},
        {"name": "fit", "args": {"wrong": "x"}},
        {"name": "fit", "args": {"formula": {"a": 1}}},
        {"name": "add", "args": {"formula": "a*x"}},
        {"name": "ban", "args": {"term": "__import__('os')"}},
    ],
)
def test_a_tool_called_nonsensically_answers_in_words(talk: Discussion, call: dict[str, Any]) -> None:
    assert len(agent(talk, Scripted(calls=[call]))("explain").words) > len("I found: ")
    assert talk.banned == []


def test_a_model_is_told_what_is_talked_about(talk: Discussion) -> None:
    answer(talk, "fit a*x + b*v")
    told = talk.situation()
    assert "force" in told
    assert "1. force = a*x + b*v" in told
    assert " b = -0.2" in told


def test_a_recorded_run_is_discussed_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMULA_STORE_URL", str(tmp_path / "runs.sqlite"))
    monkeypatch.chdir(tmp_path)
    t = np.linspace(0.1, 5, 40)

    def save(size: float) -> None:
        columns = [t, size * np.exp(-t / 1.5), 0.01 * t, np.arange(40) % 2]
        np.savetxt("decay.csv", np.column_stack(columns), delimiter=",", header="t [s],N,s,device", comments="")

    save(3.0)
    asked = Problem.of(
        Table.read("decay.csv", {"t": "ms"}), "N", ["t"], known={"L": "10 mm"}, require=["positive"], sigma="s", group="device"
    )
    recorded(asked, seconds=0, limit=2)
    run = CliRunner()
    run_id = run.invoke(app, ["runs"]).output.split()[0]
    found = run.invoke(app, ["discuss", run_id], input="fit a*exp(-t/b)\nquit\nfit never\n")
    assert found.exit_code == 0, found.output
    assert "1.5" in found.output
    assert "never" not in found.output
    with Store.open() as store:
        question = question_of(store, store.run(run_id), None)
    assert (question.known, question.require) == (asked.known, asked.require)
    assert question.grouping is not None
    assert question.grouping.labels == ("0", "1")
    assert question.target.sigma is not None
    assert np.array_equal(question.samples.target, asked.samples.target)
    save(4.0)
    assert "another table" in str(run.invoke(app, ["discuss", run_id, "--table", "decay.csv"]).exception)


@pytest.fixture
def kinked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run, waiting, about a line up to t = 2 and another one beyond."""
    monkeypatch.setenv("FORMULA_STORE_URL", str(tmp_path / "runs.sqlite"))
    t = np.linspace(0.1, 4, 40)
    problem = Problem.of(Table.of({"t": t, "y": np.where(t < 2, 1 + 2 * t, 50 - 7 * t)}))
    with Store.open() as store:
        return order(store, problem, Options(limit=1, effort=0.02, seconds=0), Members(()))


def test_a_run_without_an_answer_says_what_to_do(kinked: str) -> None:
    said = CliRunner().invoke(app, ["discuss", kinked]).exception
    assert isinstance(said, StoreError)
    assert [f"formula resume {kinked[:8]}" in said.text(language) for language in LANGUAGES] == [True, True]
    with Store.open() as store:
        store.finish_run(kinked, "failed", {})
    assert "formula recommend" in str(CliRunner().invoke(app, ["discuss", kinked]).exception)


def test_a_run_steered_to_a_range_is_discussed_on_its_rows(kinked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.racing.FINALISTS", 2)
    with Store.open() as store:
        problem = question_of(store, store.run(kinked), None)
        give(store, kinked, Command.of("range", "t 0 1.9", problem), "me")
        result = work(store, kinked, Surroundings())
        assert len(question_of(store, store.run(kinked), None).rows) == result.rows < len(problem.rows)
    said = CliRunner().invoke(app, ["discuss", kinked], input="fit a + b*t\n").output
    assert "a = 1" in said
    assert "b = 2" in said
