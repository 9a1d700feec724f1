"""Two ways to search with slow language models: islands that wait for nobody, and the same work in lock-step generations."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from recommender.context import gather
from recommender.llm import Caps, Ensemble, Member, Members, talking
from recommender.llm._base import Reply, Request
from recommender.problem import Problem
from recommender.progress import silent
from recommender.proposers import Elementary, Proposal, Proposer
from recommender.racing import Terms
from recommender.recommendation import Recommendation
from recommender.running import Means, Run
from recommender.search import Islands, Plan, World
from recommender.search.workers import Processes

_MANY = 100_000
_ENDLESS = Plan(_MANY)  # the clock ends the search
_SHAPES = (
    "a*exp(-b*{x})+c*{z}",
    "a*{x}**b*{z}",
    "a/(1+b*{x})+c",
    "a*sin(b*{x})+c*{z}",
    "a*log(b+{x})*{z}",
    "a*{x}+b*{z}**2+c",
    "a*tanh(b*{x})+c",
    "a*{x}*exp(-b*{z})",
)


class Slow:
    """A chat whose answers take their time: three formulas of the columns each, never the same."""

    def __init__(self, seconds: float, columns: Sequence[str]) -> None:
        self._seconds = seconds
        self._words = {"x": columns[0], "z": columns[-1]}
        self._number = count()

    async def ask(self, request: Request) -> Reply:
        await asyncio.sleep(self._seconds)
        first = next(self._number)
        texts = [_shape(first + i).format(**self._words) for i in range(3)]
        formulas = [{"formula": text, "parameters": [], "reasoning": "", "evidence": []} for text in texts]
        return Reply(request, json.dumps({"formulas": formulas}), seconds=self._seconds)


def _shape(number: int) -> str:
    return f"{_SHAPES[number % len(_SHAPES)]} + d*{{x}}**{2 + number // len(_SHAPES)}"


class Generations(Islands):
    """The same in lock-step: nothing is planned before everything has ended."""

    def _gather(self) -> None:
        if not self._queue:
            super()._gather()


class Waiting(Run):
    """A run that waits for its language models."""

    def heard(self) -> Sequence[Proposal]:
        self.ask_models()
        return self._listened(True)


@dataclass(frozen=True)
class Way:
    """How to search. latency: of each of two members, s; seconds: of the islands; effort: multiplies the budget of every fit."""

    latency: float
    lockstep: bool
    seconds: float
    effort: float = 1.0

    @property
    def label(self) -> str:
        return f"{self.latency:g} s, {'lock-step' if self.lockstep else 'islands'}"


@dataclass(frozen=True)
class Found:
    """The answer, the forms fitted by the islands, and the share of the workers' time spent computing."""

    answer: Recommendation
    forms: int
    busy: float


def search(problem: Problem, way: Way, waves: Sequence[Sequence[Proposer]] = ()) -> Found:
    """Waves of structure searches first, then the islands until their time is up."""
    members = Members(
        tuple(Member(name, f"slow/{name}", max_calls=_MANY) for name in ("a", "b")), Caps(calls=_MANY, seconds=10 * way.seconds)
    )
    with talking(Ensemble(members, Slow(way.latency, [column.name for column in problem.inputs])), problem) as talk:
        end = [float("inf")]
        terms = Terms(way.effort, silent, lambda: time.monotonic() > end[0], None)
        means = Means(gather(problem, None), terms, talk, limit=5, waves=len(waves), plan=_ENDLESS)
        run = (Waiting if way.lockstep else Run)(problem, means)
        run.ask([Elementary()])
        for wave in waves:
            run.search(wave)
        forms, busy = _explored(run, problem, way, end)
        end[0] = float("inf")
        return Found(run.answer(), forms, busy)


def _explored(run: Run, problem: Problem, way: Way, end: list[float]) -> tuple[int, float]:
    """The islands alone, on workers that are ready: forms and busy share as in `Found`. end: when they stop, set here."""
    workers = Processes(World(run.race.problem, way.effort), None)
    try:
        workers.warm()
        known, used = len(run.race.candidates), _computed(workers.pids)
        end[0] = time.monotonic() + way.seconds
        islands = (Generations if way.lockstep else Islands)(run, _ENDLESS, problem.seed, run.journal, workers)
        run.explored_by(islands, workers)
        busy = (_computed(workers.pids) - used) / (workers.places * way.seconds)
        return len(run.race.candidates) - known, busy
    finally:
        workers.close()


def _computed(pids: Sequence[int]) -> float:
    """Processor seconds of processes so far, from Linux' account of them."""
    ticks = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids)
    return sum(int(user) + int(system) for user, system in ticks) / os.sysconf("SC_CLK_TCK")
