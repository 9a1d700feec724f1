"""`startup`: how long a person waits before anything appears, each time in a new process.

`help`: seconds of `formula --help`, the median of five. `first`: seconds from starting the program to the first candidate of a small
table, once with the index in place and once with an empty home folder, where it is built first. The bar: help 0.7 s, first candidate 10
s with the index in place, 60 s where it is built.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.language import Sentence
from recommender.evaluate._base import Answer, Options, Program, Row, Verdict, number
from recommender.evaluate.program import START_LIMIT, WorkerProgram, environment

HELP = "help"
READY = "first candidate, index in place"
BUILT = "first candidate, index built"
LIMITS = {HELP: 0.7, READY: 10.0, BUILT: 60.0}
TIMES = 5


@dataclass(frozen=True)
class Start:
    """One way to start."""

    label: str


class Startup:
    """See the module."""

    name = "startup"
    needs_cases = False
    hello: Mapping[str, object] | None = None
    columns = ("seconds", "limit")

    def cases(self, options: Options) -> Sequence[Start]:
        return [Start(label) for label in LIMITS if not (options.quick and label == BUILT)]

    def run(self, case: Start, program: Program) -> Sequence[Row]:
        del program
        limit = LIMITS[case.label]
        seconds, failure = (_help(), "") if case.label == HELP else _first(fresh=case.label == BUILT)
        return [Row(case.label, not failure and seconds <= limit, {"seconds": seconds, "limit": limit}, failure)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        numbers = {row.case: number(row, "seconds") for row in rows}
        missed = tuple(row.case for row in rows if not row.passed)
        told = ", ".join(f"{label} {seconds:.2g} s" for label, seconds in numbers.items())
        return Verdict(not missed, Sentence.of("bench.startup_measured", seconds=told), numbers, missed)


def _help() -> float:
    return statistics.median(_timed() for _ in range(TIMES))


def _timed() -> float:
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-P", "-m", "recommender.cli", "--help"], check=True, capture_output=True, env=environment(), timeout=60
    )
    return time.perf_counter() - begin


def _first(*, fresh: bool) -> tuple[float, str]:
    """Seconds to the first candidate, and what went wrong."""
    if not fresh:
        _in_new_process({"task": "hello", "index": True}, None)
    with tempfile.TemporaryDirectory(prefix="home-") as home:
        begin, answer = _in_new_process({"task": "first", "about": "a cup of coffee cools down"}, {"FORMULA_HOME": home} if fresh else None)
    return float(answer.value.get("time", math.nan)) - begin, answer.failure


def _in_new_process(request: Mapping[str, Any], extra: Mapping[str, str] | None) -> tuple[float, Answer]:
    """(time of day at the start, answer) of a program started for this request alone, with a small table."""
    program = WorkerProgram(extra=extra)
    try:
        path = program.folder / "table.csv"
        _write(path)
        return time.time(), program.ask({**request, "table": str(path)}, START_LIMIT)
    finally:
        program.close()


def _write(path: Path) -> None:
    """A cooling curve."""
    t = np.linspace(0, 40, 60)
    values = 21 + 60 * np.exp(-t / 11) + 0.1 * np.sin(7 * t)
    path.write_text("t [min],T [degC]\n" + "".join(f"{a:.3f},{b:.3f}\n" for a, b in zip(t, values, strict=True)), encoding="utf-8")
