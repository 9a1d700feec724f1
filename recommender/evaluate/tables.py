"""`tables`: measured tables, held against the formula the field accepts.

Each table goes to the recommender as a customer would give it, without a part of its rows: its test file, or a random quarter (fixed by
the seed, rows with equal inputs on one side). The first few candidates predict those rows; so does the accepted formula, its fitted
parameters fitted again to the same training rows from their published values (constants that were published stay as they are). Both
errors are NMSE over the variance of all rows.

A case passes if the best of the first few / accepted is small enough. Where the target is positive and spans more than 1.5 decades, the
ratio is also taken between errors of the logarithm, the accepted formula then being refitted to logarithms. The metric that counts is the
one in which the accepted formula itself was fitted by its authors (its truth says so), plain otherwise: over many decades a plain error
sees the few largest rows alone, and the accepted fit did not minimise it. It is chosen by the case, never by the outcome. Both ratios are
printed, and the share that passes by the plain one is stated beside the bar.

Low error is not insight: `form` is the rank of the first candidate that can be the accepted function itself for some coefficients
(see `forms`), printed and counted beside the bar.

The bars: no crash, at least 3 distinct candidates for every table; 60 % of the tables within 1.5 by the best of three (`tables`, without
structure search), 85 % within 1.1 by the best of five (`measured`, with it, refractive indices too).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, number, spread_out
from recommender.evaluate.cases import Case, find_cases
from recommender.evaluate.scoring import Task, accepted_errors, ratio
from recommender.evaluate.truth import Truth

SOURCES = ("measured", "empirical_laws")
LIMIT = 240.0
FEWEST = 3
SEARCH = 20.0
QUICK = 3


@dataclass(frozen=True)
class TableCase:
    """A case, and the seed of its split and its run."""

    case: Case
    seed: int

    @property
    def label(self) -> str:
        return self.case.label


@dataclass(frozen=True)
class Tables:
    """See the module. best_of: how many candidates count; ratio: largest share of the accepted error that passes; share: of tables that
    must pass; seconds: for the searches."""

    name: str = "tables"
    sources: tuple[str, ...] = SOURCES
    best_of: int = 3
    ratio: float = 1.5
    share: float = 0.6
    seconds: float = 0.0
    needs_cases: bool = True
    hello: Mapping[str, Any] | None = field(default_factory=lambda: {"task": "hello", "index": True})
    columns: tuple[str, ...] = ("rows", "candidates", "best", "accepted", "ratio", "log_ratio", "metric", "form", "seconds")

    def cases(self, options: Options) -> Sequence[TableCase]:
        found = find_cases(options.cases, self.sources)
        return [TableCase(case, options.seed) for case in (spread_out(found, QUICK) if options.quick else found)]

    def run(self, case: TableCase, program: Program) -> Sequence[Row]:
        task, truth = Task.of(case.case, case.seed), Truth.of(case.case)
        answer = program.ask({**question(case, task, program), "seconds": self.seconds, "workers": None}, LIMIT)
        if answer.failure:
            return [Row(case.label, False, {"rows": len(task.train.target), "seconds": answer.seconds}, answer.failure)]
        return [self._row(case.label, task, truth, answer.value["recommendation"], answer.seconds)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        crashes = sum(bool(row.failure) for row in rows)
        fewest = min((int(number(row, "candidates")) for row in rows if not row.failure), default=0)
        share = sum(row.passed for row in rows) / len(rows)
        plain = sum(number(row, "ratio") <= self.ratio for row in rows) / len(rows)
        forms = sum(number(row, "form") > 0 for row in rows)
        numbers = {"crashes": float(crashes), "fewest": float(fewest), "share": share, "share_plain": plain, "forms": float(forms)}
        words = Sentence.of(
            "bench.tables_measured",
            crashes=crashes,
            fewest=fewest,
            share=f"{100 * share:.0f}",
            ratio=self.ratio,
            plain=f"{100 * plain:.0f}",
            forms=forms,
            count=len(rows),
        )
        missed = tuple(row.case for row in rows if not row.passed)
        return Verdict(crashes == 0 and fewest >= FEWEST and share >= self.share, words, numbers, missed)

    def _row(self, label: str, task: Task, truth: Truth, text: str, seconds: float) -> Row:
        from recommender.evaluate.forms import rank_of_form
        from recommender.recommendation import Recommendation

        formulas = Recommendation.from_json(text).formulas
        accepted = accepted_errors(truth, task)
        predicted = [np.asarray(f.predict(task.held_out.columns), float) for f in formulas[: self.best_of]]
        errors = {log: [task.error(values, log=log) for values in predicted] for log in accepted}
        ratios = {log: ratio(min(errors[log], default=math.inf), accepted[log]) for log in accepted}
        log = truth.logarithmic and True in accepted
        values: dict[str, Value] = {
            "rows": len(task.train.target),
            "held_out": len(task.held_out.target),
            "candidates": len({f.key for f in formulas}),
            "best": min(errors[log], default=math.inf),
            "accepted": accepted[log],
            "ratio": ratios[False],
            "log_ratio": ratios.get(True),
            "metric": "log" if log else "plain",
            "form": rank_of_form(formulas, truth, task.train.columns),
            "seconds": seconds,
            **_found(formulas, errors[log]),
        }
        return Row(label, ratios[log] <= self.ratio, values)


def question(case: TableCase, task: Task, program: Program) -> dict[str, Any]:
    """The request: the training rows under a name that says nothing, and the customer's words."""
    path = program.folder / "table.csv"
    task.table.write(path)
    return {"task": "recommend", "table": str(path), "seed": case.seed, "limit": 5, **case.case.question}


def measured() -> Tables:
    """Measured tables with the structure searches."""
    return Tables("measured", (*SOURCES, "refractive_index"), best_of=5, ratio=1.1, share=0.85, seconds=SEARCH)


def _found(formulas: Sequence[Any], errors: Sequence[float]) -> Mapping[str, Value]:
    """The best of the first three, for the reader of the JSON."""
    if not errors:
        return {"rank": None, "formula": None}
    best = int(np.argmin(errors))
    return {"rank": best + 1, "formula": formulas[best].text}
