"""`race`: throughput over formulas that people and models really wrote, 500 rows, a small budget each.

Each line of a `*.jsonl` file of the folder holds `formulas`: [text, how often] pairs over plain names and coefficients c0, c1, ... . No
data come with them: inputs are drawn between 0.1 and 3, and the target is one of the task's own formulas with drawn coefficients and 1
% noise. Passed: the fit came back, finite or with a sentence that says why not. The bar: none lost, 600 a minute.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import BenchError, FormulaError
from corpus.formula import Formula, parse
from corpus.functions import CALLABLE_NAMES
from recommender.evaluate._base import Options, Value, spread_out
from recommender.evaluate.fit_base import Bar, FitProblem, FitSuite

COUNT = 1000
QUICK = 100
ROWS = 500
BUDGET = 0.06
_COEFFICIENT = re.compile(r"c\d+")
_NAME = re.compile(r"[A-Za-z_]\w*")


def _lines(folder: Path | None) -> list[Mapping[str, Any]]:
    files = sorted(folder.rglob("*.jsonl")) if folder is not None else []
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = [line for line in lines if isinstance(line, Mapping) and "formulas" in line]
    if not found:
        raise BenchError("bench_no_proposals", folder=folder)
    return found


def _tasks(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Formulas of each task, each once."""
    tasks: dict[str, dict[str, None]] = {}
    for line in lines:
        texts = tasks.setdefault(str(line.get("task", "")), {})
        texts.update(dict.fromkeys(str(text) for text, *_ in line["formulas"]))
    return {task: list(texts) for task, texts in tasks.items()}


def _read(text: str) -> Formula | None:
    """The formula, if it can be read and has something to fit."""
    names = set(_NAME.findall(text)) - CALLABLE_NAMES - {"pi"}
    inputs = sorted(name for name in names if not _COEFFICIENT.fullmatch(name))
    try:
        formula = parse(text, inputs)
    except FormulaError:
        return None
    return formula if formula.variables and formula.parameters else None


def _race(task: str, texts: Sequence[str], seed: int) -> Iterator[FitProblem]:
    """The formulas of one task on one table."""
    formulas = [formula for text in texts if (formula := _read(text)) is not None]
    rng = np.random.default_rng([seed, zlib.crc32(task.encode())])
    names = sorted({name for formula in formulas for name in formula.variables})
    columns = {name: rng.uniform(0.1, 3.0, ROWS) for name in names}
    for formula in formulas:
        clean = formula.evaluate(columns, {name: float(rng.uniform(0.5, 2.0)) for name in formula.parameters})
        if np.all(np.isfinite(clean)) and 0 < np.std(clean) < 1e6:
            break
    else:
        return
    target = clean + 0.01 * float(np.std(clean)) * rng.standard_normal(ROWS)
    for number, formula in enumerate(formulas):
        yield FitProblem(f"{task} {number}", task, formula.text, columns, target, formula.parameters, seed=seed, budget=BUDGET)


def _problems(options: Options) -> Sequence[FitProblem]:
    tasks = _tasks(_lines(options.cases))
    found = [problem for task, texts in tasks.items() for problem in _race(task, texts, 6000 + options.seed)]
    return spread_out(found, QUICK if options.quick else COUNT)


def _judge(problem: FitProblem, values: Mapping[str, float], reply: Mapping[str, Any]) -> tuple[bool, dict[str, Value]]:
    rss = problem.rss(values) if all(np.isfinite(value) for value in values.values()) else np.inf
    return bool(np.isfinite(rss)) or bool(reply["status"]), {"nmse": rss / problem.spread, "silent": False}


def race() -> FitSuite:
    """The suite."""
    columns = ("count", "share", "median", "mean", "p95", "max", "per_minute")
    return FitSuite("race", _problems, Bar(share=1.0, per_minute=600.0), _judge, needs_cases=True, columns=columns)
