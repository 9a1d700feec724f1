"""Inputs that do nothing: for the target, or in a formula."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.assess._base import Fitted
from recommender.assess.guards._base import ROUNDING, SIGNIFICANT, Finding, Scene, usable
from recommender.assess.guards.chance import unrelated
from recommender.assess.guards.smooth import adds_chance, thinned, unexplained
from recommender.assess.guards.tied import ties
from recommender.assess.parsimony import saved_bits

SHUFFLES = 16


def effect(fitted: Fitted, inner: str) -> Array:
    """What an input adds to a formula's values: their difference from the mean over its shuffled values, in `unit`, shape (n,).

    Permutation importance (Breiman, Random Forests, 2001) of each row.
    """
    columns = dict(fitted.problem.samples.columns)
    rng = np.random.default_rng(fitted.problem.table_seed)
    shuffled = [fitted.fit.predict({**columns, inner: rng.permutation(columns[inner])}) for _ in range(SHUFFLES)]
    with np.errstate(all="ignore"):
        return np.asarray((fitted.prediction - np.mean(shuffled, axis=0)) / unit(fitted))


def unit(fitted: Fitted) -> Array:
    """The target's spread in each row, in proportion to its error, shape (n,): squares of what is measured in it stay finite."""
    return np.asarray(fitted.problem.scale * np.sqrt(fitted.problem.signal))


def leverage(fitted: Fitted) -> Array:
    """How much of each row's own value its fitted value is, shape (n,): the diagonal of the hat matrix of the linearised fit."""
    problem, refitter = fitted.problem, fitted.refitter
    values = refitter.named(np.array([fitted.fit.parameters[name] for name in refitter.free]))
    _, tangents = refitter.bind(problem.samples).derivatives(values, set(refitter.free))[0]
    n = len(problem.samples)
    columns = [np.broadcast_to(np.asarray(tangents.get(name, 0.0)), (1, n))[0] / unit(fitted) for name in refitter.free]
    jacobian = np.column_stack(columns) if columns else np.zeros((n, 0))
    if not columns or not np.all(np.isfinite(jacobian)):
        return np.zeros(n)
    size = np.max(np.abs(jacobian), axis=0)
    basis, weights, _ = np.linalg.svd(jacobian / np.where(size > 0, size, 1.0), full_matrices=False)
    return np.asarray(np.sum(basis[:, weights > 1e-9 * max(float(weights[0]), 1e-300)] ** 2, axis=1))


def idle(fitted: Fitted, inner: str) -> bool:
    """The whole effect of an input is what noise alone would give a coefficient and an exponent of its own (chi-square, 1 %).

    Its square is weighed against the errors of the rows where it acts, which may differ in size and pull the curve (HC3: MacKinnon &
    White 1985).
    """
    if inner not in fitted.fit.formula.variables:
        return True
    from scipy.stats import chi2

    problem = fitted.problem
    share = effect(fitted, inner) ** 2
    if not np.all(np.isfinite(share)):
        return False  # some other value of it takes the formula's away
    residual = (problem.samples.target - fitted.prediction) / unit(fitted) / np.maximum(1 - leverage(fitted), 1e-3)
    noise = float(np.sum((residual**2 + ROUNDING**2) * share))
    return bool(np.sum(share) ** 2 <= chi2.isf(SIGNIFICANT, 2) * noise)


class IgnoredInput:
    """A formula as good as the best does without the input, and nothing it leaves over depends on it.

    As good: its description is at most log2(1/SIGNIFICANT) bits longer. What is left over is that formula's residual or a smoother's in
    all other inputs, whichever is smaller. A residual at rounding depends on nothing. Inputs tied to others are not judged: they may do
    the same work.
    """

    name = "ignored_input"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.ignored_input`, naming the column."""
        fits = sorted(filter(usable, {id(one): one for one in (*scene.shown, *scene.finals)}.values()), key=lambda one: -saved_bits(one))
        if not fits or len(scene.columns) < 2 or unrelated(scene):
            return
        good = [one for one in fits if saved_bits(one) >= saved_bits(fits[0]) + np.log2(SIGNIFICANT)]
        tied = {name for tie in ties(scene) for name in (tie.name, *tie.others)}
        for inner, column in zip(scene.problem.names, scene.columns, strict=True):
            witness = next((one for one in good if inner not in tied and idle(one, inner)), None)
            if witness is not None and self._unseen(witness, inner):
                yield Finding(Sentence.of("guard.ignored_input", name=column.name, target=scene.problem.target.name))

    def _unseen(self, best: Fitted, inner: str) -> bool:
        problem = best.problem
        residual = (problem.samples.target - best.prediction) / problem.scale
        if float(np.mean(residual**2)) <= ROUNDING**2 * problem.signal:
            return True
        others = [values for name, values in problem.samples.columns.items() if name != inner]
        rows = thinned(len(residual), problem.table_seed)
        free = unexplained([values[rows] for values in others], (problem.samples.target / problem.scale)[rows])
        smaller = free if np.mean(free**2) < np.mean(residual**2) else residual[rows]
        p = adds_chance(problem.samples.columns[inner][rows], [values[rows] for values in others], smaller, problem.table_seed)
        return p > SIGNIFICANT


class IdleInput:
    """An input that stands in the formula and moves nothing."""

    name = "idle_input"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.idle_input`, naming the column."""
        for fitted in filter(usable, scene.shown):
            for inner in fitted.fit.formula.variables:
                if idle(fitted, inner):
                    yield Finding(Sentence.of("guard.idle_input", name=scene.problem.inputs[int(inner[1:])].name), fitted)
