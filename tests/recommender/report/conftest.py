"""Two small answers that all kinds of reports are written from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.table import Table

HOSTILE = "<script>alert('t')</script>"
HOSTILE_INPUT = '"><img src=x onerror=alert(1)> $\\frac{1}{2}$ & `x`'
ATTACKS = (
    "![x](http://e/x.png)",
    "\\input{/etc/passwd}",
    '#include "x"',
    "=cmd|'/c calc'!A1",
    '#image("/etc/passwd") $x$ `y` //z /*',
    "a\x00b\x0bc",
    "<img src=http://e/y.png>",
)


def decay(rows: int = 25) -> pd.DataFrame:
    t = np.linspace(0, 10, rows)
    noise = np.random.default_rng(1).normal(0, 0.02, rows)
    return pd.DataFrame({f"{HOSTILE_INPUT} [s]": t, HOSTILE: 3 * np.exp(-t / 2.5) + 0.5 + noise})


@pytest.fixture(scope="session")
def hostile() -> tuple[Problem, Recommendation]:
    """A small problem whose every free text is an attack."""
    table = Table.from_frame(decay(), name="=cmd|'/c calc'!A1</title><script>")
    table = table.with_descriptions({table.names[0]: "<b onclick=alert(2)>time</b>"})
    problem = Problem.of(table, about=" ".join(["<iframe src='https://example.com'></iframe>", *ATTACKS]))
    return problem, recommend(problem, limit=1, seconds=0)


@pytest.fixture(scope="session")
def several() -> tuple[Problem, Recommendation]:
    """Two inputs over several decades, so that the axes become logarithmic."""
    rng = np.random.default_rng(2)
    x, z = 10 ** rng.uniform(-1, 3, 40), rng.uniform(1, 2, 40)
    frame = pd.DataFrame({"流量 [mm]": x, "z [K]": z, "圧力": 2 * x**1.5 * z * (1 + rng.normal(0, 0.01, 40))})
    problem = Problem.of(Table.from_frame(frame, name="二入力"), typed=("a*流量**b*z**c",))
    return problem, recommend(problem, limit=2, seconds=0)
