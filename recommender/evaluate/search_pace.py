"""`search`: what it is worth that nobody waits: islands beside the same work in lock-step generations, with slow language models.

Both search the same table for the same time with the same two members, whose answers take `latency` seconds each. In lock-step a generation
asks the members, waits for their answers, then takes as many steps as the islands plan ahead, and waits for all of them. Counted are the
forms fitted a minute, the share of the workers' time that they computed, and how often the law stands at the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.errors import BenchError
from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, number, spread_out
from recommender.evaluate.recover import from_cases
from recommender.evaluate.recover_tasks import RecoverTask, Variant
from recommender.evaluate.search_ways import Way, search
from recommender.evaluate.worker import problem_of
from recommender.problem import Problem
from recommender.table import Table

LATENCIES = (2.0, 5.0, 10.0)
SECONDS, QUICK_SECONDS = 60.0, 15.0
RATIO_BAR, BUSY_BAR = 1.5, 0.85
HORIZONS = (30.0, 120.0)
_EFFORT = 0.3
_LATENCY = 5.0
_SOURCES = ("composite", "llm_sr")
_QUICK_TASKS = 2


@dataclass(frozen=True)
class Paced:
    """One way of searching."""

    way: Way
    seed: int

    @property
    def label(self) -> str:
        return self.way.label


class Pace:
    """Islands and generations side by side."""

    name = "search_pace"
    needs_cases = False
    hello: Mapping[str, Any] | None = None
    columns = ("forms", "per_minute", "busy")

    def cases(self, options: Options) -> Sequence[Paced]:
        seconds = QUICK_SECONDS if options.quick else SECONDS
        latencies = LATENCIES[1:2] if options.quick else LATENCIES
        return [Paced(Way(latency, lockstep, seconds, _EFFORT), options.seed) for latency in latencies for lockstep in (False, True)]

    def run(self, case: Paced, program: Program) -> Sequence[Row]:
        del program
        way, found = case.way, search(_problem(case.seed), case.way)
        pace = {"forms": found.forms, "per_minute": 60 * found.forms / way.seconds, "busy": found.busy}
        return [Row(case.label, True, {**pace, "latency": way.latency, "lockstep": way.lockstep})]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """Whether the islands fit RATIO_BAR times as many forms, their workers computing BUSY_BAR of the time."""
        pace = {(number(row, "latency"), bool(row.values["lockstep"])): number(row, "forms") for row in rows}
        ratios = [pace[latency, False] / max(pace[latency, True], 1.0) for latency, lockstep in pace if not lockstep]
        busy = min(number(row, "busy") for row in rows if not row.values["lockstep"])
        words = Sentence.of("bench.search_pace_measured", least=f"{min(ratios):.2f}", most=f"{max(ratios):.2f}", busy=f"{100 * busy:.0f}")
        return Verdict(min(ratios) >= RATIO_BAR and busy >= BUSY_BAR, words, {"ratio": min(ratios), "busy": busy})


@dataclass(frozen=True)
class Sought:
    """A law to be found within so many seconds, half of them for the waves of structure searches."""

    task: RecoverTask
    horizon: float
    lockstep: bool
    seed: int

    @property
    def label(self) -> str:
        return f"{self.task.name}, {self.horizon:g} s, {'lock-step' if self.lockstep else 'islands'}"


class Recovery:
    """Where the law stands after a while, by islands and by generations, without the corpus."""

    name = "search_recovery"
    needs_cases = True
    hello: Mapping[str, Any] | None = None
    columns = ("first", "five", "forms", "busy")

    def cases(self, options: Options) -> Sequence[Sought]:
        variant = Variant(corpus=False)
        tasks = [task for source in _SOURCES for task in from_cases(source)(Options(options.cases, seed=options.seed), variant)]
        if not tasks:
            raise BenchError("bench_no_points")
        tasks = list(spread_out(tasks, _QUICK_TASKS)) if options.quick else tasks
        return [Sought(task, horizon, way, options.seed) for task in tasks for horizon in HORIZONS for way in (False, True)]

    def run(self, case: Sought, program: Program) -> Sequence[Row]:
        from recommender.evaluate.recover_scoring import score
        from recommender.proposers import searchers

        way = Way(_LATENCY, case.lockstep, case.horizon / 2)
        found = search(_asked(case, program), way, searchers(case.horizon / 2))
        rank = score(found.answer.formulas, case.task, case.seed).rank
        at: dict[str, Value] = {"rank": rank, "first": rank == 1, "five": rank is not None and rank <= 5}
        return [Row(case.label, rank == 1, {**at, "forms": found.forms, "busy": found.busy, "group": case.label.split(", ", 1)[1]})]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """What was found in each group; there is no bar."""
        groups = {str(row.values["group"]): [one for one in rows if one.values["group"] == row.values["group"]] for row in rows}
        counts = {name: [sum(bool(row.values[key]) for row in group) for key in ("first", "five")] for name, group in groups.items()}
        words = "; ".join(f"{name}: {first}/{five} of {len(groups[name])}" for name, (first, five) in counts.items())
        numbers = {f"{name} {key}": float(n) for name, pair in counts.items() for key, n in zip(("first", "five"), pair, strict=True)}
        return Verdict(True, Sentence.of("bench.search_recovery_measured", groups=words), numbers)


def _asked(case: Sought, program: Program) -> Problem:
    """The table as a customer would bring it."""
    path = program.folder / "table.csv"
    case.task.write(path)
    return problem_of({"table": str(path), "seed": case.seed, **case.task.question})


def _problem(seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    x, z = rng.uniform(0.5, 4, 80), rng.uniform(1, 3, 80)
    y = 3 * np.exp(-0.7 * x) * z + 0.4 * x * np.sin(2.2 * z) + rng.normal(0, 0.05, x.size)
    return Problem.of(Table.of({"x": x, "z": z, "y": y}), seed=seed)
