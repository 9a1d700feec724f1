"""`fit`: a formula and rows in, coefficients out, no start needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from corpus.formula import Formula
from recommender.fitting.finish import Evidence, finish
from recommender.fitting.gauge import plain_values
from recommender.fitting.ordering import ordered_terms
from recommender.fitting.polish import FullModel
from recommender.fitting.request import Request, prepare
from recommender.fitting.result import Fit, Prior
from recommender.fitting.robust import ROBUST, solve_robust
from recommender.fitting.solve import Polished, Solution, solve
from recommender.fitting.waves import with_images
from recommender.fitting.work import Work
from recommender.samples import Samples

__all__ = ["Fit", "fit"]


@np.errstate(all="ignore")  # overflow on the way is judged by its outcome
def fit(
    formula: Formula,
    samples: Samples,
    *,
    known: Mapping[str, float] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    priors: Mapping[str, Prior] | None = None,
    starts: Sequence[Mapping[str, float]] = (),
    loss: str = "linear",
    budget: float = 1.0,
    seed: int = 0,
) -> Fit:
    """Coefficients of `formula` that minimise the loss on `samples`, searched for globally.

    known: parameters held at a value. bounds: (lowest, highest), either may be infinite. priors: what is known of a parameter
    beforehand, as one more row of the least-squares problem. starts: values of every parameter to try beside the search's own.
    loss: "linear" (least squares), "huber", "soft_l1", "cauchy" (a few wild rows do not matter), "relative" (errors in proportion to
    the target). Rows weigh 1/samples.sigma**2 where given.
    budget: nominal seconds of one core (see `work`); the same request and seed give the same answer however long it takes.

    Variable projection (Golub & Pereyra 1973; Kaufman 1975) with Levenberg-Marquardt (Marquardt 1963) from many starts drawn by the role
    of each parameter. A hard problem never raises: `Fit.status` says how it ended. FitError if the request cannot begin: a
    column is missing, no row is finite, a name in known, bounds or priors is not a parameter.
    """
    request = prepare(formula, samples, dict(known or {}), dict(bounds or {}), dict(priors or {}), loss, seed, Work(budget), starts)
    if not request.names:
        return finish(request, _evaluated(request))
    if loss not in ROBUST:
        return finish(request, ordered_terms(request, with_images(request, plain_values(request, solve(request)))))
    robust = solve_robust(request, ROBUST[loss])
    solution = ordered_terms(request, with_images(request, robust.solution))
    return finish(request, solution, Evidence(robust.weights, robust.variance) if robust.solution.found else None)


def _evaluated(request: Request) -> Solution:
    """The solution of a formula without free parameters."""
    system = FullModel(request.compiled.root, (), request.samples, request.work).system(np.zeros(0))
    found = (Polished(np.zeros(0), system),) if np.isfinite(system.rss) else ()
    return Solution(found, None, {}, frozenset())
