"""What every part of the ensemble speaks of: members, requests, replies, and the formulas read from a reply.

The life of a request: a `Member` is asked a `Request` through a `Chat`; the `Reply` comes back as a value whatever happens; `read_reply`
turns its text into a `Read`; what was offered there becomes proposals like those of any other proposer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from corpus.language import Sentence


@dataclass(frozen=True)
class Message:
    """One turn of a conversation; role: system, user or assistant."""

    role: str
    text: str


@dataclass(frozen=True)
class Member:
    """One language model that is asked, and what it may cost.

    model: `provider/model` as LiteLLM names it; role: the one it is asked in, or those it may be asked in (see `roles.roles_of`);
    api_base: the address of an OpenAI-compatible server, "" for the provider's own; api_key_env: the environment variable that holds the
    key, "" for the provider's usual one (the key itself is never stored); timeout: seconds one attempt may take; max_tokens: length of a
    reply; context: tokens of prompt and reply together, 0 where there is room for any prompt; max_calls, max_cost (US dollars): caps for
    one run; system: words in place of the role's own; language of the prompt, en or ja.
    """

    name: str
    model: str
    role: str = "any"
    temperature: float = 0.7
    api_base: str = ""
    api_key_env: str = ""
    timeout: float = 60.0
    max_tokens: int = 1500
    context: int = 0
    max_calls: int = 8
    max_cost: float | None = None
    system: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Request:
    """What a member is asked; schema: JSON schema of the reply, enforced where the provider can; purpose: propose, repair, draft or
    discuss; names: symbols of the target and of the columns, the only ones a formula may take for them."""

    member: Member
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    purpose: str = "propose"
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What came back: the text, or "" and a `failure` that says what to do next.

    resolved_model: the model that says it answered; cost in US dollars, None when unknown; seconds: from the first attempt to the end.
    """

    request: Request
    text: str
    resolved_model: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    seconds: float = 0.0
    attempts: int = 1
    failure: Sentence | None = None


@runtime_checkable
class Chat(Protocol):
    """Anything that can be asked."""

    async def ask(self, request: Request) -> Reply:
        """The reply; never raises: a failure is a value. Cancelling the task ends the call."""
        ...


@dataclass(frozen=True)
class OfferedParameter:
    """What a model says of one parameter; "" where it says nothing. sign: positive, negative, any or ""."""

    meaning: str = ""
    unit: str = ""
    sign: str = ""


@dataclass(frozen=True)
class Offered:
    """One formula a model offered, in the customer's column names, after repair; nothing but text until `Problem.parse` has read it."""

    text: str
    parameters: Mapping[str, OfferedParameter]
    reasoning: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Read:
    """What could be read from a reply: formulas, the repairs that were needed (a name for each time), and what stayed unusable and why."""

    offered: tuple[Offered, ...]
    repairs: tuple[str, ...]
    rejected: tuple[tuple[str, Sentence], ...]
