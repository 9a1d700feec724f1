"""A request to fit, checked: usable rows, compiled formula, bounds and priors by name, random numbers of its own."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.errors import FitError
from corpus.formula import Formula
from corpus.functions import Array
from recommender.fitting.compile import Compiled, compile_tree
from recommender.fitting.result import Prior
from recommender.fitting.work import Work
from recommender.samples import Samples

LOSSES = ("linear", "huber", "soft_l1", "cauchy", "relative")
_EXTREME = 1e140
_UNBOUNDED = (-math.inf, math.inf)


@dataclass(frozen=True)
class Request:
    """What `fit` was asked for, ready to work on.

    samples: finite rows only, `sigma` holding whatever weights the rows; measured: the user gave sigma, not only weights.
    dropped: rows left out.
    starts: values of all of `names`, tried beside those the search finds.
    """

    formula: Formula
    known: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    priors: Mapping[str, Prior]
    loss: str
    compiled: Compiled
    names: tuple[str, ...]
    samples: Samples
    measured: bool
    dropped: int
    rng: np.random.Generator
    work: Work
    starts: tuple[Mapping[str, float], ...] = ()

    def limits(self, names: Sequence[str]) -> tuple[Array, Array]:
        """Lower and upper bounds of `names`, shapes (k,)."""
        pairs = [self.bounds.get(name, _UNBOUNDED) for name in names]
        return np.array([low for low, _ in pairs], float), np.array([high for _, high in pairs], float)


def prepare(
    formula: Formula,
    samples: Samples,
    known: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]],
    priors: Mapping[str, Prior],
    loss: str,
    seed: int,
    work: Work,
    starts: Sequence[Mapping[str, float]] = (),
) -> Request:
    """Check a request and compile its formula; FitError says what to correct."""
    if not 0 <= work.budget < math.inf:
        raise FitError("fit_budget", value=str(work.budget))
    _check_names(formula, [*known, *bounds, *priors])
    _check_values(known, bounds, priors, loss)
    missing = [name for name in formula.variables if name not in samples.columns]
    if missing:
        raise FitError("fit_missing_column", names=", ".join(missing), known=", ".join(samples.columns) or "-")
    rows, dropped = _usable(samples, formula.variables, loss)
    _check_range(rows)
    bounds = {name: (float(low), float(high)) for name, (low, high) in bounds.items() if name not in known}
    priors = {name: prior for name, prior in priors.items() if name not in known}
    compiled = compile_tree(formula.bind(known).root if known else formula.root, {*bounds, *priors})
    names = tuple(name for name in formula.parameters if name in compiled.root.parameters)
    rng = _generator(formula, rows, seed)
    measured = samples.sigma is not None and not samples.up_to_scale
    first = tuple(_merged(start, compiled, names) for start in starts)
    return Request(formula, dict(known), bounds, priors, loss, compiled, names, rows, measured, dropped, rng, work, first)


def _merged(start: Mapping[str, float], compiled: Compiled, names: Sequence[str]) -> dict[str, float]:
    """A start in the parameters of the compiled formula; FitError if it leaves one out."""
    missing = [name for name in names if not math.isfinite(start.get(name, math.nan))]
    if missing:
        raise FitError("fit_start_incomplete", names=", ".join(missing))
    products = {merge.kept: math.prod(start[name] ** power for name, power in merge.parts.items()) for merge in compiled.merges}
    return {name: float(products.get(name, start[name])) for name in names}


def _check_names(formula: Formula, names: Iterable[str]) -> None:
    unknown = sorted({name for name in names if name not in formula.parameters})
    if unknown:
        raise FitError("fit_unknown_parameter", names=", ".join(unknown), known=", ".join(formula.parameters) or "-")


def _check_values(known: Mapping[str, float], bounds: Mapping[str, tuple[float, float]], priors: Mapping[str, Prior], loss: str) -> None:
    wrong = [name for name, value in known.items() if not math.isfinite(value)]
    if wrong:
        raise FitError("fit_known_not_finite", names=", ".join(wrong))
    wrong = [name for name, pair in bounds.items() if len(pair) != 2 or not pair[0] < pair[1]]
    if wrong:
        raise FitError("fit_bounds_crossed", names=", ".join(wrong))
    wrong = [name for name, prior in priors.items() if not (math.isfinite(prior.mean) and 0 < prior.sd < math.inf)]
    if wrong:
        raise FitError("fit_prior_not_usable", names=", ".join(wrong))
    if loss not in LOSSES:
        raise FitError("fit_unknown_loss", loss=loss, known=", ".join(LOSSES))


def _usable(samples: Samples, variables: Sequence[str], loss: str) -> tuple[Samples, int]:
    """The columns used, as floats, on the rows where everything is finite; and how many rows were not."""
    target = _numbers("y", samples.target)
    columns = {name: _numbers(name, samples.columns[name], target) for name in variables}
    good = np.isfinite(target)
    for values in columns.values():
        good &= np.isfinite(values)
    sigma = None if samples.sigma is None else _numbers("sigma", samples.sigma, target)
    if sigma is not None:
        measured = np.isfinite(sigma) & (sigma > 0)
        if good.any() and not (good & measured).any():
            raise FitError("fit_no_sigma")
        good &= measured
    if not good.any():
        raise FitError("fit_no_rows")
    rows = Samples(columns, target, sigma, samples.groups)
    rows = rows if good.all() else rows.take(good)
    return (_relative(rows) if loss == "relative" else rows), int((~good).sum())


def _numbers(name: str, values: object, target: Array | None = None) -> Array:
    """A column as floats, one per value of the target; FitError if it is not that."""
    given = np.asarray(values)
    if given.ndim != 1 or (target is not None and len(given) != len(target)):
        raise FitError("fit_ragged", name=name, shape=str(given.shape), rows=len(given) if target is None else len(target))
    if np.iscomplexobj(given):
        raise FitError("fit_not_numbers", name=name, value=str(given[0]))
    try:
        return np.asarray(given, float)
    except (TypeError, ValueError):
        raise FitError("fit_not_numbers", name=name, value=next((str(v) for v in given if not _is_number(v)), "-")[:40]) from None


def _is_number(value: object) -> bool:
    try:
        np.asarray(value, float)
    except (TypeError, ValueError):
        return False
    return True


def _relative(samples: Samples) -> Samples:
    """Errors in proportion to the target, no row less than a millionth of the largest."""
    size = np.abs(samples.target)
    sigma = np.maximum(size, 1e-6 * float(size.max()) or 1.0)
    return Samples(samples.columns, samples.target, sigma if samples.sigma is None else sigma * samples.sigma, samples.groups)


def _check_range(samples: Samples) -> None:
    """Squares of values must neither overflow nor vanish."""
    scaled = {} if samples.sigma is None else {"y/sigma": samples.target / samples.sigma}
    for name, values in {"y": samples.target, **samples.columns, **scaled}.items():
        top = float(np.max(np.abs(values)))
        if top and not 1 / _EXTREME < top < _EXTREME:
            raise FitError("fit_out_of_range", name=name, value=f"{top:.3g}")


def _generator(formula: Formula, samples: Samples, seed: int) -> np.random.Generator:
    """Random numbers that depend on the request alone."""
    digest = hashlib.sha256(formula.text.encode())
    for name in formula.variables:
        digest.update(np.ascontiguousarray(samples.columns[name]).tobytes())
    digest.update(np.ascontiguousarray(samples.target).tobytes())
    return np.random.default_rng([seed % 2**32, *map(int, np.frombuffer(digest.digest(), np.uint32))])
