"""The one place where models are called: LangChain chat models, those of LiteLLM made here, any other as given.

A call is bounded in time and attempts: an attempt takes at most `member.timeout` as a whole (a server that drips bytes does not last
longer), a busy or broken server is asked again at most ATTEMPTS - 1 times, as late as it asks for. Never another model than the one named.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from corpus.language import Sentence
from recommender.llm._base import Member, Reply, Request
from recommender.llm.faults import Fault, key_of, missing_key, told
from recommender.llm.library import library
from recommender.llm.schema import bounded, response_format

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

ATTEMPTS = 3
PER_PROVIDER = 4
LONGEST_WAIT = 30.0
_FIRST_WAIT = 0.5
GIVEN = "langchain"  # provider of a chat model that somebody brought


class Client:
    """Asks members; see the module. given: chat models by the member's name."""

    def __init__(self, given: Mapping[str, BaseChatModel] | None = None, first_wait: float = _FIRST_WAIT, seed: int = 0) -> None:
        self._given = dict(given or {})
        self._first_wait = first_wait
        self._random = random.Random(seed)  # noqa: S311  # of waiting times
        self._gates: dict[str, asyncio.Semaphore] = {}

    async def ask(self, request: Request) -> Reply:
        """The reply or why there is none; at most PER_PROVIDER calls of one provider are in flight."""
        member = request.member
        lacking = None if member.name in self._given else await asyncio.to_thread(missing_key, member)
        if lacking is not None:
            return Reply(request, "", attempts=0, failure=lacking)
        async with self._gates.setdefault(provider(member), asyncio.Semaphore(PER_PROVIDER)):
            # loading LiteLLM takes seconds, which are not the model's
            model = await asyncio.to_thread(self._model, member)
            begun = time.monotonic()
            reply = await self._attempts(request, model)
        return replace(reply, seconds=time.monotonic() - begun)

    async def _attempts(self, request: Request, model: BaseChatModel) -> Reply:
        schema = request.schema is not None and self._takes_schema(request.member)
        fault = None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(request.member.timeout):
                    answer = await model.ainvoke(_turns(request), **(_options(request) if schema else {}))
                return _reply(request, answer, attempt)
            except Exception as error:  # anyone's model may raise anything
                fault = await told(error, request.member)
            if schema and fault.sentence.key == "llm.refused_request":
                schema = False  # this server does not take schemas; the reader copes
                continue
            if not fault.again or attempt == ATTEMPTS or (fault.wait or 0) > LONGEST_WAIT:
                break
            await asyncio.sleep(self._pause(attempt, fault))
        assert fault is not None
        return Reply(request, "", attempts=attempt, failure=fault.sentence)

    def _pause(self, attempt: int, fault: Fault) -> float:
        """As long as the server asks for, else twice as long each time, spread so that members do not return together."""
        own = self._first_wait * 2 ** (attempt - 1) * (1 + self._random.random())
        return own if fault.wait is None else fault.wait

    def _model(self, member: Member) -> BaseChatModel:
        return self._given[member.name] if member.name in self._given else chat_model(member)

    def _takes_schema(self, member: Member) -> bool:
        if member.name in self._given:
            return False
        return bool(member.api_base) or library().supports_response_schema(model=member.model)


def provider(member: Member) -> str:
    """What bounds calls: the server, or the provider's name."""
    return member.api_base or member.model.partition("/")[0]


def price(member: Member, tokens_in: int, tokens_out: int) -> float | None:
    """US dollars for so many tokens; None where nobody knows the price. A server of one's own has none."""
    if member.api_base or member.model.startswith(f"{GIVEN}/"):
        return None
    try:
        there, back = library().cost_per_token(model=member.model, prompt_tokens=tokens_in, completion_tokens=tokens_out)
    except Exception:  # LiteLLM raises a plain Exception for a model it has no price of
        return None
    return float(there) + float(back)


@cache
def _kind() -> Any:
    """ChatLiteLLM that keeps the name of the model that answered, and closes nothing but its own."""
    library()
    from langchain_core.outputs import ChatResult
    from langchain_litellm import ChatLiteLLM

    class Recorded(ChatLiteLLM):
        """A LiteLLM chat model whose messages say which model answered."""

        def _create_chat_result(self, response: Mapping[str, Any]) -> ChatResult:
            result = super()._create_chat_result(response)
            for generation in result.generations:
                generation.message.response_metadata["resolved"] = str(response.get("model") or "")
            return result

    return Recorded


def chat_model(member: Member) -> BaseChatModel:
    """The LangChain chat model of a member. Each call carries its own key: LangChain's would be one for the whole process."""
    key = key_of(member)
    own = {"max_retries": 0, "drop_params": True} | ({} if key is None else {"api_key": key})
    made: BaseChatModel = _kind()(
        model=member.model,
        api_base=member.api_base or None,
        temperature=member.temperature,
        max_tokens=member.max_tokens,
        request_timeout=member.timeout,
        max_retries=1,
        model_kwargs=own,
    )
    return made


def _turns(request: Request) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in request.messages]


def _options(request: Request) -> dict[str, Any]:
    if request.schema is None:
        return {}
    if not request.member.api_base:  # hosted providers refuse lengths in a strict schema
        return {"response_format": response_format(request.schema)}
    return {"response_format": response_format(bounded(request.schema, request.member.max_tokens, request.names))}


def _reply(request: Request, answer: AIMessage, attempts: int) -> Reply:
    """The text with what it cost; a reply without text is a failure."""
    usage: Mapping[str, Any] = answer.usage_metadata or {}
    sent, received = usage.get("input_tokens"), usage.get("output_tokens")
    cost = None if sent is None or received is None else price(request.member, sent, received)
    text = str(answer.text)
    failure = None if text.strip() else Sentence.of("llm.empty", member=request.member.name)
    model = str(answer.response_metadata.get("resolved") or answer.response_metadata.get("model_name") or "")
    return Reply(request, text, model, sent, received, cost, 0.0, attempts, failure)
