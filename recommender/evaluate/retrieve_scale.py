"""`scale`: an index of 100,000 entries: how long it takes to build, how fast it answers, how much memory it needs.

The entries are variants of the seed corpus: each multiplies a law by a coefficient of another dimension, under other words and ranges, so
that none is another's double and signatures multiply as well. Built in a new process in an empty folder; asked in another one, warm:
questions in words, and tables with units and shape. `cpu` is processor time, for a machine that is busy with other things.

The bar: built within 20 minutes, 95 % of answers within 60 ms, both processes below 1.5 GB.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Verdict, number
from recommender.evaluate.program import WorkerProgram

ENTRIES, QUICK = 100_000, 3_000
BUILD, ANSWER, MEMORY = 1200.0, 60.0, 1.5
LIMIT = 7200.0
_LIMITS = {"build s": BUILD, "answer p95 ms": ANSWER, "build GB": MEMORY, "answer GB": MEMORY}


@dataclass(frozen=True)
class Size:
    """How many entries."""

    entries: int
    seed: int

    @property
    def label(self) -> str:
        return f"{self.entries} entries"


class Scale:
    """See the module."""

    name = "scale"
    needs_cases = False
    hello: Mapping[str, object] | None = None
    columns = ("value", "limit", "cpu")

    def cases(self, options: Options) -> Sequence[Size]:
        return [Size(QUICK if options.quick else ENTRIES, options.seed)]

    def run(self, case: Size, program: Program) -> Sequence[Row]:
        built = program.ask({"task": "scale_build", "entries": case.entries, "folder": str(program.folder)}, LIMIT)
        if built.failure:
            return [Row(case.label, False, failure=built.failure)]
        asking = WorkerProgram()
        try:
            asked = asking.ask({"task": "scale_ask", "folder": str(program.folder), "seed": case.seed}, LIMIT)
        finally:
            asking.close()
        if asked.failure:
            return [Row(case.label, False, failure=asked.failure)]
        return _rows(case, built.value, asked.value)

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        numbers = {row.case: number(row, "value") for row in rows if not row.failure}
        told = "; ".join(f"{name} {value:.3g}" for name, value in numbers.items())
        missed = tuple(row.case for row in rows if not row.passed)
        return Verdict(bool(numbers) and not missed, Sentence.of("bench.scale_measured", told=told), numbers, missed)


def _rows(case: Size, built: Mapping[str, Any], asked: Mapping[str, Any]) -> list[Row]:
    wall, cpu = (sorted(asked[key]) for key in ("wall_ms", "cpu_ms"))
    found = {
        "build s": (built["wall"], built["cpu"]),
        "answer p95 ms": (_p95(wall), _p95(cpu)),
        "answer median ms": (statistics.median(wall), statistics.median(cpu)),
        "build GB": (built["memory"], math.nan),
        "answer GB": (asked["memory"], math.nan),
    }
    return [_row(f"{name}, {case.label}", name, *values) for name, values in found.items()]


def _p95(ordered: Sequence[float]) -> float:
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def _row(label: str, name: str, value: float, cpu: float) -> Row:
    limit = _LIMITS.get(name, math.inf)
    return Row(label, value <= limit, {"value": value, "limit": limit, "cpu": cpu})


def scale() -> Scale:
    """The suite."""
    return Scale()
