"""One stage: a curve in one input, then each of its coefficients as a problem of its own in the others, then all of it on the rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus import tree
from corpus.canonical import canonicalise
from corpus.formula import Formula
from corpus.functions import Array
from recommender.fitting.work import Work
from recommender.proposers.composed.length import TERM, form_cost
from recommender.proposers.dimensional.data import Data
from recommender.proposers.dimensional.forms import Form, Scored, polish
from recommender.proposers.dimensional.proposer import Search
from recommender.proposers.separable.surrogate import Surrogate
from recommender.proposers.staged.curves import Curve, Lines, formula, library, on_lines
from recommender.proposers.staged.shorter import PASSES, POLISH, shortened
from recommender.proposers.staged.varying import Fitted, Varying

_LINES, _POINTS = 24, 31
_ROUGH, _WORST = 0.15, 0.5  # error of a surrogate that more rows may mend, and of one from which nothing can be learned
_CURVES, _STRUCTURES = 10, 2
_STAGES, _PER_INPUT = 8, 3
_ALTERNATIVES, _KEPT, _SHORTENED, _ROUNDS = 6, 3, 2, 2
_PLAIN = 5.0  # nats: with more, products of many functions imitate any smooth table
_TABLE_ROWS = 150
_LOOSE = 4.0  # times the median error: rows where a coefficient is known worse than that are left out
_UNKNOWN = 0.5  # of its size: a coefficient with a larger error is not known at all
_FINEST = 1e-5
_SURE = 0.4  # standard errors: five times this is an agreement
_PER_NUMBER, _FEWEST = 2, 20
_INDEPENDENT = 10  # points of a line drawn by a surrogate
_SURROGATE_ROWS = 250
_MIN_ROWS = 12
_LOOKING = 0.35  # of the work left, for the curves in all inputs
_ONE_STAGE = 0.25  # of all work
_SHARE = 0.25  # of the work left, for the search of one table
_SURROGATE = 10_000  # NumPy calls


@dataclass(frozen=True)
class Stage:
    """A curve in the column `place`, and a fit of it whose coefficients vary with the others."""

    place: int
    curve: Curve
    fitted: Fitted


class Stages:
    """Solves problems stage by stage within a budget of work."""

    def __init__(self, work: Work, seed: int) -> None:
        self.work, self.seed = work, seed

    def groups(self, data: Data, depth: int) -> Iterator[list[Scored]]:
        """The forms of each first stage, the clearest first, until one is exact."""
        for stage in _varied(sorted(self._stages(data), key=lambda stage: stage.fitted.score)):
            if self.work.exhausted():
                return
            with self.work.part(_ONE_STAGE) as part:
                group = Stages(part, self.seed)._completed(data, stage, depth)
            yield group
            if any(scored.is_exact for scored in group):
                return

    def solve(self, data: Data, numbers: int, depth: int) -> list[Scored]:
        """The best forms of the table of a coefficient, `numbers` of which are independent."""
        few = _thinned(data, numbers)
        found = self._searched(few)
        if len(data.names) == 1:
            found += self._drawn(few)
        elif depth and not any(scored.is_exact and form_cost(scored.form.root) < _PLAIN for scored in found):
            for group in self.groups(data, depth - 1):
                found += group
        return sorted(found, key=lambda scored: scored.length)[:_ALTERNATIVES]

    def _searched(self, data: Data) -> list[Scored]:
        """Products of powers, then sums."""
        inner = Work(_SHARE * max(self.work.budget - self.work.spent, 0.0))
        search = Search(data, inner)
        for _ in search.run():
            pass
        self.work.spent += inner.spent
        families = dict[str, Scored]()
        for scored in sorted(search.found.values(), key=lambda scored: scored.length)[: 3 * _ALTERNATIVES]:
            families.setdefault(canonicalise(Formula(scored.form.root)).key, scored)
        return list(families.values())[:_ALTERNATIVES]

    # --- the first input ---------------------------------------------------------------------------------------------------

    def _stages(self, data: Data) -> Iterator[Stage]:
        """Curves in the inputs, those that explain most first, with the coefficients that they need."""
        self.work.charge(_SURROGATE, _SURROGATE * min(len(data.y), _SURROGATE_ROWS) ** 2)
        surrogate = Surrogate(_some(data, _SURROGATE_ROWS))
        if not surrogate.error < _ROUGH:
            self.work.charge(_SURROGATE, _SURROGATE * len(data.y) ** 2)
            surrogate = min(surrogate, Surrogate(data), key=lambda one: one.error)
        if not surrogate.error < _WORST:
            return
        rows = np.random.default_rng(self.seed).permutation(len(data.y))[:_LINES]
        drawn = [_along(data, surrogate, place, rows) for place in range(len(data.names))]
        explained = [float(np.mean(np.var(y, axis=1))) for _, y in drawn]
        begun, left = self.work.spent, self.work.budget - self.work.spent
        for turn, place in enumerate(sorted(range(len(drawn)), key=lambda place: -explained[place]), 1):
            z, y = drawn[place]
            for lines in self._curves(z, y, surrogate.error):
                if self.work.spent - begun > _LOOKING * left * turn / len(drawn) or self.work.exhausted():
                    break
                fits = [one for one in Varying(data, place, lines, data.X[:, rows], self.work).searched() if one.is_known]
                yield from (Stage(place, lines.curve, fitted) for fitted in fits[:_STRUCTURES])

    def _curves(self, z: Array, y: Array, error: float) -> list[Lines]:
        """The curves that describe most lines best, coefficients of their own on each."""
        found = [lines for curve in library(z) if (lines := on_lines(curve, z, y, self.work)) is not None]

        def length(lines: Lines) -> float:
            numbers = 0.5 * math.log(_INDEPENDENT) * lines.values.shape[1]
            misfit = _INDEPENDENT * float(np.median(np.log(np.maximum(lines.errors, error))))
            return misfit + float(numbers) + lines.curve.cost

        return sorted(found, key=length)[:_CURVES]

    # --- its coefficients ----------------------------------------------------------------------------------------------------

    def _completed(self, data: Data, stage: Stage, depth: int) -> list[Scored]:
        """The stage with formulas in place of its coefficients, refined together on all rows; best first."""
        options = [self._options(data, stage, j, depth) for j in range(len(stage.curve.coefficients))]
        if not all(options):
            return []
        chosen, found = [own[0] for own in options], dict[tuple[int, ...], Scored]()
        best = self._tried(data, stage, chosen, found)
        for j, own in [*enumerate(options)] * _ROUNDS:
            for option in own:
                if self.work.exhausted():
                    break
                if best.is_exact and len(option.starts) >= len(chosen[j].starts):
                    continue
                changed = [*chosen[:j], option, *chosen[j + 1 :]]
                tried = self._tried(data, stage, changed, found)
                if tried.length < best.length:
                    chosen, best = changed, tried
        ranked = sorted(found.values(), key=lambda scored: scored.length)[:_KEPT]
        return [*(shortened(scored, data, self.work) for scored in ranked[:_SHORTENED]), *ranked]

    def _options(self, data: Data, stage: Stage, coefficient: int, depth: int) -> list[Form]:
        """Formulas for one coefficient: itself where it depends on nothing."""
        fitted, name = stage.fitted, stage.curve.coefficients[coefficient]
        values, errors = fitted.values[coefficient], fitted.errors[coefficient]
        level = float(np.median(values))
        if not fitted.depends[coefficient].any():
            return [Form(tree.param(name), {name: level}, 0.0)]
        table = _table(data, stage.place, fitted, coefficient, self.seed)
        if table is None or not np.all(np.isfinite(errors)):
            return []
        return [scored.form for scored in self.solve(table, fitted.numbers[coefficient], depth) if math.isfinite(scored.length)]

    def _drawn(self, data: Data) -> list[Scored]:
        """Curves of the library through the table of one input."""
        found, name = list[Scored](), data.names[0]
        for curve in library(data.X[0]):
            lines = on_lines(curve, data.X[0], data.y[None], self.work)
            if lines is not None and lines.errors[0] < _UNKNOWN:
                starts = dict(zip(curve.coefficients, map(float, lines.values[0]), strict=True))
                form = Form(formula(curve, name).root, starts, TERM + curve.cost)
                self.work.charge(POLISH, PASSES * len(data.y))
                found.append(polish(form, data))
        return sorted(found, key=lambda scored: scored.length)[:_ALTERNATIVES]

    def _tried(self, data: Data, stage: Stage, chosen: Sequence[Form], found: dict[tuple[int, ...], Scored]) -> Scored:
        key = tuple(form.root.order for form in chosen)
        if key not in found:
            self.work.charge(POLISH, PASSES * len(data.y))
            found[key] = polish(_joined(data, stage, chosen), data)
        return found[key]


def _varied(stages: Sequence[Stage]) -> list[Stage]:
    """The first few, of each input no more than some."""
    tried = Counter[int]()
    kept = list[Stage]()
    for stage in stages:
        if tried[stage.place] < _PER_INPUT and len(kept) < _STAGES:
            kept.append(stage)
            tried[stage.place] += 1
    return kept


def _along(data: Data, surrogate: Surrogate, place: int, rows: NDArray[np.int64]) -> tuple[Array, Array]:
    """Points of one column, shape (p,), and the surrogate there with the others as in each of these rows, shape (l, p)."""
    x = data.X[place]
    ends = float(x.min()), float(x.max())
    z = np.geomspace(*ends, _POINTS) if surrogate.wide[place] else np.linspace(*ends, _POINTS)
    X = np.repeat(data.X[:, rows], len(z), axis=1)
    X[place] = np.tile(z, len(rows))
    return z, surrogate.values(X).reshape(len(rows), len(z))


def _table(data: Data, place: int, fitted: Fitted, coefficient: int, seed: int) -> Data | None:
    """A coefficient as the target of a problem in the inputs it depends on; None where it is not known well enough."""
    values, errors = fitted.values[coefficient], fitted.errors[coefficient]
    size = float(np.sqrt(np.mean(values**2)))
    good = np.flatnonzero((errors <= _LOOSE * np.median(errors)) & (errors < _UNKNOWN * size))
    if len(good) < _MIN_ROWS or not np.std(values[good]) > 0:
        return None
    rows = np.sort(np.random.default_rng(seed).permutation(good)[:_TABLE_ROWS])
    used = [i for i, depends in zip(_others(data, place), fitted.depends[coefficient], strict=True) if depends]
    sigma = np.maximum(errors[rows], _FINEST * size)
    floor = _SURE * float(np.sqrt(np.mean(sigma**2)) / np.std(values[rows]))
    names = tuple(data.names[i] for i in used)
    X, units = data.X[used][:, rows], np.zeros((7, len(used)))
    return Data(names, X, values[rows], units, np.zeros(7), False, floor=max(data.floor, floor), sigma=sigma)


def _thinned(data: Data, numbers: int) -> Data:
    """About as many rows as are independent: errors of a smooth table hang together, and on all its rows they would pass for a law."""
    return _some(data, max(_PER_NUMBER * numbers, _FEWEST))


def _some(data: Data, count: int) -> Data:
    """At most `count` rows, evenly taken."""
    if len(data.y) <= count:
        return data
    rows = np.linspace(0, len(data.y) - 1, count).astype(np.int64)
    return replace(data, X=data.X[:, rows], y=data.y[rows], sigma=None if data.sigma is None else data.sigma[rows])


def _others(data: Data, place: int) -> list[int]:
    return [i for i in range(len(data.names)) if i != place]


def _joined(data: Data, stage: Stage, chosen: Sequence[Form]) -> Form:
    """The curve with a form in place of each coefficient."""
    root = formula(stage.curve, data.names[stage.place]).root
    starts, known = dict[str, float](), dict[str, float]()
    for name, form in zip(stage.curve.coefficients, chosen, strict=True):
        own = form.renamed({old: f"{name}_{old}" for old in form.starts})
        root = tree.substitute(root, {tree.param(name): own.root})
        starts |= own.starts
        known |= own.known
    return Form.of(root, starts, TERM + form_cost(root), known)
