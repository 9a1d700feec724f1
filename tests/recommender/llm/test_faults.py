"""A real server on the loopback address that fails in every way: the run goes on with what the others gave, and says what happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recommender.context import gather
from recommender.llm import Answer, Caps, Ensemble, Member, Members, notes_of, talking
from recommender.llm.client import ATTEMPTS, Client
from recommender.testing import example_problem
from tests.recommender.llm.server import Server, running

NAMES = ["good", "mends", "useless", "empty", "busy", "full", "broken", "expired"]
NAMES += ["missing", "plain", "hang", "drip", "malformed", "truncated"]
SECRET = "sk-verysecret-0123456789"
Outcome = tuple[Server, dict[str, list[Answer]]]


@pytest.fixture(scope="module")
def outcome() -> Iterator[Outcome]:
    problem = example_problem()
    with running() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MY_KEY", SECRET)
        patch.setenv("OPENAI_API_KEY", "sk-not-for-other-servers")
        patch.delenv("ANTHROPIC_API_KEY", raising=False)
        local = [Member(name, f"openai/{name}", api_base=server.url, timeout=1.5) for name in NAMES if name != "expired"]
        others = [
            Member("expired", "openai/expired", api_base=server.url, api_key_env="MY_KEY"),
            Member("down", "openai/x", api_base="http://127.0.0.1:9/v1"),
            Member("nohost", "openai/x", api_base="http://nowhere.invalid/v1"),
            Member("nokey", "anthropic/claude-sonnet-4-5"),
            Member("nokey2", "openai/x", api_base=server.url, api_key_env="NO_SUCH_KEY"),
        ]
        ensemble = Ensemble(Members((*local, *others), Caps(seconds=40, together=32)), Client(first_wait=0.01))
        with talking(ensemble, problem) as talk:
            talk.ask(gather(problem, None))
            answers = talk.heard(wait=True)
        by_name: dict[str, list[Answer]] = {}
        for answer in answers:
            by_name.setdefault(answer.reply.request.member.name, []).append(answer)
        yield server, by_name


def test_everybody_is_accounted_for(outcome: Outcome) -> None:
    _, answers = outcome
    assert set(answers) == {*NAMES, "down", "nohost", "nokey", "nokey2"}


@pytest.mark.parametrize("name", ["good", "mends", "busy", "plain"])
def test_what_can_be_had_is_had(outcome: Outcome, name: str) -> None:
    last = outcome[1][name][-1]
    assert [proposal.formula.text for proposal in last.proposals] == ["T0 + a*exp(-x0/tau)"]
    assert (last.reply.tokens_in, last.reply.tokens_out, last.reply.cost) == (100, 20, None)


@pytest.mark.parametrize(
    ("name", "key", "requests"),
    [
        ("full", "llm.rate_limited", 1),
        ("broken", "llm.server_error", ATTEMPTS),
        ("expired", "llm.bad_key", 1),
        ("missing", "llm.unknown_model", 1),
        ("hang", "llm.timeout", 1),
        ("drip", "llm.timeout", 1),
        ("malformed", "llm.broken_reply", ATTEMPTS),
        ("truncated", "llm.broken_reply", ATTEMPTS),
        ("empty", "llm.empty", 1),
        ("down", "llm.refused", 0),
        ("nohost", "llm.no_host", 0),
        ("nokey", "llm.no_key", 0),
        ("nokey2", "llm.no_key", 0),
    ],
)
def test_a_fault_is_told_apart_and_tried_a_bounded_number_of_times(outcome: Outcome, name: str, key: str, requests: int) -> None:
    server, answers = outcome
    (answer,) = answers[name]
    assert answer.reply.failure is not None
    assert answer.reply.failure.key == key
    assert len(server.asked(name)) == requests
    assert [note.key for note in notes_of([answer])] == [key]
    assert name in answer.reply.failure.text("ja")


def test_a_busy_server_is_asked_again_after_the_time_it_names(outcome: Outcome) -> None:
    first, second = outcome[0].asked("busy")
    assert second.begun - first.begun >= 0.1


def test_the_model_that_answered_is_known(outcome: Outcome) -> None:
    assert outcome[1]["good"][0].reply.resolved_model == "good-2026-01"


def test_a_server_without_schemas_is_asked_without(outcome: Outcome) -> None:
    with_schema, without = outcome[0].asked("plain")
    assert with_schema.body["response_format"]["json_schema"]["strict"] is True
    assert "response_format" not in without.body


def test_a_repair_turn_quotes_the_exact_error(outcome: Outcome) -> None:
    _, again = outcome[0].asked("mends")
    assert [message["role"] for message in again.body["messages"]] == ["system", "user", "assistant", "user"]
    assert "a*time +* b" in again.body["messages"][-1]["content"]
    assert "cannot be read as a formula" in again.body["messages"][-1]["content"]
    assert [answer.place[2] for answer in outcome[1]["mends"]] == [0, 1]


def test_keys_go_nowhere_they_do_not_belong(outcome: Outcome) -> None:
    server, answers = outcome
    assert server.asked("good")[0].key == "Bearer none"
    assert server.asked("expired")[0].key == f"Bearer {SECRET}"
    assert SECRET not in repr(answers)
    assert SECRET not in str(answers["expired"][0].reply.failure)
