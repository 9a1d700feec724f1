"""Plain facts about the rows that help to choose forms, as numbers and as sentences for a person or a language model.

Slopes and curvature come from `indexes.shape_of`, frequencies from `recommender.spectrum`; here they are joined by noise, symmetry,
separability, asymptotes and outliers. What the rows cannot bear is left out, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from corpus.functions import Array
from corpus.language import Sentence
from recommender.problem import Problem
from recommender.samples import Samples
from recommender.spectrum import frequencies
from recommender.table import Column

_ROWS = 400
_WAVY = 3  # inputs up to which frequencies are looked for
_FEW = 6
_STRAIGHT = 0.1  # spread of the log-slope below which the target is a power of the column
_LEVEL = 0.25  # steepness at an end, over the average one, below which the curve is level there
_MIRROR = 0.05
_APART = 1e-3  # share of what a smooth surface explains that may be lost by leaving out its products
_SMOOTH = 0.8  # R² from which a surface says anything
_FAR = 6.0  # robust standard deviations from which a row is an outlier
_MOST_OUTLIERS = 5
_CYCLES = 1.5


@dataclass(frozen=True)
class InputProbe:
    """How the target goes with one column, the others held.

    slopes: d log|y| / d log|x| at its 10, 50 and 90 % quantiles, nan where not told; power: the exponent where the slope is the same all
    along, else nan; trend: 1 rises only, -1 falls only, 0 neither; convex: share of the range where it bends upwards, nan where not told;
    turns: how often it turns, -1 where not told; ends: the value (SI) it levels out at towards small and large x, nan where it does not;
    symmetry: even, odd or ""; period: in SI, nan where nothing repeats.
    """

    name: str
    slopes: tuple[float, float, float] = (np.nan, np.nan, np.nan)
    power: float = np.nan
    trend: int = 0
    convex: float = np.nan
    turns: int = -1
    ends: tuple[float, float] = (np.nan, np.nan)
    symmetry: str = ""
    period: float = np.nan


@dataclass(frozen=True)
class Probes:
    """target_decades: log10 of the ratio of extreme absolute values (0 if signs mix); noise: relative to the spread,
    from differences of neighbouring rows, 0 where not told; monotone: inputs along which the target only rises or falls.

    sums, products: pairs of inputs (x0, x1, ...) that act apart from each other, by adding or by multiplying; outliers: positions of the
    rows that lie far off a smooth course.
    """

    target_positive: bool = False
    target_decades: float = 0.0
    noise: float = 0.0
    monotone: tuple[str, ...] = ()
    inputs: tuple[InputProbe, ...] = ()
    sums: tuple[tuple[str, str], ...] = ()
    products: tuple[tuple[str, str], ...] = ()
    outliers: tuple[int, ...] = field(default=())


def probe(samples: Samples) -> Probes:
    """Facts of one set of rows; those beyond sign, span, noise and monotony from at most _ROWS of them, evenly taken."""
    y = samples.target
    positive = bool(np.all(y > 0))
    decades = float(np.log10(y.max() / y.min())) if positive else 0.0
    monotone = tuple(name for name, x in samples.columns.items() if _trend(x, y))
    few = samples.take(np.linspace(0, len(y) - 1, min(len(y), _ROWS)).round().astype(np.int64))
    with np.errstate(all="ignore"):
        inputs, (sums, products) = _inputs(few), _apart(few)
        return Probes(positive, decades, _noise(samples), monotone, inputs, sums, products, _outliers(samples))


def _trend(x: Array, y: Array) -> int:
    steps = np.diff(y[np.argsort(x, kind="stable")])
    return int(np.all(steps >= 0)) - int(np.all(steps <= 0))


def _noise(samples: Samples) -> float:
    """Standard deviation of the noise over that of the target for one input (second differences; Gasser et al. 1986), else 0."""
    if len(samples.columns) != 1 or len(samples) < _FEW:
        return 0.0
    residual, spread = _second_differences(samples)
    return float(np.sqrt(np.mean((residual / spread) ** 2)) / np.std(samples.target))


def _second_differences(samples: Samples) -> tuple[Array, Array]:
    """Each inner row, in order of the one input, less the straight line through its neighbours; and that residual's standard
    deviation for noise of size 1. Shape (n - 2,) each."""
    (x,) = samples.columns.values()
    order = np.argsort(x, kind="stable")
    t, y = x[order], samples.target[order]
    span = t[2:] - t[:-2]
    a = np.divide(t[2:] - t[1:-1], span, where=span > 0, out=np.full(len(span), 0.5))
    return a * y[:-2] + (1 - a) * y[2:] - y[1:-1], np.sqrt(a**2 + (1 - a) ** 2 + 1)


def _inputs(samples: Samples) -> tuple[InputProbe, ...]:
    from indexes import shape_of

    shape = shape_of(list(samples.columns.values()), samples.target)
    periods = frequencies(samples.columns, samples.target) if len(samples.columns) <= _WAVY else {}
    straight = shape is not None and (len(samples.columns) == 1 or shape.known > _SMOOTH)
    found = []
    for i, (name, x) in enumerate(samples.columns.items()):
        told = None if shape is None else shape.inputs[i]
        slopes = (np.nan,) * 3 if told is None else told.slopes
        traits = (np.nan,) * 5 if told is None or len(x) < _FEW else told.traits
        trend, alone = _trend(x, samples.target), len(samples.columns) == 1
        turns = round(float(np.expm1(traits[2]))) if np.isfinite(traits[2]) else -1
        power = float(slopes[1]) if straight and slopes[2] - slopes[0] < _STRAIGHT < abs(slopes[1]) / 2 else np.nan
        ends = _ends(x, samples.target, traits) if alone and turns <= 1 and np.isnan(power) else (np.nan, np.nan)
        mirror = _symmetry(x, samples.target) if alone else ""
        period = _period(name, samples, periods.get(name, ())) if not trend else np.nan
        found.append(InputProbe(name, slopes, power, trend, float(traits[1]), turns, ends, mirror, period))
    return tuple(found)


def _ends(x: Array, y: Array, traits: Sequence[float]) -> tuple[float, float]:
    """Where the curve is level: the mean of its outer tenth."""
    order = np.argsort(x, kind="stable")
    outer = max(1, len(x) // 10)
    low, high = float(np.mean(y[order[:outer]])), float(np.mean(y[order[-outer:]]))
    return low if traits[3] < _LEVEL else np.nan, high if traits[4] < _LEVEL else np.nan


def _symmetry(x: Array, y: Array) -> str:
    """Whether a curve through both signs of x is even or odd, seen by its mirror image on the rows that have one."""
    reach = min(float(-x.min()), float(x.max()))
    inside = np.abs(x) <= reach
    if reach <= 0.3 * float(np.max(np.abs(x))) or np.sum(inside) < _FEW:
        return ""
    order = np.argsort(x, kind="stable")
    image, own = np.interp(-x[inside], x[order], y[order]), y[inside]
    size = float(np.std(own))
    even, odd = (float(np.sqrt(np.mean((own - sign * image) ** 2))) / 2 for sign in (1, -1))
    return "even" if even < _MIRROR * size else "odd" if odd < _MIRROR * size else ""


def _period(name: str, samples: Samples, found: Sequence[float]) -> float:
    """The strongest wave's period, if the rows hold more than one of it and it explains half of what a smooth surface leaves."""
    x, period = samples.columns[name], 2 * np.pi / found[0] if found else np.inf
    if np.ptp(x) < _CYCLES * period:
        return float("nan")
    wave = np.stack([np.sin(found[0] * x), np.cos(found[0] * x)], axis=1)
    smooth = [np.ones(len(x)), *(_centred(column) ** p for column in samples.columns.values() for p in (1, 2, 3))]
    whole, (gain,) = _explained(np.column_stack([*smooth, wave]), samples.target, [range(len(smooth), len(smooth) + 2)])
    return float(period) if gain > 1 - whole else float("nan")


