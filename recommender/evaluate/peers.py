"""Other programs that fit a formula, run beside ours on the same problems (`--against`). They get no start and no ranges, as ours.

Residuals are divided by the spread of the target, which helps every one of them; each stops at a limit of processor time.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.errors import BenchError
from corpus.evaluate import Program
from corpus.formula import Formula
from corpus.functions import Array
from recommender.samples import Samples

LIMIT = 6.0
STARTS = 100
_WORST = 1e10


class _TimeUpError(Exception):
    """The limit of processor time was reached."""


class Target:
    """Scaled residuals and their Jacobian for one formula and table; remembers the best coefficients it has seen."""

    def __init__(self, formula: Formula, samples: Samples, limit: float = LIMIT) -> None:
        self.names = formula.parameters
        self._bound = Program([formula.root]).bind(samples.columns, len(samples))
        self._target = samples.target
        self._scale = float(np.std(samples.target)) or 1.0
        self._end = time.thread_time() + limit
        self.best, self._least = np.ones(len(self.names)), np.inf

    def residual(self, values: Sequence[float] | Array) -> Array:
        """Shape (n,), bounded; _TimeUpError once the limit is over."""
        if time.thread_time() > self._end:
            raise _TimeUpError
        rows = self._bound.values(self._named(values))[0]
        scaled = (np.broadcast_to(rows, (1, len(self._target)))[0] - self._target) / self._scale
        total = float(scaled @ scaled)
        if total < self._least:
            self.best, self._least = np.array(values, float), total
        return np.where(np.isfinite(scaled), np.clip(scaled, -1e100, 1e100), _WORST)

    def jacobian(self, values: Sequence[float] | Array) -> Array:
        """Shape (n, k)."""
        _, tangents = self._bound.derivatives(self._named(values), set(self.names))[0]
        shape = (1, len(self._target))
        columns = [np.broadcast_to(np.asarray(tangents.get(name, 0.0)), shape)[0] / self._scale for name in self.names]
        matrix = np.stack(columns, axis=1)
        return np.where(np.isfinite(matrix), matrix, 0.0)

    def _named(self, values: Sequence[float] | Array) -> dict[str, Array]:
        return {name: np.full((1, 1), float(value)) for name, value in zip(self.names, values, strict=True)}


def _least_squares(target: Target, start: Array) -> None:
    """MINPACK from one start; what it found is in `target`."""
    from scipy.optimize import least_squares

    with np.errstate(all="ignore"):
        least_squares(target.residual, start, jac=target.jacobian, method="lm" if len(target.best) <= len(target._target) else "trf")


def _starts(count: int) -> list[Array]:
    """Ones, then signs times ten to a uniform power between -3 and 3."""
    rng = np.random.default_rng(0)
    return [np.ones(count), *(rng.choice([-1.0, 1.0], count) * 10 ** rng.uniform(-3, 3, count) for _ in range(STARTS - 1))]


def _guarded(work: Callable[[Target], None], formula: Formula, samples: Samples) -> Array:
    """The best coefficients a search has seen, however it ended."""
    target = Target(formula, samples)
    with contextlib.suppress(_TimeUpError, ValueError, np.linalg.LinAlgError, FloatingPointError):
        work(target)
    return target.best


def scipy_ones(formula: Formula, samples: Samples) -> Array:
    """What most people do: Levenberg-Marquardt from ones, as `curve_fit`."""
    return _guarded(lambda target: _least_squares(target, np.ones(len(target.names))), formula, samples)


def scipy_starts(formula: Formula, samples: Samples) -> Array:
    """The same from a hundred starts over six decades."""

    def work(target: Target) -> None:
        for start in _starts(len(target.names)):
            _least_squares(target, start)

    return _guarded(work, formula, samples)


def lmfit_ones(formula: Formula, samples: Samples) -> Array:
    """lmfit's default method from ones."""
    lmfit = importlib.import_module("lmfit")

    def work(target: Target) -> None:
        given = lmfit.Parameters()
        for name in target.names:
            given.add(name, value=1.0)
        lmfit.minimize(lambda p: target.residual([p[name].value for name in target.names]), given, nan_policy="omit")

    return _guarded(work, formula, samples)


def pyoperon_starts(formula: Formula, samples: Samples) -> Array:
    """Operon's Levenberg-Marquardt from a hundred starts; it works in single precision, so the best is polished in double.

    BenchError if Operon cannot express the formula.
    """
    from recommender.evaluate.operon import Operon

    operon = Operon(formula, samples)

    def work(target: Target) -> None:
        for start in _starts(len(target.names)):
            target.residual(operon.fit(start))
        _least_squares(target, target.best)

    return _guarded(work, formula, samples)


@dataclass(frozen=True)
class Peer:
    """A program: the module it needs, and how it is asked."""

    module: str
    fit: Callable[[Formula, Samples], Array]

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None


PEERS = {
    "scipy": Peer("scipy", scipy_ones),
    "scipy-starts": Peer("scipy", scipy_starts),
    "lmfit": Peer("lmfit", lmfit_ones),
    "pyoperon": Peer("pyoperon", pyoperon_starts),
}


def installed(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """(those here, those not installed); BenchError for a name we do not know."""
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        raise BenchError("bench_peer_unknown", names=", ".join(unknown), known=", ".join(PEERS))
    here = [name for name in names if PEERS[name].installed]
    return here, [name for name in names if name not in here]
