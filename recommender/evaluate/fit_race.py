"""`race`: throughput of `fit_many` over formulas that people and models really wrote, 500 rows, one worker process.

Each line of a `*.jsonl` file of the folder holds `formulas`: [text, how often] pairs over plain names and coefficients c0, c1, ... . No
data come with them: their inputs, in order of name, become the columns of one table, drawn between 0.1 and 3; the target is one of the
formulas with drawn coefficients and 1 % noise. Passed: the fit came back, finite or with a sentence that says why not; processor time
counts every process. The bar: none lost, 600 a minute.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import BenchError, FormulaError
from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Verdict, spread_out
from recommender.evaluate.fit_base import line, summary
from recommender.evaluate.fit_tasks import OURS

COUNT = 1000
QUICK = 100
ROWS = 500
FINALISTS = 16  # of a full race; a quick one has its share of them
LIMIT = 1800.0
PER_MINUTE = 600.0
LOST = frozenset({"fit.timeout", "fit.crashed", "fit.stopped"})
_COEFFICIENT = re.compile(r"c\d+")
_NAME = re.compile(r"\b[A-Za-z_]\w*\b(?!\s*\()")


@dataclass(frozen=True, eq=False)
class Race:
    """Formulas on one table."""

    texts: Sequence[str]
    columns: Mapping[str, Array]
    target: Array
    seed: int
    label: str = "race"

    @property
    def request(self) -> dict[str, Any]:
        columns = {name: values.tolist() for name, values in self.columns.items()}
        told = {"texts": list(self.texts), "columns": columns, "target": self.target.tolist(), "seed": self.seed}
        return {"task": "race", **told, "finalists": math.ceil(FINALISTS * len(self.texts) / COUNT)}


def _texts(folder: Path | None) -> list[str]:
    """Every recorded formula once, in the order of the files."""
    files = sorted(folder.rglob("*.jsonl")) if folder is not None else []
    told = [json.loads(text) for file in files for text in file.read_text(encoding="utf-8").splitlines() if text.strip()]
    found = [str(text) for line in told if isinstance(line, Mapping) for text, *_ in line.get("formulas", ())]
    if not found:
        raise BenchError("bench_no_proposals", folder=folder)
    return list(dict.fromkeys(found))


def read_proposal(text: str) -> Formula | None:
    """The formula over x0, x1, ... in order of the names, None if it cannot be read."""
    names = set(_NAME.findall(text)) - {"pi"}
    inputs = sorted(name for name in names if not _COEFFICIENT.fullmatch(name))
    try:
        formula = parse(text, inputs)
    except FormulaError:
        return None
    return formula.rename({name: f"x{i}" for i, name in enumerate(inputs)})


def _table(formulas: Sequence[Formula], seed: int) -> Race:
    """One table for all: the target is the first formula, in an order drawn by the seed, that draws a curve."""
    rng = np.random.default_rng([seed, 6])
    columns = {f"x{i}": rng.uniform(0.1, 3.0, ROWS) for i in range(max(len(formula.variables) for formula in formulas))}
    target = np.zeros(ROWS)
    for i in rng.permutation(len(formulas)):
        target = formulas[i].evaluate(columns, {name: float(rng.uniform(0.5, 2.0)) for name in formulas[i].parameters})
        if np.all(np.isfinite(target)) and 0 < np.std(target) < 1e6:
            break
    noisy = target + 0.01 * float(np.std(target)) * rng.standard_normal(ROWS)
    return Race([formula.text for formula in formulas], columns, noisy, seed)


class RaceSuite:
    """See the module."""

    name = "race"
    needs_cases = True
    hello: Mapping[str, Any] = {"task": "hello", "fit": True}
    columns = ("count", "share", "mean", "per_minute")

    def cases(self, options: Options) -> Sequence[Race]:
        readable = [
            formula for text in _texts(options.cases) if (formula := read_proposal(text)) and formula.variables and formula.parameters
        ]
        if not readable:
            raise BenchError("bench_no_proposals", folder=options.cases)
        return [_table(spread_out(readable, QUICK if options.quick else COUNT), options.seed)]

    def run(self, case: Race, program: Program) -> Sequence[Row]:
        answer = program.ask(case.request, LIMIT)
        if answer.failure:
            return [Row(f"{case.label} {i}", False, {}, answer.failure) for i in range(len(case.texts))]
        cpu = float(answer.value["cpu"]) / len(case.texts)
        fits = zip(case.texts, answer.value["fits"], strict=True)
        return [Row(text, _came_back(fit), {"method": OURS, "cpu": cpu, **fit}) for text, fit in fits]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return [line("race", rows)]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        numbers = summary(rows)
        lost = tuple(row.case for row in rows if not row.passed)
        words = Sentence.of("bench.race_measured", count=len(rows), lost=len(lost), per_minute=f"{numbers['per_minute']:.0f}")
        return Verdict(not lost and numbers["per_minute"] >= PER_MINUTE, words, numbers, lost)


def _came_back(fit: Mapping[str, Any]) -> bool:
    """A finite fit, or a sentence that says why there is none; not one that was killed, cut short or broken."""
    return fit["rss"] is not None or fit["status"] not in LOST
