"""What a formula leaves over, in words a person or a model can act on: how much, which terms would explain it, how it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from corpus.formula import Formula, fresh_names
from corpus.functions import Array
from corpus.language import Sentence
from recommender.probes import described, probe
from recommender.problem import Problem
from recommender.proposers.composed import Addition, additions
from recommender.samples import Samples

_FACTS = 6


def residual_facts(problem: Problem, formula: Formula, values: Mapping[str, float]) -> tuple[Sentence, ...]:
    """Facts on what a formula of x0, x1, ... with these coefficients leaves, the most telling first; none where it leaves nothing or has
    no value on some row."""
    rest = problem.samples.target - formula.evaluate(problem.samples.columns, values)
    if not np.all(np.isfinite(rest)) or np.ptp(rest) == 0:
        return ()
    percent = 100 * float(np.std(rest) / np.std(problem.samples.target))
    more = [_explained(problem, formula, one) for one in additions(problem, formula, values)]
    return (Sentence.of("residual.size", percent=f"{percent:.2g}"), *more, *_course(problem, rest))[:_FACTS]


def _explained(problem: Problem, formula: Formula, addition: Addition) -> Sentence:
    taken = {*formula.parameters, *problem.names.values()}
    names = {**problem.names, **dict(zip(addition.term.parameters, fresh_names("n", taken, 1), strict=False))}
    return Sentence.of("residual.explained", term=addition.term.rename(names).text, percent=f"{100 * (1 - addition.left):.3g}")


def _course(problem: Problem, rest: Array) -> list[Sentence]:
    """Along which columns the rest goes."""
    course = probe(Samples(problem.samples.columns, rest))
    inputs = tuple(replace(one, slopes=(np.nan,) * 3, power=np.nan, ends=(np.nan, np.nan)) for one in course.inputs)
    return list(described(replace(course, inputs=inputs, target_decades=0.0, noise=0.0), problem, "residual"))
