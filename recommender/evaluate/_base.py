"""What a benchmark is.

Life cycle: `run_bench` takes the suites of a bench from the registry; `cases` lists what to measure, `run` measures one case, `shown`
condenses the rows for the table, `verdict` says whether the stated bar holds. Runs are independent: each may happen in its own thread,
with its own `Program`, in any order. A case that fails is a row with a `failure`, never an exception.

Two sides, two processes: the *program under test* answers requests in a worker process and sees what a customer would give;
the *scorer* (everything else here) alone knows the truth. Nothing but a `Program` request may cross from the one to the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from corpus.language import Sentence

Value = float | int | str | bool | None


class Labelled(Protocol):
    """Whatever a suite measures has a name for its table."""

    @property
    def label(self) -> str: ...


C = TypeVar("C", bound=Labelled)
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """What the person asked for.

    cases: folder of cases. quick: a fixed subset that ends within 50 s. jobs: worker processes. against: other programs to run beside
    ours. corpus: only the variants that may use the corpus, or may not; None for both. members: file of language models.
    """

    cases: Path | None = None
    quick: bool = False
    seed: int = 0
    jobs: int = 1
    against: tuple[str, ...] = ()
    corpus: bool | None = None
    members: Path | None = None


@dataclass(frozen=True)
class Row:
    """One measured case: whether it passed, what was measured, and why there is no measurement ("" if there is one)."""

    case: str
    passed: bool
    values: Mapping[str, Value] = field(default_factory=dict)
    failure: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; nan and infinity become null."""
        return {**asdict(self), "values": finite(self.values)}


@dataclass(frozen=True)
class Verdict:
    """Whether the bar holds, the measurement in a sentence, its numbers, and the cases that did not pass."""

    holds: bool
    words: Sentence
    numbers: Mapping[str, float] = field(default_factory=dict)
    missed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a program replied: a value, or why there is none; wall-clock seconds, and seconds of processor time where it told them."""

    value: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    seconds: float = math.nan
    cpu: float = math.nan


class Program(Protocol):
    """The program under test, as a scorer sees it."""

    @property
    def folder(self) -> Path:
        """Where tables for it are put; the path says nothing of the case."""
        ...

    def ask(self, request: Mapping[str, Any], limit: float) -> Answer:
        """Send a JSON-ready request, wait at most `limit` seconds; a crash or a time-out is an answer with a failure."""
        ...


class Suite(Protocol[C]):
    """One table with one bar. Strings `bench.<name>_title` and `bench.<name>_bar` say what it is."""

    @property
    def name(self) -> str: ...

    @property
    def needs_cases(self) -> bool:
        """Whether it can only run on a folder of cases."""
        ...

    @property
    def hello(self) -> Mapping[str, Any] | None:
        """First request to a fresh program, not counted to any case; None for none."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Keys of `Row.values` to print, in order; `bench.column_<key>` is the heading."""
        ...

    def cases(self, options: Options) -> Sequence[C]:
        """What to measure; BenchError if there is nothing."""
        ...

    def run(self, case: C, program: Program) -> Sequence[Row]:
        """Measure one case: a row, or one per program when several run side by side."""
        ...

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows to print."""
        ...

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        """Hold the rows against the bar."""
        ...


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same numbers, null for those JSON does not know."""
    return {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in values.items()}


def number(row: Row, key: str) -> float:
    """A measured number, nan where there is none."""
    value = row.values.get(key)
    return math.nan if value is None or isinstance(value, str) else float(value)


def spread_out(items: Sequence[T], count: int) -> list[T]:
    """At most `count` items, evenly taken: the fixed subset of `--quick`."""
    step = max(1.0, len(items) / count)
    return [items[int(i * step)] for i in range(min(count, len(items)))]
