"""Aliases of waves whose frequency is any function of the coefficients, as sqrt(k/m - (c/(2*m))**2).

On evenly spaced rows a wave sees its argument U only up to a whole number of periods P per row: U and U - P*i, i the number of the row,
draw the same points, and so do their negatives. The coefficients of such an image are found by fitting the arguments of all waves, and
everything else that varies with the rows, to what they must be; no wave is left in that problem, so it is an easy one.
Of an alias family the slowest member is reported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus import tree
from corpus.evaluate import Program
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.compile import Compiled
from recommender.fitting.polish import polish
from recommender.fitting.request import Request
from recommender.fitting.scales import OSCILLATING
from recommender.fitting.solve import Polished, Solution, full_model, solve
from recommender.fitting.varpro import total_squares
from recommender.samples import Samples

_EVEN = 1e-4
_SHARE = 0.05  # of the budget, for one image
_DRAWN = 1e-6  # mean square by which a start may miss the curves it is to draw
_EQUAL = 1e-6
_TIE = 4.0  # chi-square units by which a wave too fast for the rows may fit better than its slow image
_MOST_ROWS = 500
_MARK = "image__"
_WAVES = frozenset({"sin", "cos", "tan", "sinc"})
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Wave:
    """The argument of an oscillating function, and how far it may move without a change of the function's value."""

    argument: Node
    period: float


def waves(root: Node) -> list[Wave]:
    """The waves of a formula whose arguments hold parameters and data; one that is only squared repeats twice as often."""
    periods: dict[int, Wave] = {}
    for parent in tree.walk(tree.add(tree.var(_MARK), root)):
        for node in parent.args:
            if node.op in _WAVES and node.parameters and node.variables:
                even = parent.op == "pow" and parent.args[1].op == "const" and parent.args[1].number % 2 == 0
                period = math.pi if even or node.op == "tan" else 2 * math.pi
                old = periods.get(node.args[0].order)
                periods[node.args[0].order] = Wave(node.args[0], max(period, old.period if old else 0.0))
    return list(periods.values())


def even_order(samples: Samples) -> Rows | None:
    """Row order along the one varying column if its values are evenly spaced, else None."""
    varying = [values for values in samples.columns.values() if np.ptp(values) > 0]
    if len(varying) != 1 or len(samples) < 8:
        return None
    order = np.argsort(varying[0], kind="stable")
    gaps = np.diff(varying[0][order])
    return order.astype(np.int64) if float(np.std(gaps)) < _EVEN * float(np.mean(gaps)) else None


def with_images(request: Request, solution: Solution) -> Solution:
    """The solution with the slowest member of an alias family as its best minimum, and a faster one named if none is yet."""
    order = even_order(request.samples) if solution.found else None
    if order is None or request.work.exhausted(1.2):
        return solution
    images = _Images(request, order[:_MOST_ROWS])
    if not images.waves:
        return solution
    best = solution.found[0]
    found, fast = solution.found, images.fast(best.values)
    if fast:
        slow = images.equal(best, images.slower(best.values), _TIE / max(len(request.samples) - len(request.names), 1))
        if slow is None or images.fast(slow.values):
            return replace(solution, fast=fast)
        found = (slow, *found)
    marked, names = _marked(images, found)
    if not names and (quick := images.equal(best, images.faster(best.values))) is not None:
        marked, names = (*marked, replace(quick, alias=True)), images.fast(quick.values)
    return replace(solution, found=marked, ambiguous=names)


def _marked(images: _Images, found: Sequence[Polished]) -> tuple[tuple[Polished, ...], tuple[str, ...]]:
    """The minima, those as good as the first but too fast for the rows called aliases; and the parameters of their waves."""
    best, *rest = found
    fast = [images.fast(item.values) if item.rss <= best.rss * (1 + _EQUAL) else () for item in rest]
    marked = (replace(item, alias=item.alias or bool(names)) for item, names in zip(rest, fast, strict=True))
    return (best, *marked), tuple(dict.fromkeys(name for names in fast for name in names))


