"""The finished prompt of one member: templates in its language, the evidence that its role needs within a budget of tokens.

Templates are files `prompts/<name>.<language>.md`: a version in the first line, then text with {placeholders}; the words of a role and
its task are parted by a line of three hyphens. They are filled by LangChain's `ChatPromptTemplate`; a value is never read as a template.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from corpus.errors import SettingsError
from corpus.language import LANGUAGES, Language
from recommender.context import Context
from recommender.llm._base import Member, Message
from recommender.llm.evidence import (
    Attempt,
    Item,
    Parent,
    fitted_in,
    fixed_part,
    history_items,
    inert,
    parent_part,
    parents,
    probe_items,
    retrieved_items,
    tokens,
)
from recommender.llm.roles import ROLES, Role, role_of
from recommender.llm.schema import formulas_within
from recommender.problem import Problem

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate

__all__ = ["Attempt", "Parent", "Template", "build", "template", "version"]

BUDGET = 2000
_CAUTION = 0.9  # the count of tokens is an estimate
_TURN_MARKS = 30  # tokens a chat template puts around messages
_MOST_HINTS = 8  # of what a person has said during the search
REPLY = """{"formulas": [{"formula": "...",
  "parameters": [{"name": "...", "meaning": "...", "unit": "...", "sign": "positive | negative | any"}],
  "reasoning": "one sentence", "evidence": ["ids of the facts used"]}]}"""
_KINDS = {"system": "system", "user": "human"}
_TURNS = {"system": "system", "human": "user", "ai": "assistant"}
_VERSION = re.compile(r"<!-- version: (\d+) -->\n")


@dataclass(frozen=True)
class Template:
    """A packaged text: its version, its words, and the task at its end ("" where it has none)."""

    version: int
    words: str
    task: str = ""


@cache
def template(name: str, language: Language) -> Template:
    """The template of that name. KeyError if it has no version (a bug, found by the tests that walk them)."""
    raw = resources.files("recommender.llm").joinpath(f"prompts/{name}.{language}.md").read_text(encoding="utf-8")
    head = _VERSION.match(raw)
    if head is None:
        raise KeyError(name)
    words, _, task = raw[head.end() :].partition("\n---\n")
    return Template(int(head[1]), words.strip(), task.strip())


def version(role: str, language: Language) -> str:
    """What a record of a call says of its prompt: `proposer.en/1.1.1` (role, system, user)."""
    return f"{role}.{language}/" + ".".join(str(template(name, language).version) for name in (role, "system", "user"))


def build(
    problem: Problem,
    context: Context,
    history: Sequence[Attempt],
    member: Member,
    *,
    parent: Parent | None = None,
) -> tuple[Message, ...]:
    """What a member is sent: a system and a user message, what is the same in every prompt first, for servers keep what they have read.

    history: forms of this run, oldest first. parent: for roles that change a formula; without one the best of the history stands in, and
    a member of such a role is asked as a proposer where there is neither. The data take BUDGET tokens (estimated, see
    `evidence.tokens`), fewer where the member's context is small; the question itself is never cut. SettingsError if the role or the
    language is not known.
    """
    language = _language(member)
    role, parent = _playing(role_of(member.role), parent, history)
    own = template(role.name, language)
    task = own.task.replace("{count}", str(min(role.count, formulas_within(member.max_tokens))))
    words = {"own": member.system, "reply": REPLY, "data": "", "task": task if member.system else f"{own.words}\n\n{task}"}
    last: dict[str, Any] = {} if parent is None else {"parent": parent_part(parent, language)}
    last |= {"engineer_says": list(context.hints[-_MOST_HINTS:])} if context.hints else {}
    budget = _budget(member, _messages(language, words)) - tokens(inert(last))
    data = fitted_in(fixed_part(problem, language), _weighed(role, problem, context, history, language), budget)
    return _messages(language, {**words, "data": inert({**data, **last})})


def _budget(member: Member, frame: Sequence[Message]) -> int:
    """Tokens for the data: what the member's context leaves beside the reply and the words around the data."""
    if not member.context:
        return BUDGET
    left = member.context - member.max_tokens - _TURN_MARKS
    return min(BUDGET, math.floor(_CAUTION * left) - sum(tokens(message.text) for message in frame))


def _messages(language: Language, words: Mapping[str, str]) -> tuple[Message, ...]:
    return tuple(Message(_TURNS[turn.type], str(turn.content).strip()) for turn in _chat(language).format_messages(**words))


def _language(member: Member) -> Language:
    if member.language not in LANGUAGES:
        raise SettingsError("settings_value", name="language", value=member.language[:40], allowed=", ".join(LANGUAGES))
    return member.language


@cache
def _chat(language: Language) -> ChatPromptTemplate:
    from langchain_core.prompts import ChatPromptTemplate

    return ChatPromptTemplate.from_messages([(kind, template(name, language).words) for name, kind in _KINDS.items()])


def _playing(role: Role, parent: Parent | None, history: Sequence[Attempt]) -> tuple[Role, Parent | None]:
    """The role that can be played, and the parent it needs."""
    if not role.needs_parent:
        return role, None
    found = parents(history) if parent is None else [parent]
    return (role, found[0]) if found else (ROLES["proposer"], None)


def _weighed(role: Role, problem: Problem, context: Context, history: Sequence[Attempt], language: Language) -> Iterator[Item]:
    items = (
        *probe_items(problem, context, language),
        *retrieved_items(problem, context.retrieved, language),
        *history_items(history, language),
    )
    return (replace(item, weight=item.weight * role.weight.get(item.section, 1.0)) for item in items)
