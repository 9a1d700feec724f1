"""What the worker does for the fit suites: one formula, one table, one fit, by our fitter or by a program beside it."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from corpus.formula import Formula, parse
from recommender.fitting import fit, fit_many
from recommender.samples import Samples

OURS = "ours"


def warm() -> None:
    """A first fit, so that what Python loads on first use is not counted to a case."""
    x = np.linspace(0.0, 1.0, 20)
    fit(parse("p0*exp(-p1*x)", ["x"]), Samples({"x": x}, np.exp(-x)), budget=0.02)


def one_fit(request: Mapping[str, Any]) -> dict[str, Any]:
    """Fit `text` over `columns` to `target`.

    Gives parameters, and from our fitter standard errors, intervals, keys of status and warnings. `cpu` counts from the text to the
    coefficients.
    """
    columns = {name: np.asarray(values, float) for name, values in request["columns"].items()}
    samples = Samples(columns, np.asarray(request["target"], float))
    start = time.thread_time()
    formula = parse(request["text"], list(columns), request["parameters"])
    found = _ours(formula, samples, request) if request["method"] == OURS else _other(formula, samples, request["method"])
    return {**found, "cpu": time.thread_time() - start}


def race(request: Mapping[str, Any]) -> dict[str, Any]:
    """`texts` raced over `columns` to `target` in one worker process; `cpu` counts all processes."""
    columns = {name: np.asarray(values, float) for name, values in request["columns"].items()}
    samples = Samples(columns, np.asarray(request["target"], float))
    start = _all_processes()
    formulas = [parse(text, list(columns)) for text in request["texts"]]
    fits = fit_many(formulas, samples, finalists=request["finalists"], workers=1, seed=request["seed"])
    told = [{"rss": found.rss if math.isfinite(found.rss) else None, "status": found.status.key} for found in fits]
    return {"fits": told, "cpu": _all_processes() - start}


def _all_processes() -> float:
    """Seconds of processor time of this process and the children it has waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _ours(formula: Formula, samples: Samples, request: Mapping[str, Any]) -> dict[str, Any]:
    found = fit(formula, samples, budget=request["budget"], seed=request["seed"])
    return {
        "parameters": dict(found.parameters),
        "errors": dict(found.standard_errors),
        "intervals": {name: list(pair) for name, pair in found.intervals.items()},
        "rss": found.rss,
        "status": found.status.key,
        "warnings": [warning.key for warning in found.warnings],
    }


def _other(formula: Formula, samples: Samples, method: str) -> dict[str, Any]:
    from recommender.evaluate.peers import PEERS

    values = PEERS[method].fit(formula, samples)
    return {"parameters": dict(zip(formula.parameters, map(float, values), strict=True)), "warnings": [], "status": ""}
