"""What the worker does for `rank_pace`: all evidence on fitted forms, timed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from recommender.assess import everyone
from recommender.problem import Problem
from recommender.ranking import Assessed, rank
from recommender.table import Table
from recommender.testing import fitted_example

_TERMS = ("a*x0", "b*x1", "c*x0**k", "d*exp(-m*x1)", "f*x0*x1", "g*sin(w*x0)")
_NOISE = 0.01


def assess(request: Mapping[str, Any]) -> dict[str, Any]:
    """Wall-clock and processor seconds; the fits themselves are not counted."""
    rng = np.random.default_rng(request["seed"])
    u, v = rng.uniform(0.5, 4, (2, request["rows"]))
    y = 2 * u**1.5 + 3 * np.exp(-0.7 * v) + 0.4 * u
    problem = Problem.of(Table.of({"u": u, "v": v, "y": y + _NOISE * np.std(y) * rng.standard_normal(len(y))}), seed=request["seed"])
    texts = [" + ".join(terms) for size in (2, 3) for terms in combinations(_TERMS, size)][: request["finalists"]]
    finalists = [fitted_example(text, problem) for text in texts]
    wall, cpu = time.perf_counter(), time.process_time()
    found = everyone().judge(finalists)
    rank([Assessed(one, evidence) for one, evidence in zip(finalists, found.evidence, strict=True)], 5)
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
