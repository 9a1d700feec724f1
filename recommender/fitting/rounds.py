"""Rounds of drawing, screening, minimising and perturbing, until the search agrees with itself.

One round: draw starts from the roles, screen them by the projected residual on a random subsample, run short batched
Levenberg-Marquardt from a diverse best half and a tournament half, finish the best few on all rows; then redraw one parameter, one
factor or a random few of the incumbents and minimise again. A round agrees if it finds nothing better. White residuals
and a few hits end the search early; structured residuals keep it going to the end of the budget, for the global optimum may still be
elsewhere, unless whatever is minimised ends in the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from corpus.implicit import is_numerical
from recommender.fitting.exchange import exchange_starts
from recommender.fitting.lm import minimise
from recommender.fitting.rows import thinned
from recommender.fitting.sampler import Sampler
from recommender.fitting.structure import additive_blocks, factor_blocks
from recommender.fitting.varpro import Model
from recommender.fitting.whiteness import neighbours

SCREEN_ROWS = 200
_EXACT = 1e-12
_DRAWS = (600, 1500, 2500, 3500)
_LAST_ROUND = 12
_WIDTHS = (1.0, 1.0, 1.6, 2.4)  # factors on the spread of the starts, round by round
_LATE_WIDTHS = (1.0, 2.4, 4.0)
_ONE_BASIN = 0.5
_THRIFT = 8  # by which fewer starts are drawn where each value is found by iteration; the relation itself gives good ones


@dataclass(frozen=True)
class Found:
    """One minimum on all rows: rss, alpha (q,), coefficients (m,)."""

    rss: float
    alpha: Array
    coefficients: Array


@dataclass(frozen=True)
class Outcome:
    """What a search found: minima in order of rss, and how it ended.

    starts: local searches run; hits: how many of them reached the best; white: the residual looks like noise;
    agreed: ended by agreement (or exactly), not by the budget.
    """

    minima: tuple[Found, ...]
    starts: int
    hits: int
    white: bool
    agreed: bool


class Search:
    """The state of one search over the nonlinear parameters of a model."""

    def __init__(self, model: Model, sampler: Sampler) -> None:
        self.model, self.sampler, self.rng = model, sampler, sampler.rng
        self.q = len(model.form.nonlinear)
        self.small = model.take(thinned(model.samples, SCREEN_ROWS, self.rng)) if model.n > 1.3 * SCREEN_ROWS else model
        self.blocks = additive_blocks(model.form)
        self.factors = factor_blocks(model.form)
        self.neighbours = neighbours(model.samples)
        self.thrift = _THRIFT if is_numerical(model.form.root) else 1
        self.pool: list[Found] = []
        self.hits: list[float] = []
        self.round = 0
        self.drawn = 0
        self.agreements = 0
        self.strict = True
        self.white = False
        self.cells = self._frequency_cells()

    # --- the loop -------------------------------------------------------------------------------------------------------

    def run(self, first: Array) -> Outcome:
        """Search from given starts (k, q) and then in rounds."""
        if len(first):
            self._refine(first[np.argsort(self.model.rss(first), kind="stable")[:8]], short=12, keep=6)
        draws, most = self._first_draws() // self.thrift, int(min(24_000, max(3000, 2.5e6 / self.small.n))) // self.thrift
        while not self._exact():
            best = self._best_rss()
            self._one_round(min(draws, most))
            if self._exact():
                break
            self.agreements = self.agreements + 1 if self._best_rss() >= best * (1 - 1e-5) else 0
            self.white = bool(self.pool) and self._is_white(self.pool[0])
            if self.model.work.exhausted() or self._settled() or (self.round >= _LAST_ROUND and not self._structured()):
                break
            if not self.pool:
                self.small = self.model  # what is finite on the subsample was not on all rows
            self.round += 1
            draws = min(int(draws * 1.7), most)
        return self._outcome()

    def _outcome(self) -> Outcome:
        exact = self._exact()
        hits = sum(value <= min(self.hits) * (1 + 1e-4) + _EXACT for value in self.hits)
        return Outcome(tuple(self.pool), len(self.hits), hits, self.white or exact, exact or self._agrees())

    def _one_round(self, draws: int) -> None:
        widen = _WIDTHS[self.round] if self.round < len(_WIDTHS) else _LATE_WIDTHS[self.round % len(_LATE_WIDTHS)]
        self.strict = self.strict and (self.round < 3 or self.white)  # leave the zone only when nothing inside explains the data
        starts = [*self._exchanged(), self._screened(draws, widen)]
        if self.model.work.exhausted():
            self._refine(np.concatenate(starts)[:8], short=8, keep=2)
            return
        self._refine(np.concatenate(starts), short=(12, 15, 18)[min(self.round, 2)], keep=6)
        if self.q > 1 and self.pool and not self._exact() and not self.model.work.exhausted():
            self._refine(self._perturbed(widen), short=12, keep=4)

    def _first_draws(self) -> int:
        base = _DRAWS[min(self.q, 4) - 1]
        if self.sampler.frequencies and not self._has_blocks():
            return int(np.clip((4 if self.q == 1 else 1.5) * self.cells, base, 6000))
        return base

    def _frequency_cells(self) -> float:
        if self._has_blocks():
            return 1.0
        return float(np.prod([min(max(1.0, self.sampler.zones[name].cells), 2e4) for name in self.sampler.frequencies]))

    def _has_blocks(self) -> bool:
        return self.blocks is not None and len(self.blocks) > 1

    # --- starts ---------------------------------------------------------------------------------------------------------

    def _exchanged(self) -> list[Array]:
        if self.blocks is None or len(self.blocks) < 2:
            return []
        sizes = (1000, 2000, 3000) if max(map(len, self.blocks)) > 1 else (300, 500, 800)
        level = min(self.round, 2)
        starts = exchange_starts(self.small, self.sampler, self.blocks, sizes[level], (4, 8, 12)[level])
        return [starts[np.argsort(self.small.rss(starts), kind="stable")[:6]]] if len(starts) else []

    def _screened(self, draws: int, widen: float) -> Array:
        alpha = self.sampler.draw(draws, widen=widen, strict=self.strict)
        self.drawn += draws
        return diverse(alpha, self.small.rss(alpha), (12, 24, 32, 40)[min(self.round, 3)], self.rng)

    def _perturbed(self, widen: float) -> Array:
        """The incumbents with one parameter, one factor or a random few redrawn; the best of each group."""
        groups = self._redraw_groups()
        sizes = [(80 if len(group) == 1 else 150 if self.round == 0 else 400) // self.thrift for group in groups]
        draws = self.sampler.draw(sum(sizes), widen=widen, strict=self.strict)
        starts: list[Array] = []
        for found in self._incumbents((2, 3, 4, 5, 6)[min(self.round, 4)]):
            trial = np.repeat(found.alpha[None], len(draws), 0)
            edges = np.cumsum([0, *sizes])
            for group, low, high in zip(groups, edges[:-1], edges[1:], strict=True):
                trial[low:high, group] = draws[low:high, group]
                if len(group) == 1:
                    self._neighbouring(trial, group[0], low, high)
            rss = self.small.rss(trial)
            for group, low, high in zip(groups, edges[:-1], edges[1:], strict=True):
                best = low + np.argsort(rss[low:high], kind="stable")[: 1 if len(group) == 1 else 3]
                starts.extend(trial[i] for i in best if np.isfinite(rss[i]))
        return np.array(starts).reshape(-1, self.q)

    def _neighbouring(self, trial: Array, column: int, low: int, high: int) -> None:
        """Half of the redraws of a frequency stay within a few turns over the data of the incumbent's."""
        name = self.model.form.nonlinear[column]
        if name in self.sampler.zones:
            half = (low + high) // 2
            trial[low:half, column] = self.sampler.nearby(name, float(trial[high - 1, column]), half - low)

    def _redraw_groups(self) -> list[list[int]]:
        index = {name: i for i, name in enumerate(self.model.form.nonlinear)}
        groups = [[i] for i in range(self.q)] + [[index[n] for n in block] for block in self.factors if 1 < len(block) < self.q]
        if self.round and self.q > 2:
            for _ in range(min(self.q, 4)):
                size = int(self.rng.integers(2, min(self.q, 4)))
                groups.append([int(i) for i in self.rng.choice(self.q, size, replace=False)])
        return groups

    def _incumbents(self, count: int) -> list[Found]:
        chosen: list[Found] = []
        for found in self.pool:
            if all(abs(found.rss - other.rss) > 1e-6 * other.rss for other in chosen):
                chosen.append(found)
        return chosen[:count]

    # --- minimising -----------------------------------------------------------------------------------------------------

    def _refine(self, starts: Array, *, short: int, keep: int) -> None:
        """Short minimisation of all starts on the subsample, then the best distinct ones on all rows."""
        if not len(starts):
            return
        end = minimise(self.small, starts, short, good_enough=1e-13, share=1.2)
        rss = np.where(self._outside(end.alpha), np.inf, end.rss)
        self.hits.extend(float(value) / self.small.tss for value in rss[np.isfinite(rss)])
        rows = _distinct(end.alpha, rss, keep)
        if rows:
            final = minimise(self.model, end.alpha[rows], 60, tolerance=1e-10, good_enough=1e-15, share=1.4)
            found = [Found(float(r), a, c) for r, a, c in zip(final.rss, final.alpha, final.coefficients, strict=True) if np.isfinite(r)]
            self.pool = sorted([*self.pool, *found], key=lambda item: item.rss)

    def _outside(self, alpha: Array) -> Array:
        """Which rows left a strict frequency zone."""
        outside = np.zeros(len(alpha), bool)
        for i, name in enumerate(self.model.form.nonlinear):
            if self.strict and name in self.sampler.zones:
                outside |= self.sampler.zones[name].outside(alpha[:, i])
        return outside

    # --- stopping -------------------------------------------------------------------------------------------------------

    def _best_rss(self) -> float:
        return self.pool[0].rss if self.pool else np.inf

    def _exact(self) -> bool:
        return self._best_rss() < _EXACT * self.model.tss

    def _is_white(self, found: Found) -> bool:
        residual = self.model.project(found.alpha[None]).residual[0]
        return found.rss < 0.5 * self.model.tss and self.neighbours.white(residual)

    def _settled(self) -> bool:
        """Whether going on is of no use: the searches agree, and nothing is left to explain or everything ends in one place."""
        return self._agrees() and (self.white or self._one_basin())

    def _structured(self) -> bool:
        """Something was found, and it leaves a pattern."""
        return bool(self.pool) and not self.white

    def _one_basin(self) -> bool:
        """Whether most searches, finished or short, end at the best minimum."""
        ends = ([found.rss for found in self.pool], self.hits)
        return any(sum(rss <= min(each) * (1 + 1e-4) for rss in each) >= _ONE_BASIN * len(each) for each in ends if each)

    def _agrees(self) -> bool:
        """Enough agreement: less is asked of an easy problem or a white residual."""
        if not self.pool or not self.hits:
            return False
        best = min(self.hits)
        hits = sum(value <= best * (1 + 1e-4) for value in self.hits)
        share = hits / len(self.hits)
        hard = self.q >= 2 or bool(self.sampler.frequencies) or self._has_blocks()
        if self.q == 1 and share > 0.3 and hits >= 3 and (self.white or self.round >= 1):
            return True
        if self.white and hits >= 3 and (self.agreements >= 1 or (not hard and share > 0.2)):
            return True
        if not self.white and hits >= 5 and self.agreements >= (1 if self.q == 1 else 5) and self._covered():
            return True
        return self.agreements >= (3 if self.white else 6) and (hits >= 2 or self.q <= 1)

    def _covered(self) -> bool:
        """Whether the frequency axis was sampled densely enough to trust a poor fit."""
        poor = self._best_rss() > 0.3 * self.model.tss or self.drawn < min(self.cells, 3e4)
        return not (self.sampler.frequencies and poor)


