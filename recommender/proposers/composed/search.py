"""The order of attack: exhaustive screens, then beams, swaps and wider beams, until a model leaves nothing but rounding or noise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array
from recommender.fitting.whiteness import Neighbours, neighbours
from recommender.fitting.work import Work
from recommender.proposers.composed.beams import Beams
from recommender.proposers.composed.dictionary import Dictionary
from recommender.proposers.composed.factors import Rows, Term
from recommender.proposers.composed.pool import FEW_NUMBERS, Pool
from recommender.proposers.composed.refine import Model, Refiner
from recommender.proposers.composed.screens import Screens
from recommender.proposers.composed.shapes import Axis
from recommender.proposers.composed.snap import simpler
from recommender.proposers.composed.transforms import Seed, seeds
from recommender.samples import Samples
from recommender.spectrum import frequencies

SCREEN_ROWS = 300
_WIDENINGS = (4, 12)
_SWAP_ROUNDS = 6
_KEPT = 80
_KEPT_SOLVED = 16
_SIMPLIFIED = (12, 4, 4, 4, 4, 4)
_PLATEAU = 2.0  # nats
_PATIENCE = 2.0
_POLISH = 25
_FINISHING_SHARE = 0.25
_SEEDS_EXTENDED = 10
_SEEDS_COMPLETED = 40
_SEED_ROUNDS = 2


@dataclass(frozen=True)
class Data:
    """columns: name -> shape (n,); target and weights (one over the standard uncertainty, or None): shape (n,); digits: significant
    decimals of the target; seed: which rows are screened; with_unit: columns that are no pure numbers."""

    columns: dict[str, Array]
    target: Array
    weights: Array | None = None
    digits: int = 12
    seed: int = 0
    with_unit: frozenset[str] = frozenset()

    @property
    def floor(self) -> float:
        """Share of the variance that is rounding."""
        return float(10.0 ** (5 - 2 * min(self.digits, 14)))

    @property
    def scale(self) -> float:
        """Root mean square of the weighted target."""
        weighted = self.target if self.weights is None else self.weights * self.target
        largest = float(np.max(np.abs(weighted)))
        return largest * float(np.sqrt(np.mean((weighted / largest) ** 2)))

    def take(self, rows: NDArray[np.int64]) -> Data:
        columns = {name: values[rows] for name, values in self.columns.items()}
        return replace(self, columns=columns, target=self.target[rows], weights=None if self.weights is None else self.weights[rows])

    def sample(self, count: int) -> NDArray[np.int64]:
        """Places of about `count` rows; those where an input or the target is extreme are always among them."""
        total = len(self.target)
        if total <= count:
            return np.arange(total)
        drawn = np.random.default_rng(self.seed).permutation(total)[:count]
        extremes = [place for values in (*self.columns.values(), self.target) for place in (np.argmin(values), np.argmax(values))]
        return np.unique(np.concatenate([drawn, np.array(extremes, dtype=np.int64)]))


def axes_of(data: Data, discounts: Mapping[str, float] | None = None) -> list[Axis]:
    """The inputs, with the frequencies that the target holds along them; discounts: see `Context`."""
    some = data.take(data.sample(SCREEN_ROWS))
    heard = frequencies(some.columns, some.target)
    return [Axis(name, values, heard.get(name, ()), name in data.with_unit, discounts or {}) for name, values in data.columns.items()]


def ground(data: Data, scale: float, work: Work) -> tuple[Refiner, Pool]:
    """What fits sums to these rows, in units of `scale`, and an empty pool for them."""
    target = data.target * (1.0 if data.weights is None else data.weights) / scale
    total = float(np.sum((target - target.mean()) ** 2)) or 1.0
    return Refiner(Rows(data.columns, data.weights), target, work), Pool(len(target), total, data.floor, max(1, len(target) // 3))


class Search:
    """One search. scale: what coefficients must be multiplied by to give the target itself."""

    def __init__(self, data: Data, axes: Sequence[Axis], terms: Sequence[Term], laws: Sequence[Seed], work: Work) -> None:
        self.work = work
        self.axes, self.terms, self.laws = axes, terms, laws
        self.with_unit = data.with_unit
        self.scale = data.scale
        self._shortest, self._improved = np.inf, 0.0
        some = self._some = data.take(data.sample(SCREEN_ROWS))
        self.refiner, self.pool = ground(some, self.scale, work)
        self.whole, self.final = ground(data, self.scale, work)

    def _late(self) -> bool:
        return self.work.exhausted(1 - _FINISHING_SHARE)

    def _out_of_time(self) -> bool:
        return self.work.exhausted()

    def run(self) -> Iterator[Sequence[Model]]:
        """Better and better lists of models, each fitted to all rows, best first; the last is the answer."""
        for _ in self._explore():
            yield self._best_so_far(4)
        yield from self._finish()

    def _explore(self) -> Iterator[None]:
        """Every stage in turn, until solved or out of time."""
        for stage in self._stages():
            for done in stage():
                if self._late():
                    return
                if done and self.pool.solved:
                    return
            self._look()
            yield

    def _look(self) -> None:
        """Take down after how much work the best model was last found better."""
        shortest = min(map(self.pool.length, self.pool.best(1)), default=np.inf)
        if shortest < self._shortest - _PLATEAU:
            self._shortest, self._improved = shortest, self.work.spent

    def _stages(self) -> Iterator[Callable[[], Iterable[bool]]]:
        """Those for sums of up to two curves, then others for as long as these have not found all there is."""
        screens = Screens(self.terms, self.refiner, self.axes)
        for size in (2, 3, 4):
            yield lambda size=size: self._screen(screens.subsets(size))  # type: ignore[misc]
        yield self._retrieved
        for size in (1, 2):
            yield lambda size=size: self._screen(screens.more_curves(1, size))  # type: ignore[misc]
        yield self._transformed
        yield lambda: self._screen(screens.more_companions(1, 3))
        yield lambda: self._screen(screens.more_curves(2, 1))
        yield lambda: self._grow(self._beams.swap(1))
        for stage in self._later_stages(screens, self._beams):
            if self._has_found_all():
                return
            yield stage

    def _later_stages(self, screens: Screens, beams: Beams) -> Iterator[Callable[[], Iterable[bool]]]:
        yield lambda: self._screen(screens.subsets(5))
        yield lambda: self._screen(screens.more_companions(2, 2))
        yield lambda: self._screen(screens.two_waves(2))
        yield lambda: self._grow(beams.swap(1))
        yield lambda: self._screen(screens.more_companions(1, 4))
        yield lambda: self._grow(beams.forward())
        yield lambda: self._screen(screens.more_curves(2, 2))
        yield lambda: self._screen(screens.more_companions(2, 3))
        yield lambda: self._screen(screens.more_curves(3, 1))
        yield lambda: self._screen(screens.more_companions(3, 2))
        yield lambda: self._grow(beams.swap(1))
        for widen in _WIDENINGS:
            yield lambda widen=widen: self._grow(beams.forward(widen))  # type: ignore[misc]
            yield lambda: self._grow(beams.swap(_SWAP_ROUNDS))

    def _has_found_all(self) -> bool:
        """The best model leaves what looks like noise, and as much work again as it took has found nothing better: the more forms are
        tried then, the more of them fit the noise."""
        best = self.pool.best(1)
        if not best or best[0].numbers > FEW_NUMBERS or self.work.spent < _PATIENCE * self._improved:
            return False
        model = self._refit(best[0], 10)
        return model is not None and self._neighbours.white(self.whole.span(model)[1])

    @cached_property
    def _neighbours(self) -> Neighbours:
        return neighbours(Samples(self.whole.rows.columns, self.whole.target))

    @cached_property
    def _beams(self) -> Beams:
        return Beams(Dictionary(self.terms, self.refiner.rows), self.refiner, self.pool, self._late)

    def _transformed(self) -> Iterator[bool]:
        """Products and quotients, and what explains what the best of them leave."""
        yield from self._from_seeds(seeds(self.axes, self.refiner.rows, self._some.target / self.scale))

    def _retrieved(self) -> Iterator[bool]:
        """Known laws, and what explains what the best of them leave."""
        yield from self._from_seeds(self.laws)

    def _from_seeds(self, starts: Iterable[Seed]) -> Iterator[bool]:
        models = []
        for term, inner in starts:
            model = self._exact(self.refiner.fit([term], [inner], _POLISH))
            if self.pool.add(model) and model is not None:
                models.append(model)
            yield False
        yield True
        best = sorted(models, key=lambda model: (self.pool.length(model), model.key))
        yield from self._grow(self._beams.complete(best[:_SEEDS_COMPLETED]))
        yield from self._grow(self._beams.extend(best[:_SEEDS_EXTENDED], _SEED_ROUNDS))

    def _screen(self, models: Iterable[Model | None]) -> Iterator[bool]:
        """Whether the screen is over, after every model."""
        for model in models:
            self.pool.add(self._exact(model))
            yield False
        yield True

    def _grow(self, steps: Iterable[int]) -> Iterator[bool]:
        for _ in steps:
            yield True
        yield True

    def _exact(self, model: Model | None) -> Model | None:
        """A fit that is nearly exact is driven to rounding."""
        if model is None or not len(model.inner) or model.rss > 1e-9 * self.pool.total:
            return model
        parts = model.parts
        again = self.refiner.fit([term for term, _ in parts], [inner for _, inner in parts], 30, 1e-12)
        return again if again is not None and again.rss < model.rss else model

    def _refit(self, model: Model, iterations: int) -> Model | None:
        return self.whole.fit(model.terms, [inner for _, inner in model.parts], iterations, 1e-10)

    def _best_so_far(self, count: int) -> list[Model]:
        self.final.add_all(self._refit(model, 10) for model in self.pool.best(count) if model.key not in self.final.models)
        return self.final.best(count)

    def _finish(self) -> Iterator[Sequence[Model]]:
        """Refit the best on all rows, then replace them by simpler neighbours for as long as that shortens the description."""
        for i, model in enumerate(self.pool.varied(_KEPT_SOLVED if self.pool.solved else _KEPT)):
            if i > 5 and self._out_of_time():
                break
            self.final.add(self._refit(model, _POLISH if i < 25 else 8))
        for count in _SIMPLIFIED:
            changed = [self._simplify(model) for model in self.final.best(count)]
            if not any(changed):
                break
        yield self.final.varied(_KEPT)

    def _simplify(self, model: Model) -> bool:
        """Whether a neighbour was new."""
        changed = False
        for parts in simpler(model, self.with_unit):
            key = tuple(sorted(term.order for term, _ in parts))
            if key not in self.final.models and not self._out_of_time():
                found = self.whole.fit([term for term, _ in parts], [inner for _, inner in parts], 15, 1e-10)
                changed |= self.final.add(found)
        return changed
