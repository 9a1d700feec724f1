"""`search`: what it is worth that nobody waits: islands beside the same work in lock-step generations, with slow language models.

Both search the same table for the same time with the same two members, whose answers take `latency` seconds each. In lock-step a generation
asks the members, waits for their answers, then takes as many steps as the islands plan ahead, and waits for all of them. Counted are the
forms fitted a minute, and the share of the workers' time that they computed.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from corpus.language import Sentence
from recommender.context import Context
from recommender.evaluate._base import Options, Program, Row, Verdict, number
from recommender.llm import Caps, Ensemble, Member, Members, talking
from recommender.llm._base import Reply, Request
from recommender.probes import probe
from recommender.problem import Problem
from recommender.progress import silent
from recommender.proposers import Elementary, Proposal
from recommender.racing import Terms
from recommender.running import Means, Run
from recommender.search import Islands, Plan, World
from recommender.search.workers import Processes
from recommender.table import Table

LATENCIES = (2.0, 5.0, 10.0)
SECONDS, QUICK_SECONDS = 60.0, 15.0
RATIO_BAR, BUSY_BAR = 1.5, 0.85
_MANY = 100_000  # steps: the clock ends the search
_SHAPES = ("a*exp(-b*x)+c*z", "a*x**b*z", "a/(1+b*x)+c", "a*sin(b*x)+c*z", "a*log(b+x)*z", "a*x+b*z**2+c", "a*tanh(b*x)+c", "a*x*exp(-b*z)")


class Slow:
    """A chat whose answers take their time: three formulas each, never the same."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._number = count()

    async def ask(self, request: Request) -> Reply:
        await asyncio.sleep(self._seconds)
        first = next(self._number)
        texts = [f"{_SHAPES[(first + i) % len(_SHAPES)]} + d*x**{2 + (first + i) // len(_SHAPES)}" for i in range(3)]
        formulas = [{"formula": text, "parameters": [], "reasoning": "", "evidence": []} for text in texts]
        return Reply(request, json.dumps({"formulas": formulas}), seconds=self._seconds)


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
class Paced:
    """One way of searching with members of one latency, s."""

    latency: float
    lockstep: bool
    seconds: float
    seed: int

    @property
    def label(self) -> str:
        return f"{self.latency:g} s, {'lock-step' if self.lockstep else 'islands'}"


class Pace:
    """Islands and generations side by side."""

    name = "search_pace"
    needs_cases = False
    hello: Mapping[str, Any] | None = None
    columns = ("forms", "per_minute", "busy")

    def cases(self, options: Options) -> Sequence[Paced]:
        seconds = QUICK_SECONDS if options.quick else SECONDS
        latencies = LATENCIES[1:2] if options.quick else LATENCIES
        return [Paced(latency, lockstep, seconds, options.seed) for latency in latencies for lockstep in (False, True)]

    def run(self, case: Paced, program: Program) -> Sequence[Row]:
        del program
        forms, busy = _searched(case)
        values = {"forms": forms, "per_minute": 60 * forms / case.seconds, "busy": busy, "latency": case.latency, "lockstep": case.lockstep}
        return [Row(case.label, True, values)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """Whether the islands fit RATIO_BAR times as many forms, their workers computing BUSY_BAR of the time."""
        pace = {(number(row, "latency"), bool(row.values["lockstep"])): number(row, "forms") for row in rows}
        ratios = [pace[latency, False] / max(pace[latency, True], 1.0) for latency, lockstep in pace if not lockstep]
        busy = min(number(row, "busy") for row in rows if not row.values["lockstep"])
        words = Sentence.of("bench.search_pace_measured", least=f"{min(ratios):.2f}", most=f"{max(ratios):.2f}", busy=f"{100 * busy:.0f}")
        return Verdict(min(ratios) >= RATIO_BAR and busy >= BUSY_BAR, words, {"ratio": min(ratios), "busy": busy})


def _searched(case: Paced) -> tuple[int, float]:
    """Forms fitted, and the share of the workers' time spent computing."""
    problem = _problem(case.seed)
    members = Members(
        tuple(Member(name, f"slow/{name}", max_calls=_MANY) for name in ("a", "b")), Caps(calls=_MANY, seconds=10 * case.seconds)
    )
    with talking(Ensemble(members, Slow(case.latency)), problem) as talk:
        end = [float("inf")]
        terms = Terms(0.3, silent, lambda: time.monotonic() > end[0], None)
        means = Means(Context(probes=probe(problem.samples)), terms, talk, limit=3, waves=0, plan=Plan(_MANY))
        run = (Waiting if case.lockstep else Run)(problem, means)
        run.ask([Elementary()])
        workers = Processes(World(problem, 0.3), None)
        workers.warm()
        known, used = len(run.race.candidates), _computed(workers.pids)
        end[0] = time.monotonic() + case.seconds
        (Generations if case.lockstep else Islands)(run, means.plan, case.seed, terms.journal, workers).run()
        busy = (_computed(workers.pids) - used) / (workers.places * case.seconds)
        workers.close()
        return len(run.race.candidates) - known, busy


def _computed(pids: Sequence[int]) -> float:
    """Processor seconds of processes so far, from Linux' account of them."""
    ticks = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids)
    return sum(int(user) + int(system) for user, system in ticks) / os.sysconf("SC_CLK_TCK")


def _problem(seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(0.5, 4, 80), rng.uniform(1, 3, 80)
    y = 3 * np.exp(-0.7 * x) * z + 0.4 * x * np.sin(2.2 * z) + rng.normal(0, 0.05, x.size)
    return Problem.of(Table.of({"x": x, "z": z, "y": y}), seed=seed)