def diverse(alpha: Array, rss: Array, count: int, rng: np.random.Generator) -> Array:
    """About `count` of the best starts no two of which are close in ranks, and winners of a random tournament."""
    good = np.isfinite(rss)
    alpha, rss = alpha[good], rss[good]
    if len(rss) == 0:
        return alpha
    chosen = _spread_best(alpha, rss, count) + _tournament(rss, count // 2, rng)
    return alpha[list(dict.fromkeys(chosen))]


def _spread_best(alpha: Array, rss: Array, count: int) -> list[int]:
    ranks = np.argsort(np.argsort(alpha, 0), 0) / len(rss)
    order = np.argsort(rss, kind="stable")[: max(count * 12, 200)]
    near = ranks[order]
    alive = np.ones(len(order), bool)
    chosen: list[int] = []
    for i, row in enumerate(order):
        if alive[i]:
            chosen.append(int(row))
            alive &= np.max(np.abs(near - near[i]), 1) > 0.03
        if len(chosen) >= count:
            break
    return chosen


def _tournament(rss: Array, groups: int, rng: np.random.Generator) -> list[int]:
    if groups < 1 or len(rss) <= 4 * groups:
        return []
    size = len(rss) // groups
    entrants = rng.permutation(len(rss))[: size * groups].reshape(groups, size)
    return [int(row) for row in entrants[np.arange(groups), np.argmin(rss[entrants], 1)]]


def _distinct(alpha: Array, rss: Array, count: int) -> Sequence[int]:
    """The best `count` rows, copies of the same optimum left out."""
    chosen: list[int] = []
    for i in np.argsort(rss, kind="stable"):
        if not np.isfinite(rss[i]) or len(chosen) >= count:
            break
        same = (abs(rss[i] - rss[j]) <= 1e-6 * rss[j] and np.allclose(alpha[i], alpha[j], rtol=1e-3) for j in chosen)
        if not any(same):
            chosen.append(int(i))
    return chosen
