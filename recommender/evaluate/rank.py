"""`rank`: whether the law stands first, whether the confidence is true, whether another seed says the same, and how long judging takes.

`rank_sets` makes the frozen candidate sets of both halves (see `rank_laws`, `rank_sets`); the other suites use the testing half, from
which no weight was learned. What counts is the order of the candidates that are there: tasks without the law among them say nothing of
it, but they count for the confidence, which must be low there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, number, spread_out
from recommender.evaluate.rank_laws import NOISES, RankTask, rank_tasks
from recommender.evaluate.rank_replay import by_error, by_fronts, forms, numbers
from recommender.evaluate.rank_sets import LAW, OTHER, CandidateSet, candidate_set
from recommender.ranking.families import families
from recommender.ranking.order import order
from recommender.ranking.weights import load

SHOWN = 5
QUICK = 4
REPEATED = 20
ECE = 0.12
SAME_SEED = 0.95
PACE = 10.0
BARS = {0.0: (0.80, 0.95), 0.01: (0.70, 0.92), 0.05: (0.55, 0.85)}
_HELLO = {"task": "hello", "index": True}
_BASELINES = ("error", "fronts")


@dataclass(frozen=True)
class Ask:
    """A task, and the seed the program gets."""

    task: RankTask
    seed: int

    @property
    def label(self) -> str:
        return self.task.recover.label


class _OnSets:
    """What the suites on candidate sets share."""

    needs_cases = False
    hello: Mapping[str, Any] | None = _HELLO
    halves: tuple[str, ...] = ("test",)

    def cases(self, options: Options) -> Sequence[Ask]:
        tasks = [Ask(task, options.seed) for task in rank_tasks(options.seed) if task.half in self.halves]
        return spread_out(tasks, QUICK) if options.quick else tasks

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows


class Sets(_OnSets):
    """The candidate sets of both halves, made where they are missing."""

    name = "rank_sets"
    halves = ("learn", "test")
    columns = ("candidates", "laws", "seconds")

    def run(self, case: Ask, program: Program) -> Sequence[Row]:
        found = candidate_set(case.task, program, case.seed)
        values: dict[str, Value] = {
            "candidates": len(found.labels),
            "laws": found.labels.count(LAW),
            "seconds": found.seconds,
            "half": found.half,
        }
        return [Row(case.label, bool(found.labels), values)]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        made, hold = sum(row.passed for row in rows), sum(number(row, "laws") > 0 for row in rows)
        learn = sum(row.values.get("half") == "learn" for row in rows)
        words = Sentence.of("bench.rank_sets_measured", made=made, count=len(rows), laws=hold, learn=learn)
        return Verdict(made == len(rows), words, {"made": made, "with_law": hold}, tuple(row.case for row in rows if not row.passed))


class Order(_OnSets):
    """Where the law stands: by the ranking, by training error alone, by Pareto fronts and description length alone."""

    name = "rank_order"
    columns = ("candidates", "rank", "error", "fronts")

    def run(self, case: Ask, program: Program) -> Sequence[Row]:
        found = candidate_set(case.task, program, case.seed)
        ours = order(numbers(found), forms(found), load()).places
        places = {"rank": ours, "error": by_error(found), "fronts": by_fronts(found)}
        values = {name: place_of_law(found, order_) for name, order_ in places.items()}
        known: dict[str, Value] = {"noise": found.noise, "there": found.has_law, "candidates": len(found.labels)}
        return [Row(case.label, values["rank"] == 1 or not found.has_law, {**known, **values})]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        there = [row for row in rows if row.values.get("there")]
        measured = {f"{100 * noise:g} %": _shares([row for row in there if row.values["noise"] == noise]) for noise in NOISES}
        holds = [_reaches(measured[f"{100 * noise:g} %"], bar) for noise, bar in BARS.items()]
        flat = {f"{noise} {key}": value for noise, told in measured.items() for key, value in told.items()}
        words = "; ".join(_order_words(noise, told) for noise, told in measured.items())
        missed = tuple(row.case for row in rows if not row.passed)
        return Verdict(all(holds), Sentence.of("bench.rank_order_measured", groups=words), flat, missed)


def place_of_law(found: CandidateSet, order_: Sequence[int]) -> int | None:
    """Its place, from 1; None if it is not there, or counted as a spelling of another form."""
    return next((place for place, i in enumerate(order_, 1) if found.labels[i] == LAW), None)


def _shares(rows: Sequence[Row]) -> dict[str, float]:
    told = {"tasks": float(len(rows))}
    for name in ("rank", *_BASELINES):
        places = [number(row, name) for row in rows]
        for key, most in (("first", 1), ("five", SHOWN)):
            told[f"{name} {key}"] = float(np.mean([place <= most for place in places])) if places else math.nan
    return told


def _reaches(told: Mapping[str, float], bar: tuple[float, float]) -> bool:
    return told["rank first"] >= bar[0] and told["rank five"] >= bar[1]


def _order_words(noise: str, told: Mapping[str, float]) -> str:
    pairs = (f"{name} {100 * told[f'{name} first']:.0f}/{100 * told[f'{name} five']:.0f} %" for name in ("rank", *_BASELINES))
    return f"{noise} (n = {told['tasks']:.0f}): {', '.join(pairs)}"


class Calibration(_OnSets):
    """How far the confidence is from the share of candidates that are the law, or equal to it on the data."""

    name = "rank_calibration"
    columns = ("confidence", "right")

    def run(self, case: Ask, program: Program) -> Sequence[Row]:
        found = candidate_set(case.task, program, case.seed)
        ours = order(numbers(found), forms(found), load())
        return [
            Row(f"{case.label} #{rank}", True, {"rank": rank, "confidence": confidence, "right": found.labels[place] != OTHER})
            for rank, (place, confidence) in enumerate(list(zip(ours.places, ours.confidences, strict=True))[:SHOWN], 1)
        ]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        from recommender.evaluate.reliability import calibration_error, draw

        told = [(number(row, "confidence"), bool(row.values["right"]), number(row, "rank")) for row in rows if not row.failure]
        pairs = [(confidence, hit) for confidence, hit, _ in told]
        first = [(confidence, hit) for confidence, hit, rank in told if rank == 1]
        figures = {"ece": calibration_error(pairs), "ece_first": calibration_error(first), "shown": float(len(pairs))}
        words = Sentence.of(
            "bench.rank_calibration_measured",
            ece=f"{figures['ece']:.3f}",
            first=f"{figures['ece_first']:.3f}",
            count=len(pairs),
            path=draw(pairs, first),
        )
        return Verdict(figures["ece"] <= ECE, words, figures)


class Repeat(_OnSets):
    """The same table with another seed of the program."""

    name = "rank_repeat"
    columns = ("once", "again")

    def cases(self, options: Options) -> Sequence[Ask]:
        return spread_out(super().cases(options), REPEATED)

    def run(self, case: Ask, program: Program) -> Sequence[Row]:
        found = [candidate_set(case.task, program, seed) for seed in (case.seed, case.seed + 1)]
        firsts = [order(numbers(one), forms(one), load()).places[:1] for one in found]
        if not all(firsts):
            return [Row(case.label, not any(firsts), {"once": None, "again": None})]
        (i,), (j,) = firsts
        a, b = forms(found[0])[i], forms(found[1])[j]
        texts = [one.found.formulas[place].text for one, place in zip(found, (i, j), strict=True)]
        return [Row(case.label, families([a, b]) == [0, 0], {"once": texts[0], "again": texts[1], "there": found[0].has_law})]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        share = float(np.mean([row.passed for row in rows]))
        there = [row.passed for row in rows if row.values.get("there")]
        known = float(np.mean(there)) if there else math.nan
        words = Sentence.of("bench.rank_repeat_measured", percent=f"{100 * share:.0f}", count=len(rows), known=f"{100 * known:.0f}")
        missed = tuple(row.case for row in rows if not row.passed)
        return Verdict(share >= SAME_SEED, words, {"same": share, "same_where_law": known}, missed)


@dataclass(frozen=True)
class Judging:
    """Finalists to judge on a table."""

    rows: int = 1000
    finalists: int = 20
    seed: int = 0

    @property
    def label(self) -> str:
        return f"{self.finalists} x {self.rows}"


class Pace:
    """How long all evidence on twenty finalists takes."""

    name = "rank_pace"
    needs_cases = False
    hello: Mapping[str, Any] | None = _HELLO
    columns = ("seconds",)

    def cases(self, options: Options) -> Sequence[Judging]:
        return [Judging(seed=options.seed)]

    def run(self, case: Judging, program: Program) -> Sequence[Row]:
        answer = program.ask({"task": "assess", "rows": case.rows, "finalists": case.finalists, "seed": case.seed}, 300.0)
        seconds = float(answer.value.get("seconds", math.nan))
        return [Row(case.label, seconds <= PACE, {"seconds": seconds, "cpu": answer.value.get("cpu")}, answer.failure)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        seconds = number(rows[0], "seconds")
        words = Sentence.of("bench.rank_pace_measured", seconds=f"{seconds:.1f}", cpu=f"{number(rows[0], 'cpu'):.1f}")
        return Verdict(all(row.passed for row in rows), words, {"seconds": seconds})
