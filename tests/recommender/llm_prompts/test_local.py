"""A real local ensemble: one model in two roles, asked side by side through LiteLLM over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommender.context import Context
from recommender.llm._base import Member, Reply, Request
from recommender.llm.client import Client
from recommender.llm.ensemble import symbols_of
from recommender.llm.prompt import Parent, build
from recommender.llm.reply import read_reply
from recommender.llm.schema import REPLY_SCHEMA
from recommender.llm.serve import LocalServer, serve
from recommender.problem import Problem
from recommender.table import Table
from tests.recommender.llm_prompts.models import qwen, smollm2

TOKENS, CONTEXT = 300, 1100


def asked(server: LocalServer, problem: Problem) -> list[Reply]:
    members = [
        Member(role, server.model, role, 0.2, server.url, timeout=120.0, max_tokens=TOKENS, context=CONTEXT)
        for role in ("proposer", "editor")
    ]
    parent = Parent("a*t + b", 0.05)

    async def everyone() -> list[Reply]:
        client = Client()
        built = [build(problem, Context(), (), member, parent=parent) for member in members]
        requests = [
            Request(member, messages, REPLY_SCHEMA, names=symbols_of(problem)) for member, messages in zip(members, built, strict=True)
        ]
        return await asyncio.gather(*(client.ask(request) for request in requests))

    return asyncio.run(everyone())


@pytest.mark.parametrize("model", [smollm2, qwen])
def test_two_roles_of_a_real_model_answer_and_every_word_ends_as_a_formula_or_a_reason(model: Callable[[], Path]) -> None:
    t = np.linspace(0.1, 5, 30)
    problem = Problem.of(Table.of({"t": t, "V": 2 * np.exp(-t)}), about="discharge of a capacitor")
    path = model()
    with serve(path, context=CONTEXT, slots=2) as server:
        replies = asked(server, problem)
    for reply in replies:
        assert reply.failure is None
        assert path.stem in reply.resolved_model
        assert 0 < (reply.tokens_out or 0) <= TOKENS
        assert reply.cost is None
        assert isinstance(json.loads(reply.text), dict), "a reply held to the schema closes within its tokens"
        read = read_reply(reply.text, problem)
        assert read.offered or read.rejected