class _Images:
    """The waves of a request on some of its evenly spaced rows, one after the other."""

    def __init__(self, request: Request, order: Rows) -> None:
        self._request = request
        self._rows = request.samples.take(order)
        self.waves = waves(request.compiled.root)
        self._nodes = [*(wave.argument for wave in self.waves), *_companions(request.compiled.root)]
        self._program = Program(self._nodes).bind(self._rows.columns, len(order))
        self._full = full_model(request)

    def equal(self, best: Polished, starts: Iterable[Mapping[str, float]], within: float = _EQUAL) -> Polished | None:
        """The first end point that fits as well as the best, within a share of its rss, with other coefficients."""
        for start in starts:
            end = Polished(*polish(self._full, np.array([start[name] for name in self._request.names]), 15))
            apart = not np.allclose(np.abs(end.values), np.abs(best.values), rtol=1e-6)
            if apart and end.rss <= best.rss * (1 + within) + 1e-20 * total_squares(self._request.samples):
                return end
        return None

    def fast(self, values: Array) -> tuple[str, ...]:
        """Parameters of waves that advance more than half a period from row to row."""
        pairs = zip(self.waves, self._curves(values), strict=False)  # the companions come after the waves
        beyond = (wave for wave, curve in pairs if float(np.median(np.abs(np.diff(curve)))) > 0.50005 * wave.period)
        return tuple(dict.fromkeys(name for wave in beyond for name in sorted(wave.argument.parameters)))

    def slower(self, values: Array) -> Iterator[dict[str, float]]:
        """Starts at the image in which no wave advances more than half a period a row."""
        curves = self._curves(values)
        for sign in (1.0, -1.0):
            slow = [sign * _wrapped(curve, wave.period) for wave, curve in zip(self.waves, curves, strict=False)]
            yield from self._image(values, [*slow, *curves[len(self.waves) :]])

    def faster(self, values: Array) -> Iterator[dict[str, float]]:
        """Starts at the nearest images in which one wave advances a period more each row."""
        curves = self._curves(values)
        for k, wave in enumerate(self.waves):
            for curve in _advanced(curves[k], wave.period):
                yield from self._image(values, [*curves[:k], curve, *curves[k + 1 :]])

    def _curves(self, values: Array) -> list[Array]:
        """Arguments of the waves, then the companions, on the rows in order."""
        point = dict(zip(self._request.names, values.reshape(-1, 1, 1), strict=True))
        rows = self._program.values(point)
        return [np.broadcast_to(np.asarray(row, float), (1, len(self._rows)))[0].copy() for row in rows]

    def _image(self, values: Array, curves: Sequence[Array]) -> Iterator[dict[str, float]]:
        """Coefficients that draw these curves, the others as they are."""
        request = self._request
        part = self._drawing(curves)
        if part is None:
            return
        with request.work.part(_SHARE) as work:
            found = solve(replace(part, work=work)).found
        if found and found[0].rss < _DRAWN * len(part.samples):
            drawn = dict(zip(part.names, map(float, found[0].values), strict=True))
            yield {**dict(zip(request.names, map(float, values), strict=True)), **drawn}

    def _drawing(self, curves: Sequence[Array]) -> Request | None:
        """The problem of drawing these curves, one below the other, each over its size."""
        sizes = [float(np.max(np.abs(curve))) or 1.0 for curve in curves]
        if not np.isfinite(sizes).all():
            return None
        marks = np.repeat(np.diag(1 / np.array(sizes)), len(self._rows), axis=1)
        columns = {name: np.tile(column, len(curves)) for name, column in self._rows.columns.items()}
        columns |= {f"{_MARK}{k}": row for k, row in enumerate(marks)}
        root = tree.add(*(tree.mul(tree.var(f"{_MARK}{k}"), node) for k, node in enumerate(self._nodes)))
        samples = Samples(columns, np.concatenate([curve / size for curve, size in zip(curves, sizes, strict=True)]))
        names = tuple(name for name in self._request.names if name in root.parameters)
        return replace(self._request, compiled=Compiled(root, ()), names=names, samples=samples, measured=False, priors={}, starts=())


def _wrapped(curve: Array, period: float) -> Array:
    """The argument with whole periods taken out of every step."""
    steps = np.diff(curve)
    return np.concatenate([curve[:1], curve[0] + np.cumsum(steps - period * np.round(steps / period))])


def _advanced(curve: Array, period: float) -> Iterator[Array]:
    """The argument, or its negative, with a period more per row; for a bent one also with one more of them each row."""
    row = np.arange(len(curve), dtype=float)
    yield curve + period * row
    yield -curve + period * row
    if float(np.ptp(np.diff(curve))) > 1e-6 * float(np.max(np.abs(curve))):
        yield curve + period * row * (row - 1) / 2


def _companions(node: Node) -> Iterator[Node]:
    """The largest parts without waves that depend on parameters and data, outside the waves."""
    if not (node.parameters and node.variables) or node.op in OSCILLATING:
        return
    if not any(part.op in OSCILLATING and part.parameters for part in tree.walk(node)):
        yield node
        return
    for arg in node.args:
        yield from _companions(arg)
