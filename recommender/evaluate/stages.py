"""`stages`: whether building formulas stage by stage finds laws of many inputs that searching all at once does not.

There is one table a law, of random rows or on a grid, exact or with noise, in turn. Each is asked three times with the same nominal
seconds: the searches without the staged one, the staged one alone, all of them together. The bar: together they find at least one law more
than all at once on the tables asked, and none less.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict
from recommender.evaluate.recover_tasks import RecoverTask, Variant
from recommender.evaluate.scoring import Rows
from recommender.evaluate.stages_laws import LAWS, Law

SECONDS = 20.0
SHOWN = 12
NOISE = 0.005
QUICK = 1
_KINDS = ((False, 0.0), (True, 0.0), (False, NOISE), (True, NOISE))  # of tables, in turn: on a grid or not, noise
_ADDED, _ALL = 1.4, 1.75  # all work over that without the staged search, and over `seconds`
ONCE, STAGED, BOTH = "all at once", "staged", "both"
WAYS = (ONCE, STAGED, BOTH)


@dataclass(frozen=True)
class Asked:
    """One table, to be asked one way."""

    law: Law
    grid: bool
    noise: float
    way: str
    seed: int

    @property
    def table(self) -> str:
        """Name of the table."""
        return f"{self.law.name}, {'grid' if self.grid else 'random'}, {100 * self.noise:g} %{', kept' if self.law.kept else ''}"

    @property
    def label(self) -> str:
        return f"{self.way}: {self.table}"


class Stages:
    """See the module."""

    name = "stages"
    needs_cases = False
    hello: Mapping[str, Any] | None = None
    columns = ("first", "five", "all", "seconds")

    def cases(self, options: Options) -> Sequence[Asked]:
        chosen = LAWS[:QUICK] if options.quick else LAWS
        return [Asked(law, *_KINDS[i % len(_KINDS)], way, options.seed) for i, law in enumerate(chosen) for way in WAYS]

    def run(self, case: Asked, program: Program) -> Sequence[Row]:
        del program
        return [_row(case)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        found = {way: [bool(row.values.get("five")) for row in rows if row.case.startswith(f"{way}: ")] for way in WAYS}
        first = {way: sum(bool(row.values.get("first")) for row in rows if row.case.startswith(f"{way}: ")) for way in WAYS}
        never_fewer = all(both >= once for once, both in zip(found[ONCE], found[BOTH], strict=True))
        words = "; ".join(f"{way} {first[way]}/{sum(found[way])} of {len(found[way])}" for way in WAYS)
        numbers = {f"{way} {key}": float(value) for way in WAYS for key, value in (("first", first[way]), ("five", sum(found[way])))}
        missed = tuple(row.case for row in rows if row.case.startswith(BOTH) and not row.passed)
        holds = never_fewer and sum(found[BOTH]) > sum(found[ONCE])
        return Verdict(holds, Sentence.of("bench.stages_measured", ways=words), numbers, missed)


def _row(case: Asked) -> Row:
    """One answer, judged."""
    from recommender.evaluate.recover_scoring import score
    from recommender.pipeline import recommend
    from recommender.problem import Problem
    from recommender.table import Table

    task = task_of(case)
    problem = Problem.of(Table.of({**task.train.columns, "y": task.train.target}), target="y", seed=case.seed)
    begun = time.thread_time()
    formulas = recommend(problem, waves=_waves(case.way), limit=SHOWN).formulas
    rank = score(formulas, task, case.seed).rank
    values: dict[str, Value] = {
        "rank": rank,
        "first": rank == 1,
        "five": rank is not None and rank <= 5,
        "all": rank is not None,
        "seconds": time.thread_time() - begun,
        "formula": formulas[0].text if formulas else None,
    }
    return Row(case.label, rank == 1, values)


def task_of(case: Asked) -> RecoverTask:
    """The table and how its answer is judged."""
    clean = case.law.rows(case.grid, case.seed)
    question = {"target": "y", "inputs": list(case.law.box), "units": {}, "descriptions": {}, "about": ""}
    elsewhere: Rows = case.law.elsewhere(case.seed)
    task = RecoverTask(case.law.name, question, clean, {"id": clean}, elsewhere, 0.0, Variant(noise=case.noise, corpus=False))
    return task.with_noise(case.seed)


def _waves(way: str) -> Sequence[Sequence[Any]]:
    """The searches of one way, of the same nominal seconds in all."""
    from recommender.proposers import searchers
    from recommender.proposers.staged import Staged

    if way == STAGED:
        return ((Staged(_ALL * SECONDS),),)
    if way == BOTH:
        return searchers(SECONDS)
    return [[one for one in wave if not isinstance(one, Staged)] for wave in searchers(_ADDED * SECONDS)]
