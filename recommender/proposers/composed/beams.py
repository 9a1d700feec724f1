"""Forward selection with a beam of its own for each number of inner parameters, and swaps of single terms.

Without separate beams flexible wrong terms crowd out the stiff right ones (the gain of a term grows with its freedom).
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from recommender.proposers.composed.dictionary import Dictionary, Indices
from recommender.proposers.composed.factors import Term
from recommender.proposers.composed.pool import Key, Pool
from recommender.proposers.composed.refine import Model, Refiner

WIDTHS = (30, 25, 20, 12, 8, 6, 4)
MAX_TERMS = 7
_CHILDREN = 30
_STARTS_PER_FORM = 2
_ITERATIONS = 12
_TRIAL_ITERATIONS = 3
_TOLERANCE = 1e-3
_BATCH = 24
_PER_PRODUCT, _PER_GAIN = 0.15, 10.0
_FIRST_SPREAD = 4
_WORTHWHILE = 8.0
_SWAPPED = 4
_SWAP_CHILDREN = 16
_SWAP_POOL = 8
_OWN_CHILDREN = 4
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Child:
    """A model and one more term. length: description length, the rss predicted by the linear gain at the grid point."""

    length: float
    parent: Model
    term: Term
    inner: Array

    @property
    def form(self) -> tuple[tuple[int, ...], ...]:
        return tuple(sorted((*self.parent.key, self.term.order)))


class Beams:
    """Grows sums from a dictionary into a pool."""

    def __init__(self, dictionary: Dictionary, refiner: Refiner, pool: Pool, stop: Stop) -> None:
        self.dictionary, self.refiner, self.pool, self.stop = dictionary, refiner, pool, stop
        target = refiner.target
        self.empty = Model((), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), float(target @ target))
        self._places = [np.flatnonzero(dictionary.free_of == free) for free in range(3)]

    def forward(self, widen: int = 1) -> Iterator[int]:
        """Add term after term until nothing more is gained; yields the number of terms reached."""
        beams: list[Model] = [self.empty]
        best = self.empty.rss
        for size in range(1, MAX_TERMS + 1):
            children = self._children(beams, 8 * widen if size == 1 else widen)
            beams = self._select(children, widen * (_FIRST_SPREAD if size == 1 else 1))
            yield size
            if not beams or self.pool.solved or self.stop():
                return
            reached = min(model.rss for model in beams)
            if size >= 3 and self.pool.rows * np.log(best / max(reached, 1e-300)) < _WORTHWHILE:
                return
            best = min(best, reached)

    def extend(self, models: Sequence[Model], rounds: int) -> Iterator[int]:
        """What explains what these models leave? Up to `rounds` more terms each; yields the round."""
        for turn in range(rounds):
            models = self._select(self._children(models, 1), 1)
            yield turn
            if self.stop() or self.pool.solved:
                return

    def complete(self, models: Sequence[Model]) -> Iterator[int]:
        """The few best additions to each of these models for itself, so that none is crowded out; yields the model's place."""
        for place, model in enumerate(models):
            some = [child for children in self._children([model], 1).values() for child in children]
            best = heapq.nsmallest(_OWN_CHILDREN, some, key=lambda child: child.length)
            self.pool.add_all(self._tried(best, _OWN_CHILDREN, 1).values())
            yield place
            if self.stop():
                return

    def swap(self, rounds: int) -> Iterator[int]:
        """Drop each term of the best models in turn and look for a better one; yields the round."""
        done = set[object]()
        for turn in range(rounds):
            fresh = [model for model in self.pool.best(_SWAP_POOL) if model.key not in done][:_SWAPPED]
            for model in fresh:
                done.add(model.key)
                self._swap_one(model)
                yield turn
                if self.stop() or self.pool.solved:
                    return
            if not fresh:
                return

    def _swap_one(self, model: Model) -> None:
        reduced = [self.empty] if len(model.terms) == 1 else [self._without(model, i) for i in range(len(model.terms))]
        self.pool.add_all(one for one in reduced if one is not None and one.terms)
        children = self._children([one for one in reduced if one is not None], 1)
        by_freedom = {free: heapq.nsmallest(_SWAP_CHILDREN, some, key=lambda child: child.length) for free, some in children.items()}
        self._select(by_freedom, 1)

    def _without(self, model: Model, place: int) -> Model | None:
        parts = [part for i, part in enumerate(model.parts) if i != place]
        return self.refiner.fit([term for term, _ in parts], [inner for _, inner in parts], _ITERATIONS, _TOLERANCE)

    def _children(self, models: Sequence[Model], widen: int) -> dict[int, list[Child]]:
        """The most promising additions to each model, by number of inner parameters."""
        found: dict[int, list[Child]] = {}
        for first in range(0, len(models), _BATCH):
            if self.stop():
                break
            batch = models[first : first + _BATCH]
            spans = [self.refiner.span(model) for model in batch]
            gains = self.dictionary.gains([basis for basis, _ in spans], [residual for _, residual in spans])
            self._charge(sum(basis.shape[1] + 1 for basis, _ in spans))
            for model, gain in zip(batch, gains, strict=True):
                for child in self._additions(model, gain, _CHILDREN * min(widen, 2 if model.terms else 8)):
                    found.setdefault(len(model.inner) + child.term.free, []).append(child)
        return found

    def _charge(self, columns: int) -> None:
        entries = len(self.dictionary.singles) + 2 * len(self.dictionary.firsts)
        self.refiner.work.charge(100, entries * columns * (_PER_PRODUCT * self.refiner.rows.count + _PER_GAIN))

    def _additions(self, model: Model, gains: Array, count: int) -> Iterator[Child]:
        predicted = self.pool.lengths(np.maximum(model.rss - gains, 1e-30), model.cost + self.dictionary.cost_of, model.numbers + 1)
        for free, places in enumerate(self._places):
            if len(places) and len(model.inner) + free < len(WIDTHS):
                yield from self._best_of(model, predicted, places, count, 1 if free == 0 else _STARTS_PER_FORM)

    def _best_of(self, model: Model, predicted: Array, places: Indices, count: int, starts: int) -> Iterator[Child]:
        looked = min(len(places), 6 * count)
        chosen = places[np.argpartition(predicted[places], looked - 1)[:looked]]
        seen = Counter[Term]()
        for entry in chosen[np.argsort(predicted[chosen], kind="stable")]:
            term, inner = self.dictionary.start(int(entry))
            if seen[term] >= starts or (not term.free and term in model.terms):
                continue
            if term not in seen and len(seen) >= count:
                return
            seen[term] += 1
            yield Child(float(predicted[entry]), model, term, inner)

    def _select(self, children: dict[int, list[Child]], widen: int) -> list[Model]:
        """Fit the best children of each beam, a few steps all of them, to the end those that then lead."""
        kept: list[Model] = []
        for free, some in children.items():
            width = WIDTHS[free] * widen
            tried = self._tried(some, width if free == 0 else 2 * width, 1 if free == 0 else _STARTS_PER_FORM)
            leading = sorted(tried.values(), key=self.pool.length)[:width]
            settled = [model if free == 0 else self._settled(model) for model in leading]
            self.pool.add_all(settled)
            kept += settled
        return kept

    def _tried(self, children: Sequence[Child], count: int, starts: int) -> dict[Key, Model]:
        """The better fit of each form after a few steps."""
        seen = Counter[Key]()
        found: dict[Key, Model] = {}
        for child in sorted(children, key=lambda child: child.length):
            if self.stop() or seen.total() >= count:
                break
            if seen[child.form] >= starts:
                continue
            seen[child.form] += 1
            inner = [own for _, own in child.parent.parts]
            model = self.refiner.fit([*child.parent.terms, child.term], [*inner, child.inner], _TRIAL_ITERATIONS, _TOLERANCE)
            if model is not None and (model.key not in found or model.rss < found[model.key].rss):
                found[model.key] = model
        return found

    def _settled(self, model: Model) -> Model:
        known = self.pool.models.get(model.key)
        if known is not None and known.rss <= model.rss:
            return known
        again = self.refiner.fit(model.terms, [inner for _, inner in model.parts], _ITERATIONS, _TOLERANCE)
        return model if again is None or again.rss > model.rss else again
