"""`recover`: whether the law behind a table is found, by its form and not by its error (see `recover_scoring`).

Tables of cases whose law is known exactly go to the program, perhaps with noise, with another column as the target, with their words
hidden, with or without the corpus. The bars are shares of the cases whose law stands first, or among the first five.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from corpus.errors import BenchError
from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, number, spread_out
from recommender.evaluate.cases import find_cases
from recommender.evaluate.recover_tasks import RecoverTask, Variant
from recommender.evaluate.scoring import Rows
from recommender.recommendation import Recommendation

LIMIT = 240.0
SECONDS = 30.0
SHOWN = 20
QUICK = 4
OURS = "formula"
OPERON = "pyoperon"


@dataclass(frozen=True)
class Bar:
    """Least number of `of` laws: at rank 1, among the first five; largest median of the best-of-five NMSE beyond the data."""

    of: int
    first: int = 0
    five: int = 0
    beyond: float = math.inf


@dataclass(frozen=True)
class Asked:
    """One task for one program."""

    task: RecoverTask
    program: str
    seed: int

    @property
    def label(self) -> str:
        return self.task.label if self.program == OURS else f"{self.program}: {self.task.label}"


Tasks = Callable[[Options, Variant], Iterable[RecoverTask]]


@dataclass(frozen=True)
class Recover:
    """Tasks in some variants, a bar for each group; groups are told apart by noise where the cases themselves have it."""

    name: str
    variants: tuple[Variant, ...]
    bars: Mapping[str, Bar]
    tasks: Tasks
    needs_cases: bool = True
    hello: Mapping[str, Any] | None = field(default_factory=lambda: {"task": "hello", "index": True})
    columns: tuple[str, ...] = ("first", "tied", "five", "all", "id", "ood", "best_ood", "seconds")

    def cases(self, options: Options) -> Sequence[Asked]:
        variants = [v for v in self.variants if options.corpus is None or v.corpus == options.corpus] or self.variants
        tasks = [task for variant in variants for task in self.tasks(options, variant)]
        if not tasks:
            raise BenchError("bench_no_points")
        programs = (OURS, *(name for name in options.against if name == OPERON))
        return [Asked(task, program, options.seed) for program in programs for task in tasks]

    def run(self, case: Asked, program: Program) -> Sequence[Row]:
        from recommender.evaluate.recover_scoring import EXACT, score

        answer = program.ask(request(case, program), LIMIT)
        known: dict[str, Value] = {"program": case.program, "group": case.task.group, "seconds": answer.seconds}
        if answer.failure:
            return [Row(case.label, False, known, answer.failure)]
        given = Recommendation.from_json(answer.value["recommendation"])
        formulas = given.formulas
        found = score(formulas, case.task, case.seed)
        values: dict[str, Value] = {
            **known,
            "rank": found.rank,
            "first": found.rank == 1,
            "tied": found.rank in _tied(given),
            "five": found.rank is not None and found.rank <= 5,
            "all": found.rank is not None,
            "id": found.first.get("id"),
            "ood": found.first.get("ood"),
            "best_ood": found.errors.get("ood", found.errors.get("id")),
            "close": max(found.first.values()) < EXACT,
            "formula": formulas[0].text if formulas else None,
        }
        return [Row(case.label, found.rank == 1, values)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            prefix = "" if row.values["program"] == OURS else f"{row.values['program']}: "
            groups.setdefault(f"{prefix}{row.values['group']}", []).append(row)
        told = {name: _summary(group) for name, group in groups.items()}
        holds = [reaches(bar, told[name]) for name, bar in self.bars.items() if name in told]
        numbers = {f"{name} {key}": value for name, found in told.items() for key, value in found.items()}
        words = "; ".join(_words(name, found) for name, found in told.items())
        missed = tuple(row.case for row in rows if not row.passed and row.values["program"] == OURS)
        return Verdict(bool(holds) and all(holds), Sentence.of("bench.recover_measured", groups=words), numbers, missed)


def _tied(given: Recommendation) -> list[int]:
    """Places between which the answer says that the data do not decide."""
    told = "" if given.undecided is None else str(dict(given.undecided.values)["places"])
    return [int(place.strip(" #")) for place in told.split(",") if told]


def from_cases(source: str, only: str = "") -> Tasks:
    """Tasks from a source of cases on disk whose names hold `only`."""

    def tasks(options: Options, variant: Variant) -> Iterator[RecoverTask]:
        found = [case for case in find_cases(options.cases, (source,)) if only in case.folder.name]
        for case in spread_out(found, QUICK) if options.quick else found:
            try:
                yield RecoverTask.of(case, variant, options.seed)
            except BenchError:
                if not variant.other:  # a law that cannot be solved inside the range of its table
                    raise

    return tasks


def generated_sums(options: Options, variant: Variant) -> Iterator[RecoverTask]:
    """Sums of two to five terms: the half of the generated tasks that is kept for testing."""
    from recommender.evaluate.recover_sums import sum_tasks

    kept = list(sum_tasks(seed=options.seed))[1::2]
    for task in spread_out(kept, QUICK) if options.quick else kept:
        target = task.kind.target
        question = {"target": target, "inputs": list(task.kind.inputs), "units": {}, "descriptions": {}, "about": ""}
        clean = Rows(task.columns, task.values)
        off = Rows(task.box, task.law.evaluate(task.box))
        yield RecoverTask(task.name, question, clean, {"id": clean}, off, 0.0, variant).with_noise(options.seed)


def request(case: Asked, program: Program) -> dict[str, Any]:
    """What the program is told: the table under a name that says nothing, and the customer's words."""
    path = program.folder / "table.csv"
    case.task.write(path)
    task = "recommend" if case.program == OURS else "evolve"
    options = {"limit": SHOWN, "seed": case.seed, "corpus": case.task.variant.corpus, "seconds": SECONDS, "workers": None}
    return {"task": task, "table": str(path), **options, **case.task.question}


