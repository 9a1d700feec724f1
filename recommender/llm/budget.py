"""Hard caps of one run: a call that could break one is not made.

The cost of a call is not known before its answer, so the dearest answer it may get (`max_tokens`) is set aside until it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from corpus.language import Sentence
from recommender.llm._base import Member, Reply, Request
from recommender.llm.client import price
from recommender.llm.evidence import tokens
from recommender.llm.members import Caps


class Budget:
    """What has been taken, by member and in all. Used by one thread."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._calls: Counter[str] = Counter()
        self._spent: dict[str, float] = defaultdict(float)
        self._aside: dict[str, float] = defaultdict(float)
        self._said: set[Sentence] = set()

    def take(self, request: Request) -> Sentence | None:
        """Why the call is not made; None if it is, and counted."""
        member = request.member
        refused = self._no_calls(member) or self._no_money(request)
        if refused is None:
            self._calls[member.name] += 1
            self._aside[member.name] += self._dearest(request) or 0.0
        return refused

    def settle(self, request: Request, reply: Reply) -> None:
        """What it did cost; an answer whose cost nobody knows counts as its dearest."""
        dearest = self._dearest(request) or 0.0
        self._aside[request.member.name] -= dearest
        unknown = dearest if reply.failure is None else 0.0
        self._spent[request.member.name] += unknown if reply.cost is None else reply.cost

    def said(self, sentence: Sentence) -> bool:
        """Whether this is the first time it is said."""
        first = sentence not in self._said
        self._said.add(sentence)
        return first

    def _no_calls(self, member: Member) -> Sentence | None:
        for taken, limit in ((self._calls[member.name], member.max_calls), (self._calls.total(), self._caps.calls)):
            if taken >= limit:
                return Sentence.of("llm.cap_calls", member=member.name, limit=limit)
        return None

    def _no_money(self, request: Request) -> Sentence | None:
        """A server of one's own costs nothing that could be capped."""
        member, dearest = request.member, self._dearest(request)
        limits = ((self._taken(member.name), member.max_cost), (sum(map(self._taken, list(self._calls))), self._caps.cost))
        for taken, limit in limits:
            if limit is None or member.api_base:
                continue
            if dearest is None:
                return Sentence.of("llm.no_price", member=member.name, model=member.model)
            if taken + dearest > limit:
                return Sentence.of("llm.cap_cost", member=member.name, limit=f"{limit:g}")
        return None

    def _taken(self, name: str) -> float:
        return self._spent[name] + self._aside[name]

    def _dearest(self, request: Request) -> float | None:
        if request.member.max_cost is None and self._caps.cost is None:
            return None
        return price(request.member, sum(tokens(message.text) for message in request.messages), request.member.max_tokens)