def _apart(samples: Samples) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Pairs that act apart by adding, and by multiplying: products of the two bring nothing to a smooth surface (of log|y|)."""
    y = samples.target
    logarithm = np.log(np.abs(y)) if np.all(y > 0) or np.all(y < 0) else None
    sums = _without_products(samples, y)
    return sums, () if logarithm is None else _without_products(samples, logarithm)


def _without_products(samples: Samples, goal: Array) -> tuple[tuple[str, str], ...]:
    """Pairs whose products explain under _APART of what a third-order surface does; () where no surface fits."""
    names = list(samples.columns)
    pairs = list(combinations(range(len(names)), 2))
    if not pairs or len(goal) < 4 * (1 + 3 * len(names) + 3 * len(pairs)) or np.ptp(goal) == 0:
        return ()
    z = [_centred(x) for x in samples.columns.values()]
    columns = [np.ones(len(goal)), *(x**p for x in z for p in (1, 2, 3))]
    first = len(columns)
    columns += [column for i, j in pairs for column in _products(z[i], z[j])]
    whole, losses = _explained(np.stack(columns, axis=1), goal, [range(k, k + 3) for k in range(first, len(columns), 3)])
    by_chance = 12 * (1 - whole) / (len(goal) - len(columns))
    apart = [loss < _APART + by_chance for loss in losses] if whole > _SMOOTH else []
    return tuple((names[i], names[j]) for (i, j), alone in zip(pairs, apart, strict=False) if alone)


def _products(a: Array, b: Array) -> tuple[Array, Array, Array]:
    return a * b, a**2 * b, a * b**2


def _centred(x: Array) -> Array:
    values = np.log(x) if x.min() > 0 and x.max() > 30 * x.min() else x
    centred: Array = (values - values.mean()) / (float(np.std(values)) or 1.0)
    return centred


def _explained(design: Array, goal: Array, groups: Sequence[range]) -> tuple[float, list[float]]:
    """R² of a linear combination of columns, and what it loses without each group of them (Wald's form of the F test)."""
    scaled = design / np.linalg.norm(design, axis=0)
    inverse = np.linalg.pinv(scaled.T @ scaled, rcond=1e-12, hermitian=True)
    best = inverse @ (scaled.T @ goal)
    total = float(np.var(goal)) * len(goal)
    lost = [float(best[g] @ np.linalg.pinv(inverse[np.ix_(g, g)]) @ best[g]) / total for g in map(list, groups)]
    return 1.0 - float(np.sum((goal - scaled @ best) ** 2)) / total, lost


def _outliers(samples: Samples) -> tuple[int, ...]:
    """Rows of one curve that leave the line through their neighbours while those keep to it; told where they are few."""
    if len(samples.columns) != 1 or len(samples) < 4 * _FEW:
        return ()
    order = np.argsort(next(iter(samples.columns.values())), kind="stable")
    residual, spread = _second_differences(samples)
    scaled = residual / spread
    usual = 1.4826 * float(np.median(np.abs(scaled))) + 1e-9 * float(np.ptp(samples.target))
    peaks = [i for i in range(1, len(scaled) - 1) if abs(scaled[i]) > _FAR * usual and _lone(scaled[i - 1 : i + 2])]
    return tuple(int(order[i + 1]) for i in peaks) if len(peaks) <= _MOST_OUTLIERS else ()


def _lone(three: Array) -> bool:
    """One row off draws its neighbours' differences the other way by half; a bend draws all the same way."""
    before, own, after = three
    return bool(min(-before / own, -after / own) > 0.25)


def described(probes: Probes, problem: Problem, target: str = "") -> Iterator[Sentence]:
    """The facts in words, in the customer's names and units, the most telling first. target: what the probes are of, if not the target."""
    names, target = problem.names, target or problem.target_symbol
    for one, column in zip(probes.inputs, problem.inputs, strict=False):  # probes never made say nothing
        yield from _said_of(one, names[one.name], target, problem, column)
    for kind, pairs in (("sum", probes.sums), ("product", probes.products)):
        if pairs:
            yield Sentence.of(f"probe.{kind}", pairs=", ".join(f"({names[a]}, {names[b]})" for a, b in pairs), target=target)
    if probes.target_decades > 1:
        yield Sentence.of("probe.decades", target=target, decades=f"{probes.target_decades:.2g}")
    if probes.noise > 0:
        yield Sentence.of("probe.noise", target=target, percent=f"{100 * probes.noise:.2g}")
    if probes.outliers:
        yield Sentence.of("probe.outliers", rows=", ".join(str(int(problem.rows[row]) + 1) for row in probes.outliers))


def _said_of(one: InputProbe, name: str, target: str, problem: Problem, column: Column) -> Iterator[Sentence]:
    words = {"x": name, "target": target}
    if np.isfinite(one.power) and _from_zero(problem, column):
        yield Sentence.of("probe.power", power=f"{one.power:.2f}", **words)
    elif np.all(np.isfinite(one.slopes)) and one.turns <= 0 and _from_zero(problem, column):
        low, middle, high = (f"{slope:.2f}" for slope in one.slopes)
        yield Sentence.of("probe.slopes", low=low, middle=middle, high=high, **words)
    if one.trend:
        yield Sentence.of("probe.rises" if one.trend > 0 else "probe.falls", **words)
    elif one.turns > 0:
        yield Sentence.of("probe.turns", count=one.turns, **words)
    if one.convex > 0.95 or one.convex < 0.05:
        yield Sentence.of("probe.convex" if one.convex > 0.5 else "probe.concave", **words)
    for end, key in zip(one.ends, ("probe.level_low", "probe.level_high"), strict=True):
        if np.isfinite(end):
            yield Sentence.of(key, value=_shown(problem.target, end), **words)
    if one.symmetry:
        yield Sentence.of(f"probe.{one.symmetry}", **words)
    if np.isfinite(one.period):
        yield Sentence.of("probe.period", period=_shown(column, one.period, step=True), **words)


def _from_zero(problem: Problem, column: Column) -> bool:
    """Log-slopes speak of ratios: to sizes of one sign whose unit begins at nothing (no degC)."""
    y = problem.samples.target
    shifted = any(c.unit is not None and c.unit.offset != 0 for c in (column, problem.target))
    return bool(y.min() > 0 or y.max() < 0) and not shifted


def _shown(column: Column, value: float, step: bool = False) -> str:
    """An SI value, or a step between two, in the column's own unit."""
    if column.unit is None:
        return f"{value:.4g}"
    own = value / column.unit.factor if step else float(column.unit.from_si(np.asarray(value)))
    return f"{own:.4g} {column.unit.label}".rstrip()