def _summary(rows: Sequence[Row]) -> dict[str, float]:
    good = [row for row in rows if not row.failure]
    beyond = [number(row, "best_ood") for row in good]
    return {
        "count": float(len(rows)),
        "first": float(sum(bool(row.values["first"]) for row in good)),
        "five": float(sum(bool(row.values["five"]) for row in good)),
        "all": float(sum(bool(row.values["all"]) for row in good)),
        "beyond": float(np.median(beyond)) if beyond else math.nan,
        "seconds": float(np.median([number(row, "seconds") for row in rows])),
    }


def _words(name: str, found: Mapping[str, float]) -> str:
    counts = f"{found['first']:g}/{found['five']:g}/{found['all']:g} of {found['count']:g}"
    return f"{name}: {counts}, NMSE {found['beyond']:.1e}, {found['seconds']:.3g} s"


def reaches(bar: Bar, found: Mapping[str, float]) -> bool:
    """A smaller sample is held to the same share."""
    share = found["count"] / bar.of
    return found["first"] >= bar.first * share and found["five"] >= bar.five * share and not found["beyond"] > bar.beyond


def _suite(name: str, source: str, bars: Mapping[Variant, Bar], only: str = "") -> Recover:
    return Recover(name, tuple(bars), {variant.label: bar for variant, bar in bars.items()}, from_cases(source, only))


OFF = Variant(corpus=False)
ON = Variant()
NOISY = Variant(noise=0.01, corpus=False)


def composite() -> Recover:
    """A textbook term and an unusual one; the tables themselves come with three levels of noise."""
    bars = {"": Bar(12, five=8, beyond=1e-3), " 1 %": Bar(12, five=5, beyond=1e-3), " 5 %": Bar(12, five=3)}
    return Recover("composite", (ON, OFF), {f"{ON.label}{noise}": bar for noise, bar in bars.items()}, from_cases("composite"))


def sums() -> Recover:
    """Sums of two to five terms in tables of simulated systems."""
    bars = {OFF.label: Bar(30, first=28), NOISY.label: Bar(30, first=20)}
    return Recover("sums", (OFF, NOISY), bars, generated_sums, needs_cases=False)


def feynman() -> Recover:
    """Physics laws with units."""
    return _suite("feynman", "ai_feynman", {OFF: Bar(72, first=64), NOISY: Bar(72, first=52)})


def feynman_known() -> Recover:
    """The same with the corpus."""
    return _suite("feynman_known", "ai_feynman", {ON: Bar(72, first=70)})


def feynman_other() -> Recover:
    """The same solved for another column; where two values of it satisfy the law, nobody can tell which, and the bar does not count it."""
    bars = {Variant(other=True): Bar(72, first=65), Variant(other=True, hidden=True): Bar(72, first=50)}
    return _suite("feynman_other", "ai_feynman", bars)


def srsd() -> Recover:
    """Physics laws over realistic ranges in SI units."""
    return _suite("srsd", "srsd_feynman", {OFF: Bar(72, first=45)})


def strogatz() -> Recover:
    """Right-hand sides of differential equations."""
    return _suite("strogatz", "strogatz", {OFF: Bar(8, first=6)})


def shg() -> Recover:
    """Second-harmonic generation and quasi-phase matching."""
    return Recover("shg", (ON,), {f"{ON.label} 1 %": Bar(6, five=5)}, from_cases("shg_qpm"))  # the tables come with 1 % noise


def trajectories() -> Recover:
    """Published oscillator and growth laws, by simulated trajectories."""
    return _suite("trajectories", "llm_sr", {OFF: Bar(2, first=2)})


def oscillator() -> Recover:
    """The oscillator with noise."""
    return _suite("oscillator", "llm_sr", {NOISY: Bar(1, first=1)}, only="oscillator")
