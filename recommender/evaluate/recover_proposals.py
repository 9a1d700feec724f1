"""`proposals`: recorded proposals of language models, read and brought together by meaning.

Each line of a `*.jsonl` file holds `task` and `formulas`: [text, how often] pairs. All texts of a task that mean one family become one
candidate. The bar: 99 % can be read, 2,000 a minute of one core are read and brought together, and of 500 pairs of different texts
that became one, each member can take the values of the other at random points (none was merged wrongly).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.canonical import canonicalise
from corpus.errors import BenchError, FormulaError
from corpus.formula import Formula
from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, spread_out
from recommender.evaluate.fit_race import read_proposal
from recommender.fitting import fit
from recommender.samples import Samples

PAIRS = 500
QUICK_TASKS = 12
QUICK_PAIRS = 40
READ_SHARE = 0.99
PER_MINUTE = 2000.0
_ROWS = 60
_SAME = 1e-8
_BUDGETS = (0.2, 2.0)


@dataclass(frozen=True)
class Proposed:
    """What was proposed for one task."""

    label: str
    texts: tuple[str, ...]
    pairs: int
    seed: int


class Proposals:
    """See the module."""

    name = "proposals"
    needs_cases = True
    hello: Mapping[str, Any] | None = None
    columns = ("count", "read", "candidates", "per_minute", "pairs", "false_merges")

    def cases(self, options: Options) -> Sequence[Proposed]:
        tasks = _texts(options.cases)
        chosen = spread_out(sorted(tasks), QUICK_TASKS) if options.quick else sorted(tasks)
        pairs = -(-(QUICK_PAIRS if options.quick else PAIRS) // len(chosen))
        return [Proposed(task, tuple(tasks[task]), pairs, options.seed) for task in chosen]

    def run(self, case: Proposed, program: Program) -> Sequence[Row]:
        del program
        begun = time.thread_time()
        formulas = {text: formula for text in case.texts if (formula := read_proposal(text)) is not None}
        families: dict[str, list[Formula]] = {}
        for formula in formulas.values():
            families.setdefault(canonicalise(formula).key, []).append(formula)
        seconds = time.thread_time() - begun
        pairs = _pairs(families, case)
        wrong = [f"{a.text} / {b.text}" for a, b in pairs if not (_can_be(a, b, case.seed) and _can_be(b, a, case.seed))]
        unread = [text for text in case.texts if text not in formulas]
        values: dict[str, Value] = {
            "count": len(case.texts),
            "read": len(formulas),
            "candidates": len(families),
            "per_minute": 60 * len(case.texts) / max(seconds, 1e-9),
            "seconds": seconds,
            "pairs": len(pairs),
            "false_merges": len(wrong),
            "unread": "; ".join(unread[:20]),
            "wrong": "; ".join(wrong[:20]),
        }
        return [Row(case.label, not wrong, values)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        total = {key: sum(float(str(row.values[key])) for row in rows) for key in ("count", "read", "candidates", "seconds", "pairs")}
        wrong = sum(float(str(row.values["false_merges"])) for row in rows)
        rate, share = 60 * total["count"] / total["seconds"], total["read"] / total["count"]
        words = Sentence.of(
            "bench.proposals_measured",
            count=f"{total['count']:.0f}",
            share=f"{100 * share:.2f}",
            candidates=f"{total['candidates']:.0f}",
            rate=f"{rate:.0f}",
            pairs=f"{total['pairs']:.0f}",
            wrong=f"{wrong:.0f}",
        )
        numbers = {**total, "share": share, "per_minute": rate, "false_merges": wrong}
        return Verdict(
            share >= READ_SHARE and rate >= PER_MINUTE and not wrong, words, numbers, tuple(r.case for r in rows if not r.passed)
        )


def _texts(folder: Path | None) -> dict[str, list[str]]:
    """Different texts by task."""
    files = sorted(folder.rglob("*.jsonl")) if folder is not None else []
    tasks: dict[str, dict[str, None]] = {}
    for file in files:
        for line in filter(str.strip, file.read_text(encoding="utf-8").splitlines()):
            told = json.loads(line)
            for text, *_ in told.get("formulas", ()):
                tasks.setdefault(str(told.get("task", file.stem)), {}).setdefault(str(text))
    if not tasks:
        raise BenchError("bench_no_proposals", folder=folder)
    return {task: list(texts) for task, texts in tasks.items()}


def _pairs(families: Mapping[str, Sequence[Formula]], case: Proposed) -> list[tuple[Formula, Formula]]:
    """Different spellings of one family, drawn at random."""
    spelled = [list(dict.fromkeys(family)) for family in families.values()]
    pairs = [(family[0], other) for family in spelled for other in family[1:]]
    chosen = np.random.default_rng([case.seed, 31]).permutation(len(pairs))[: case.pairs]
    return [pairs[i] for i in chosen]


def _can_be(one: Formula, other: Formula, seed: int) -> bool:
    """Some coefficients of the first give the values of the second, with random coefficients, at random points."""
    rng = np.random.default_rng([seed, 37])
    columns = {name: rng.uniform(0.5, 2.0, _ROWS) for name in sorted({*one.variables, *other.variables})}
    values = {name: float(rng.uniform(0.5, 1.5)) for name in other.parameters}
    target = np.broadcast_to(other.evaluate(columns, values), (_ROWS,)).copy()
    good = np.isfinite(target)
    if good.sum() < _ROWS // 2:
        return True  # nothing to compare
    samples = Samples(columns, target).take(good)
    enough = _SAME * (float(np.sum((samples.target - samples.target.mean()) ** 2)) + 1e-12 * float(np.sum(samples.target**2)))
    try:
        return any(fit(one, samples, budget=budget, seed=seed).rss <= enough for budget in _BUDGETS)
    except FormulaError:
        return False


def proposals() -> Proposals:
    """The suite."""
    return Proposals()
