"""Many formulas on the same rows: a small budget for each, a large one for the best, no formula delaying another.

Fits run in worker processes with one numeric thread each. A fit that neither ends nor fails within its time is killed and told as
such; whatever goes wrong with one formula is the status of its own fit. Answers do not depend on the number of workers or the order.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from corpus import tree
from corpus.errors import RecommenderError
from corpus.formula import Formula
from corpus.language import Sentence
from recommender.fitting.fit import fit
from recommender.fitting.result import Fit, Prior, sentence
from recommender.processes import end_with_parent, start_method
from recommender.samples import Samples

_GRACE = 10.0  # wall seconds beyond ten times the budget before a worker is killed
_SETTLED = frozenset({"fit.exact", "fit.linear", "fit.converged", "fit.nothing_to_fit", "fit.no_finite", "fit.too_few_rows"})


@dataclass(frozen=True)
class FitTask:
    """One formula of a race, with what `fit` takes for it alone."""

    formula: Formula
    known: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    priors: Mapping[str, Prior] = field(default_factory=dict)
    starts: Sequence[Mapping[str, float]] = ()


@dataclass(frozen=True)
class RaceProgress:
    """done of total fits of a stage ("screen" or "final"), and the fit that just ended with its place in the input."""

    stage: str
    done: int
    total: int
    index: int
    fit: Fit


Score = Callable[[Fit], float]
Listener = Callable[[RaceProgress], None]


def description_length(fit: Fit) -> float:
    """Half the Schwarz criterion plus a bit per node, in nats; smaller is better, inf where nothing fits (Schwarz 1978)."""
    if not math.isfinite(fit.rss):
        return math.inf
    free = sum(error != 0 for error in fit.standard_errors.values())
    return 0.5 * fit.n * math.log(max(fit.rss, 1e-300)) + 0.5 * free * math.log(max(fit.n, 1)) + 0.7 * tree.size(fit.formula.root)


def fit_many(
    formulas: Sequence[Formula | FitTask],
    samples: Samples,
    *,
    loss: str = "linear",
    screen_budget: float = 0.05,
    budget: float = 1.0,
    finalists: int = 16,
    score: Score = description_length,
    workers: int | None = None,
    seed: int = 0,
    listen: Listener | None = None,
    stop: Callable[[], bool] | None = None,
) -> tuple[Fit, ...]:
    """One `Fit` per formula, in their order.

    screen_budget: nominal seconds for every formula; the `finalists` of smallest `score` whose search had not settled by then are
    fitted again with `budget`. workers: processes (None: one per core; 0: in this process, where nothing can be killed).
    listen: called in this thread after each fit. stop: asked after each fit; True ends the race, and what was not fitted says so.
    """
    tasks = [task if isinstance(task, FitTask) else FitTask(task) for task in formulas]
    listen, stop = listen or _silent, stop or _never
    with _runner(samples, loss, seed, workers) as runner:
        fits = _stage(runner, tasks, list(range(len(tasks))), screen_budget, "screen", listen, stop, len(samples))
        ranked = sorted(fits, key=lambda i: (score(fits[i]), i))[:finalists]
        open_ones = [i for i in ranked if fits[i].status.key not in _SETTLED and math.isfinite(fits[i].rss)]
        again = open_ones if budget > screen_budget else []
        fits |= _stage(runner, tasks, again, budget, "final", listen, stop, len(samples), fits)
    return tuple(fits[i] for i in range(len(tasks)))


def _silent(progress: RaceProgress) -> None:
    del progress


def _never() -> bool:
    return False


def _stage(
    runner: _Runner,
    tasks: Sequence[FitTask],
    chosen: Sequence[int],
    budget: float,
    stage: str,
    listen: Listener,
    stop: Callable[[], bool],
    rows: int,
    before: Mapping[int, Fit] | None = None,
) -> dict[int, Fit]:
    """Fit the chosen tasks; a fit that did not end well never replaces one from before."""
    fits = {i: (before or {}).get(i) or Fit.failed(tasks[i].formula, rows, sentence("stopped"), tasks[i].known) for i in chosen}
    if stop():
        return fits
    for done, (i, result) in enumerate(runner([tasks[i] for i in chosen], budget), start=1):
        index = chosen[i]
        fits[index] = result if before is None or result.rss <= before[index].rss else before[index]
        listen(RaceProgress(stage, done, len(chosen), index, fits[index]))
        if stop():
            break
    return fits


# --- runners -----------------------------------------------------------------------------------------------------------


class _Runner(Protocol):
    """Fits tasks with a budget each, giving (place, fit) as they end."""

    def __call__(self, tasks: Sequence[FitTask], budget: float) -> Iterator[tuple[int, Fit]]: ...


@contextmanager
def _runner(samples: Samples, loss: str, seed: int, workers: int | None) -> Iterator[_Runner]:
    if workers == 0:
        job = _Job(samples, loss, seed)
        yield lambda tasks, budget: ((i, job.run(task, budget)) for i, task in enumerate(tasks))
        return
    from pebble import ProcessPool

    count = workers or os.cpu_count() or 1
    context = multiprocessing.get_context(start_method(__name__))
    pool: Any = ProcessPool(count, context=context, initializer=_begin, initargs=(samples, loss, seed))
    try:
        yield _Pooled(pool, len(samples))
        pool.close()
    finally:
        pool.stop()
        pool.join()


class _Pooled:
    """Tasks through a pool of processes."""

    def __init__(self, pool: Any, rows: int) -> None:
        self.pool = pool
        self.rows = rows

    def __call__(self, tasks: Sequence[FitTask], budget: float) -> Iterator[tuple[int, Fit]]:
        timeout = 10 * budget + _GRACE
        futures = {self.pool.schedule(_work, args=(task, budget), timeout=timeout): i for i, task in enumerate(tasks)}
        try:
            for future in as_completed(futures):
                yield futures[future], self._result(future, tasks[futures[future]])
        finally:
            for future in futures:
                future.cancel()

    def _result(self, future: Any, task: FitTask) -> Fit:
        try:
            result: Fit = future.result()
        except FutureTimeout:
            return Fit.failed(task.formula, self.rows, sentence("timeout"), task.known)
        except Exception as error:  # a worker that died must not take the race with it
            return Fit.failed(task.formula, self.rows, sentence("crashed", reason=type(error).__name__), task.known)
        return result


@dataclass(frozen=True)
class _Job:
    """What all tasks of a race share."""

    samples: Samples
    loss: str
    seed: int

    def run(self, task: FitTask, budget: float) -> Fit:
        """The fit of one task; an error becomes its status."""
        try:
            return fit(
                task.formula,
                self.samples,
                known=task.known,
                bounds=task.bounds,
                priors=task.priors,
                starts=task.starts,
                loss=self.loss,
                budget=budget,
                seed=self.seed,
            )
        except RecommenderError as error:
            status = Sentence.of("fit.refused", reason=Sentence.of(f"error.{error.key}", **error.values))
        except (ArithmeticError, ValueError, MemoryError, RecursionError) as error:
            status = sentence("crashed", reason=type(error).__name__)
        return Fit.failed(task.formula, len(self.samples), status, task.known)


_job: _Job | None = None


def _begin(samples: Samples, loss: str, seed: int) -> None:
    """Start of a worker: one numeric thread, the shared part of all tasks."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    global _job
    threadpool_limits(1)
    end_with_parent()
    _job = _Job(samples, loss, seed)


def _work(task: FitTask, budget: float) -> Fit:
    assert _job is not None
    return _job.run(task, budget)
