"""Members side by side: overlap, caps, an end in time, chat models of one's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from recommender.context import gather
from recommender.llm import Answer, Caps, Ensemble, Member, Members, Reply, Request, talking
from recommender.llm.client import Client
from recommender.proposers.llm import LanguageModels
from recommender.testing import check_proposer, example_problem
from tests.recommender.llm.server import GOOD

PROBLEM = example_problem()
CONTEXT = gather(PROBLEM, None)


class Waits:
    """Answers after some seconds, at a stated price."""

    def __init__(self, seconds: float = 0.0, cost: float | None = None, text: str = GOOD) -> None:
        self.seconds, self.cost, self.text, self.calls = seconds, cost, text, 0

    async def ask(self, request: Request) -> Reply:
        self.calls += 1
        begun = time.monotonic()
        await asyncio.sleep(self.seconds)
        return Reply(request, self.text, "m", 10, 10, self.cost, time.monotonic() - begun)


def members(count: int, caps: Caps | None = None, **options: object) -> Members:
    return Members(tuple(Member(f"m{i}", "openai/gpt-4o-mini", **options) for i in range(count)), caps or Caps())  # type: ignore[arg-type]


def answers_of(ensemble: Ensemble, rounds: int = 1) -> list[Answer]:
    found = []
    with talking(ensemble, PROBLEM) as talk:
        for _ in range(rounds):
            talk.ask(CONTEXT)
            found += talk.heard(wait=True)
    return found


def failures(answers: Sequence[Answer]) -> list[str]:
    return [answer.reply.failure.key for answer in answers if answer.reply.failure is not None]


def test_members_answer_side_by_side_while_this_thread_works() -> None:
    chat = Waits(0.5)
    with talking(Ensemble(members(4), chat), PROBLEM) as talk:
        talk.ask(CONTEXT)
        ends = time.monotonic() + 10
        while chat.calls < 4 and time.monotonic() < ends:
            time.sleep(0.001)
        worked = time.monotonic()  # this thread is free while all four are being asked
        answers = talk.heard(wait=True)
    assert len(answers) == 4
    assert max(answer.begun for answer in answers) < min(answer.ended for answer in answers)
    assert all(answer.ended > worked for answer in answers)


def test_a_stalled_member_is_not_waited_for_and_not_asked_twice() -> None:
    class Stalls(Waits):
        async def ask(self, request: Request) -> Reply:
            if request.member.name == "m0":
                await asyncio.sleep(60)
            return await super().ask(request)

    chat = Stalls()
    with talking(Ensemble(members(3), chat), PROBLEM) as talk:
        heard: list[Answer] = []
        for round_ in (1, 2):
            talk.ask(CONTEXT)
            ends = time.monotonic() + 10
            while len(heard) < 2 * round_ and time.monotonic() < ends:
                heard += talk.heard()
    assert len(heard) == 4
    assert {answer.place[1] for answer in heard} <= {1, 2}
    assert chat.calls == 4


def test_the_cap_on_seconds_ends_it() -> None:
    answers = answers_of(Ensemble(members(2, Caps(seconds=0.3)), Waits(60)))
    assert failures(answers) in ([], ["llm.cap_seconds"] * 2)


def test_stopping_ends_the_wait() -> None:
    with talking(Ensemble(members(1), Waits(60)), PROBLEM) as talk:
        talk.ask(CONTEXT)
        assert talk.heard(wait=True, stop=lambda: True) == []


def test_answers_come_in_the_order_of_the_members() -> None:
    class Backwards(Waits):
        async def ask(self, request: Request) -> Reply:
            await asyncio.sleep(0.2 - 0.05 * int(request.member.name[1]))
            return await super().ask(request)

    assert [answer.place for answer in answers_of(Ensemble(members(4), Backwards()))] == [(1, i, 0) for i in range(4)]


def test_caps_on_calls_hold_and_are_said_once() -> None:
    chat = Waits()
    answers = answers_of(Ensemble(members(1, max_calls=2), chat), rounds=4)
    assert chat.calls == 2
    assert failures(answers) == ["llm.cap_calls"]
    every = Waits()
    answers_of(Ensemble(members(5, Caps(calls=3)), every))
    assert every.calls == 3


def test_a_cap_on_cost_is_never_broken() -> None:
    chat = Waits(cost=0.0008)
    answers = answers_of(Ensemble(members(1, max_cost=0.003), chat), rounds=6)
    assert 0 < chat.calls < 4
    assert chat.calls * 0.0008 <= 0.003
    assert failures(answers) == ["llm.cap_cost"]


def test_without_a_known_price_a_cap_on_cost_cannot_be_kept() -> None:
    chat = Waits()
    unknown = Members((Member("m", "openai/no-such-model-at-all", max_cost=1.0),))
    assert failures(answers_of(Ensemble(unknown, chat))) == ["llm.no_price"]
    assert chat.calls == 0


def test_a_chat_that_raises_is_a_failure_of_its_member() -> None:
    class Raises:
        async def ask(self, request: Request) -> Reply:
            raise RuntimeError("secret sk-abcdefgh12345 lost")

    (answer,) = answers_of(Ensemble(members(1), Raises()))
    assert answer.reply.failure is not None
    assert answer.reply.failure.key == "llm.failed"
    assert "abcdefgh" not in str(answer.reply.failure)


def test_what_was_told_is_an_echo() -> None:
    with talking(Ensemble(members(1, role="proposer"), Waits()), PROBLEM) as talk:
        talk.ask(CONTEXT)
        (first,) = talk.heard(wait=True)
        talk.ask(CONTEXT, (), {first.proposals[0].key})
        (second,) = talk.heard(wait=True)
    assert (first.proposals[0].echo, second.proposals[0].echo) == (False, True)


def test_a_contrarian_that_repeats_has_said_nothing() -> None:
    with talking(Ensemble(members(1, role="contrarian"), Waits()), PROBLEM) as talk:
        talk.ask(CONTEXT)
        (first,) = talk.heard(wait=True)
        talk.ask(CONTEXT, (), {first.proposals[0].key})
        (second,) = talk.heard(wait=True)
    assert (len(first.proposals), len(second.proposals)) == (1, 0)


def test_a_langchain_model_of_ones_own_is_a_member() -> None:
    from langchain_core.language_models import FakeListChatModel

    member = Member("mine", "langchain/fake")
    (answer,) = answers_of(Ensemble(Members((member,)), Client({"mine": FakeListChatModel(responses=[GOOD])})))
    assert [proposal.proposer for proposal in answer.proposals] == ["llm:langchain/fake"]
    assert answer.proposals[0].meanings["tau"].unit == "min"


def test_the_proposer_keeps_the_contract() -> None:
    check_proposer(LanguageModels(Ensemble(members(2), Waits())), PROBLEM)


def test_the_cost_of_a_priced_model_is_known() -> None:
    from recommender.llm.client import price

    dollars = price(Member("m", "openai/gpt-4o-mini"), 1_000_000, 0)
    assert dollars == pytest.approx(0.15)
    assert price(Member("m", "openai/gpt-4o-mini", api_base="http://127.0.0.1:1/v1"), 10, 10) is None
