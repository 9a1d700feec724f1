"""What a person asks of a running search: commands, and the wishes they add up to.

Commands come at any moment and are obeyed at the next point of the search, which is recorded, so that a run that begins again obeys them
at the same point.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal, Protocol, get_args

from corpus import tree
from corpus.canonical import canonicalise
from corpus.dimension import infer
from corpus.errors import ProblemError, RecommenderError
from corpus.formula import Formula
from corpus.functions import ALIASES, CALLABLE_NAMES
from corpus.units import Unit, parse_unit, unit_for
from recommender.problem import Problem
from recommender.proposers import Proposal, Typed
from recommender.ranking import ASPECTS
from recommender.scope import Range, Said, narrowed
from recommender.splits import AS_SUGGESTED, SplitBy

Verb = Literal[
    "pause", "resume", "stop", "pin", "ban", "add", "improve", "require", "forbid", "allow", "hint", "weigh", "range", "split", "bound"
]
VERBS: tuple[str, ...] = get_args(Verb)
OF_FORMULAS = frozenset({"pin", "ban", "add", "improve", "require"})
_MOST_WORDS = 2000
_HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Command:
    """One wish. text: for pin, ban, add and improve a formula, for require a term, in the customer's symbols; for forbid and allow the
    name of a function; for hint words; for weigh an aspect and its weight, `simplicity=2`; for range a column and its ends, `T 300 400 K`
    (without ends: all rows again); for split how formulas are judged, `group device` (see `SplitBy`); for bound a coefficient, its ends and
    its formula, `tau 0 5 ms in a*exp(-t/tau)`; for the others nothing."""

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
        elif verb in ("range", "split", "bound"):
            Wishes.of(problem).after(command, problem)
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
    formulas a person gave. ranges: of the rows that count; split: how formulas are judged; bounded: formulas whose coefficients have
    bounds, by key.
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
    ranges: tuple[Range, ...] = ()
    split: SplitBy = AS_SUGGESTED
    bounded: Mapping[str, Proposal] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem) -> Wishes:
        """What holds before anything is asked."""
        return cls(ranges=problem.ranges, split=problem.split)

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
            case "range":
                return self._scoped(problem, narrowed(self.ranges, command.text, problem.table), self.split)
            case "split":
                return self._scoped(problem, self.ranges, SplitBy.of(command.text))
            case "bound":
                return self._with_bounds(bounded(problem, command.text))
        return self._of_formula(command.verb, Typed().read(problem, command.text))

    def _scoped(self, problem: Problem, ranges: tuple[Range, ...], split: SplitBy) -> Wishes:
        """Other rows or another split; ProblemError if they cannot be had together."""
        problem.scoped(ranges, split)
        return replace(self, ranges=ranges, split=split)

    def _with_bounds(self, meant: Proposal) -> Wishes:
        """One more coefficient between bounds, or no longer; another spelling of the formula begins anew."""
        before = self.bounded.get(meant.key)
        known = {} if before is None or before.formula != meant.formula else before.bounds
        bounds = {name: ends for name, ends in {**known, **meant.bounds}.items() if not all(map(math.isinf, ends))}
        others = {key: one for key, one in self.bounded.items() if key != meant.key}
        now = others | ({meant.key: replace(meant, bounds=bounds)} if bounds else {})
        return replace(self, bounded=now, added=(*self.added, replace(meant, bounds={})))

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


def scoped_after(commands: Iterable[Command], problem: Problem) -> Problem:
    """The question with the rows and the split that these commands lead to."""
    wishes = Wishes.of(problem)
    for command in commands:
        if command.verb in ("range", "split"):
            with suppress(RecommenderError):  # the run refused it too
                wishes = wishes.after(command, problem)
    return problem.scoped(wishes.ranges, wishes.split)


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


def bounded(problem: Problem, text: str) -> Proposal:
    """`tau 0 5 ms in a*exp(-t/tau)` as a proposal with bounds. ProblemError, FormulaError or UnitError says what is wrong with it.

    The numbers of a coefficient that has a unit need theirs; where units leave it open, they are meant in SI.
    """
    part, found, body = text.partition(" in ")
    if not found:
        raise ProblemError("steer_bound", text=text[:80])
    said, meant = Said.of(part), Typed().read(problem, body)
    if said.low == said.high:
        raise ProblemError("steer_range", text=text[:80])
    names = [name for name in meant.formula.parameters if name not in meant.known]
    if said.name not in names:
        raise ProblemError("steer_coefficient", name=said.name, known=", ".join(names) or "-")
    return replace(meant, bounds={said.name: said.in_si(_usual_unit(problem, meant, said))})


def _usual_unit(problem: Problem, meant: Proposal, said: Said) -> Unit | None:
    """SI of the coefficient's kind, to compare with; None where it has no unit, or an open one. ProblemError if a unit should be said."""
    constants = {name: parse_unit(str(meant.meanings[name].unit)).dimension for name in meant.known}
    of = infer(meant.formula.root, {**problem.dimensions, **constants}, problem.target_dimension).known.get(said.name)
    if of is not None and not of.is_dimensionless and not said.unit and not said.lifts:
        raise ProblemError("steer_unit_missing", name=said.name)
    return None if of is None else unit_for(of, ())


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
