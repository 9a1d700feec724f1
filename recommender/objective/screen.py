"""Where the coefficients of a family may begin: drawn by their roles as for a fit, and fitted to the best curve known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from corpus.errors import FitError
from corpus.functions import Array
from recommender.fitting import fit
from recommender.fitting.sampler import Sampler
from recommender.fitting.scales import magnitudes
from recommender.fitting.structure import separate
from recommender.fitting.varpro import Model
from recommender.fitting.work import Work
from recommender.objective.family import Family
from recommender.objective.score import Point, Scorer

_JITTER = 0.3  # relative, of a known start
_FIT_BUDGET = 0.05  # nominal seconds
_LIKE = 0.05  # relative distance below which two starts lead to one place


def generator(family: Family, seed: int) -> np.random.Generator:
    """Random numbers of one family, whoever else is searched."""
    digest = hashlib.sha256(family.formula.text.encode()).digest()
    return np.random.default_rng([seed % 2**32, *map(int, np.frombuffer(digest, np.uint32))])


def screened(scorer: Scorer, count: int, rng: np.random.Generator) -> list[Point]:
    """The usable ones of about `count` starts, best first."""
    return scorer.points(np.vstack([*known(scorer, count // 4, rng), drawn(scorer, count, rng)]))


@np.errstate(all="ignore")
def drawn(scorer: Scorer, count: int, rng: np.random.Generator) -> Array:
    """Coefficients, shape (count, k), each drawn from the distribution of its role."""
    root, samples, names = scorer.family.formula.root, scorer.objective.samples, scorer.names
    if not names:
        return np.zeros((1, 0))
    form = separate(root, names, frozenset(names))
    model = Model(form, samples, Work(1.0), (scorer.low, scorer.high))
    sampler = Sampler(model, magnitudes(root, names, samples), rng)
    found = sampler.draw(count)
    return np.nan_to_num(found[:, [sampler.names.index(name) for name in names]], posinf=1e30, neginf=-1e30)


def known(scorer: Scorer, count: int, rng: np.random.Generator) -> list[Array]:
    """The family's own starts and some about them."""
    starts = scorer.family.starts
    if not starts:
        return []
    own = np.array([starts[name] for name in scorer.names])
    near = own * (1 + _JITTER * rng.standard_normal((max(0, count - 1), len(own))))
    return [np.clip(np.vstack([own, near]), scorer.low, scorer.high)]


def imitating(scorer: Scorer, curve: Array, seed: int) -> list[Array]:
    """Coefficients with which the family is most like a curve of shape (n,), found by the fitter; none if it finds none."""
    try:
        samples = scorer.objective.samples.with_target(curve)
        found = fit(scorer.family.formula, samples, bounds=scorer.family.bounds, budget=_FIT_BUDGET, seed=seed)
    except FitError:  # a constant or enormous curve: nothing to imitate
        return []
    values = np.array([found.parameters[name] for name in scorer.names])
    return [values[None]] if np.isfinite(values).all() else []


def distinct(points: Iterable[Point], count: int) -> list[Point]:
    """The first `count` points that are not near one another."""
    chosen: list[Point] = []
    for point in points:
        if len(chosen) < count and not any(_alike(point.values, other.values) for other in chosen):
            chosen.append(point)
    return chosen


def _alike(a: Array, b: Array) -> bool:
    return bool(np.all(np.abs(a - b) <= _LIKE * np.maximum(np.abs(a), np.abs(b))))
