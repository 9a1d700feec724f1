"""What a person asks of a running search: commands, and the wishes they add up to.

Commands come at any moment and are obeyed at the next point of the search, which is recorded, so that a run that begins again obeys them
at the same point.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal, Protocol, get_args

from corpus import tree
from corpus.canonical import canonicalise
from corpus.errors import ProblemError
from corpus.formula import Formula
from corpus.functions import ALIASES, CALLABLE_NAMES
from recommender.problem import Problem
from recommender.proposers import Proposal, Typed
from recommender.ranking import ASPECTS

Verb = Literal["pause", "resume", "stop", "pin", "ban", "add", "improve", "require", "forbid", "allow", "hint", "weigh"]
VERBS: tuple[str, ...] = get_args(Verb)
OF_FORMULAS = frozenset({"pin", "ban", "add", "improve", "require"})
_MOST_WORDS = 2000
_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Command:
    """One wish. text: for pin, ban, add and improve a formula, for require a term, in the customer's symbols; for forbid and allow the
    name of a function; for hint words; for weigh an aspect and its weight, `simplicity=2`; for the others nothing."""

    verb: Verb
    text: str = ""

    @classmethod
    def of(cls, verb: str, text: str, problem: Problem) -> Command:
        """A command checked against the problem. ProblemError or FormulaError says what is wrong with it, and the cure."""
        if verb not in VERBS:
            raise ProblemError("steer_verb", verb=verb, known=", ".join(VERBS))
        text = ALIASES.get(text.strip(), text.strip()[:_MOST_WORDS])
        command = cls(verb, text)  # type: ignore[arg-type]
        if verb in OF_FORMULAS:
            problem.parse(text)
        elif verb in ("forbid", "allow") and text not in CALLABLE_NAMES:
            raise ProblemError("steer_function", name=text, known=", ".join(sorted(CALLABLE_NAMES)))
        elif verb == "weigh":
            _weight(text)
        elif verb == "hint" and not text:
            raise ProblemError("steer_empty")
        return command


@dataclass(frozen=True)
class Steered:
    """A command on record: who gave it and when (UTC), as which event of the run, and at which point of the search it was obeyed ("" while
    it waits)."""

    command: Command
    author: str
    time: datetime
    event: int
    point: str = ""


class Steering(Protocol):
    """Where commands come from."""

    def fresh(self) -> Iterable[tuple[int, Command]]:
        """Commands since the last look, with the number of their event."""
        ...


class Unsteered:
    """Nobody steers."""

    def fresh(self) -> Iterable[tuple[int, Command]]:
        return ()


@dataclass(frozen=True)
class Wishes:
    """All commands so far, as what holds now.

    pinned: keys of formulas that are shown whatever happens; banned: keys of forms and terms that nobody may use; required: keys of terms
    that every formula must have; forbidden: functions that no formula may call; focus: the form an island of its own works at; added:
    formulas a person gave.
    """

    pinned: tuple[str, ...] = ()
    banned: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    hints: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    focus: str = ""
    added: tuple[Proposal, ...] = ()
    paused: bool = False
    stopped: bool = False

    def after(self, command: Command, problem: Problem) -> Wishes:
        """The wishes with one more command."""
        match command.verb:
            case "pause" | "resume":
                return replace(self, paused=command.verb == "pause")
            case "stop":
                return replace(self, stopped=True, paused=False)
            case "forbid":
                return replace(self, forbidden=self.forbidden | {command.text})
            case "allow":
                return replace(self, forbidden=self.forbidden - {command.text})
            case "hint":
                return replace(self, hints=(*self.hints, command.text))
            case "weigh":
                return replace(self, weights={**self.weights, **dict([_weight(command.text)])})
        return self._of_formula(command.verb, Typed().read(problem, command.text))

    def _of_formula(self, verb: Verb, meant: Proposal) -> Wishes:
        key, added = meant.key, (*self.added, meant)
        match verb:
            case "ban":
                pinned = tuple(one for one in self.pinned if one != key)
                return replace(self, banned=self.banned | {key}, pinned=pinned, focus="" if self.focus == key else self.focus)
            case "require":
                return replace(self, required=self.required | {key}, added=added)
            case "pin":
                return replace(self, pinned=(*self.pinned, key), banned=self.banned - {key}, added=added)
            case "improve":
                return replace(self, focus=key, added=added)
        return replace(self, banned=self.banned - {key}, added=added)

    @cached_property
    def is_choosy(self) -> bool:
        """Whether any form may be unwelcome."""
        return bool(self.banned or self.required or self.forbidden)

    def welcome(self, proposal: Proposal) -> bool:
        """Whether a form breaks no wish. Its parts are compared as families: a required `exp(-x/c)` is met by `a*exp(-k*x)`."""
        if not self.is_choosy or proposal.key in self.pinned:
            return True
        if functions_of(proposal.formula) & self.forbidden:
            return False
        if not (self.banned or self.required):
            return True
        parts = part_keys(proposal.formula)
        return not parts & self.banned and self.required <= parts


def functions_of(formula: Formula) -> frozenset[str]:
    """Names of the functions a formula calls; a power of one half is a square root."""
    return frozenset("sqrt" if tree.split_power(node)[1] == _HALF else node.op for node in tree.walk(formula.root)) & CALLABLE_NAMES


@lru_cache(maxsize=20_000)  # every form is asked again at every place
def part_keys(formula: Formula) -> frozenset[str]:
    """Canonical keys of a formula, of its terms and factors, at every depth, alone and with a free size."""
    out = set()
    size = tree.param("size_of_a_part")
    for node in dict.fromkeys(tree.walk(formula.root)):
        if node.variables and node.op != "var":
            out |= {canonicalise(Formula(node)).key, canonicalise(Formula(tree.mul(size, node))).key}
    return frozenset(out)


def _weight(text: str) -> tuple[str, float]:
    """An aspect and its weight from `simplicity=2`."""
    name, _, value = (part.strip() for part in text.partition("="))
    try:
        weight = float(value)
    except ValueError:
        weight = math.nan
    if name not in ASPECTS or not 0 <= weight <= 10:
        raise ProblemError("steer_weight", text=text, known=", ".join(ASPECTS))
    return name, weight


def command_told(command: Command) -> dict[str, Any]:
    """A command as the payload of its event."""
    return {"verb": command.verb, "text": command.text}


def command_again(payload: Mapping[str, Any]) -> Command:
    """The command that `command_told` wrote."""
    return Command(payload["verb"], payload["text"])
