"""What a formula leaves over, in words a person or a model can act on: how large, along which column it goes, which term it resembles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.probes import described, probe
from recommender.problem import Problem
from recommender.samples import Samples

_LIKENESS = 0.3  # correlation from which a term is worth a word
_TERMS = 4
_FACTS = 6


def residual_facts(problem: Problem, prediction: Array) -> tuple[Sentence, ...]:
    """Facts on target - prediction (SI, shape (n,)), the most telling first; a residual that is not finite has none."""
    y = problem.samples.target
    rest = y - prediction
    if not np.all(np.isfinite(rest)) or np.ptp(rest) == 0:
        return ()
    percent = 100 * float(np.std(rest) / np.std(y))
    alike = [Sentence.of("residual.alike", term=term, r=f"{r:.2f}") for term, r in resemblances(problem, rest)]
    course = probe(Samples(problem.samples.columns, rest))
    inputs = tuple(replace(one, slopes=(np.nan,) * 3, power=np.nan, ends=(np.nan, np.nan)) for one in course.inputs)
    told = described(replace(course, inputs=inputs, target_decades=0.0, noise=0.0), problem, "residual")
    return (Sentence.of("residual.size", percent=f"{percent:.2g}"), *alike, *told)[:_FACTS]


def resemblances(problem: Problem, rest: Array) -> list[tuple[str, float]]:
    """Terms of the columns that the rest is correlated with, strongest first, each beyond a constant; different columns before variants."""
    with np.errstate(all="ignore"):
        found = [(text, _correlation(values, rest)) for text, values in _terms(problem)]
    clear = sorted((one for one in found if abs(one[1]) > _LIKENESS), key=lambda one: -abs(one[1]))
    return clear[:_TERMS]


def _correlation(values: Array, rest: Array) -> float:
    if not np.all(np.isfinite(values)) or np.ptp(values) == 0:
        return 0.0
    return float(np.corrcoef(values, rest)[0, 1])


def _terms(problem: Problem) -> Iterator[tuple[str, Array]]:
    """Powers and usual functions of one column (scaled by its standard deviation in functions), products of two."""
    columns = [(problem.names[x], values) for x, values in problem.samples.columns.items()]
    for name, x in columns:
        yield from ((name, x), (f"{name}**2", x**2), (f"{name}**3", x**3), (f"1/{name}", 1 / x), (f"sqrt({name})", np.sqrt(x)))
        yield from ((f"log({name})", np.log(x)), (f"abs({name})", np.abs(x)))
        z = x / np.std(x)
        yield from ((f"exp(-{name}/s)", np.exp(-z)), (f"sin({name}/s)", np.sin(z)), (f"cos({name}/s)", np.cos(z)))
    for (one, x), (two, z) in combinations(columns, 2):
        yield from ((f"{one}*{two}", x * z), (f"{one}/{two}", x / z), (f"{two}/{one}", z / x))
