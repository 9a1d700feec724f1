"""From the minima of a search to the fit a person reads: last digits, other optima, uncertainty, warnings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.evaluate import Program
from corpus.formula import Formula
from corpus.functions import Array
from corpus.language import Sentence
from recommender.fitting.compile import Compiled, Merge
from recommender.fitting.polish import FullModel, System, polish
from recommender.fitting.result import Optimum, sentence
from recommender.fitting.sampler import Zone
from recommender.fitting.uncertainty import correlated, uncertainty
from recommender.fitting.whiteness import neighbours
from recommender.samples import Samples

_KEPT = 6
_SIMILAR = 1.5
_BETWEEN = 0.382  # an irrational place between two rows, where aliases differ
_SAME_CURVE = 1e-6


@dataclass(frozen=True, eq=False)
class Polished:
    """A minimum in the parameters of the compiled formula."""

    values: Array
    system: System

    @property
    def rss(self) -> float:
        return self.system.rss


def polish_all(model: FullModel, starts: Sequence[Mapping[str, float]], tss: float) -> list[Polished]:
    """The distinct minima reached from the starts (best first), at most six and of similar rss, best first."""
    found: list[Polished] = []
    for start in starts[:_KEPT]:
        values = np.array([start[name] for name in model.names])
        result = Polished(*polish(model, values, 15 if found else 40))
        if not any(_same(result, other, tss) for other in found):
            found.append(result)
        if model.work.exhausted(1.5):
            break
    found.sort(key=lambda item: item.rss)
    return [item for item in found if item.rss <= _SIMILAR * found[0].rss + 1e-12 * tss or item is found[0]]


def _same(a: Polished, b: Polished, tss: float) -> bool:
    close = abs(a.rss - b.rss) <= 1e-7 * b.rss + 1e-22 * tss
    return close and np.allclose(np.abs(a.values), np.abs(b.values), rtol=1e-3)


def inside_first(found: list[Polished], names: Sequence[str], zones: Mapping[str, Zone], tss: float) -> list[Polished]:
    """Among ties for the best rss, put one first whose frequencies are inside their zones."""
    ties = [item for item in found if item.rss <= found[0].rss * (1 + 1e-6) + 1e-22 * tss]
    best = min(ties, key=lambda item: len(outside(item.values, names, zones)))  # the first of equals
    return [best, *(item for item in found if item is not best)]


def outside(values: Array, names: Sequence[str], zones: Mapping[str, Zone]) -> list[str]:
    """Frequencies beyond the first zone of a uniform grid: the data cannot tell them from slower ones."""
    return [name for name, value in zip(names, values, strict=True) if name in zones and zones[name].outside(np.array(value))]


# --- other optima ------------------------------------------------------------------------------------------------------


def between_rows(samples: Samples) -> dict[str, Array]:
    """Points between neighbouring rows (at most 2000), where two curves that agree on the rows may differ."""
    pairs = neighbours(samples)
    step = max(1, len(pairs.first) // 2000)
    first, second = pairs.first[::step], pairs.second[::step]
    return {name: values[first] + _BETWEEN * (values[second] - values[first]) for name, values in samples.columns.items()}


def curve_difference(formula: Formula, samples: Samples, a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Root mean square difference of two curves between the rows over the standard deviation of the target; inf if not finite."""
    points = between_rows(samples)
    spread = float(np.std(samples.target)) or 1.0
    with np.errstate(all="ignore"):
        difference = (formula.evaluate(points, a) - formula.evaluate(points, b)) / spread
        size = float(np.sqrt(np.mean(difference**2)))
    return size if math.isfinite(size) else math.inf


def other_optima(formula: Formula, samples: Samples, values: Sequence[Mapping[str, float]], rss: Sequence[float]) -> tuple[Optimum, ...]:
    """The minima after the first whose curve differs from the first one's."""
    optima = [Optimum(v, r, curve_difference(formula, samples, values[0], v)) for v, r in zip(values[1:], rss[1:], strict=True)]
    return tuple(optimum for optimum in optima if optimum.curve_difference > _SAME_CURVE)


# --- parameters as written ---------------------------------------------------------------------------------------------


def unmerge(values: Mapping[str, float], merges: Sequence[Merge]) -> dict[str, float]:
    """Give merged parameters values: the one kept carries the product, the others are one."""
    out = dict(values)
    for merge in merges:
        out.update({name: 1.0 for name in merge.parts if name != merge.kept})
    return out


@dataclass(frozen=True)
class Errors:
    """Covariance (k, k) by parameter as written, sentences on what is not determined, and the number of determined directions."""

    covariance: Array
    rank: int
    warnings: tuple[Sentence, ...]


def errors(best: Polished, names: Sequence[str], compiled: Compiled, order: Sequence[str], variance: float) -> Errors:
    """Scale the covariance by the residual variance and spread it over the parameters `order` (known ones have zero)."""
    found = uncertainty(best.system, names, best.values)
    lost = {name for merge in compiled.merges for name in merge.parts}
    full = np.zeros((len(order), len(order)))
    index = [order.index(name) for name in names]
    full[np.ix_(index, index)] = found.covariance * variance
    for name in lost:
        full[order.index(name)] = full[:, order.index(name)] = np.nan
    warnings = [*_merge_warnings(best, names, compiled, found.covariance * variance), *(_null_warning(n.names, n.combination) for n in found.nulls)]
    pairs = correlated(found.covariance, names)
    warnings += [sentence("collinear", first=a, second=b, correlation=size) for a, b, size in pairs]
    return Errors(full, found.rank, tuple(warnings))


def _merge_warnings(best: Polished, names: Sequence[str], compiled: Compiled, covariance: Array) -> list[Sentence]:
    index = {name: i for i, name in enumerate(names)}
    said = []
    for merge in compiled.merges:
        i = index[merge.kept]
        error = math.sqrt(covariance[i, i]) if covariance[i, i] >= 0 else math.nan
        said.append(sentence("only_product", product=merge.text, value=float(best.values[i]), error=error))
    return said


def _null_warning(names: Sequence[str], combination: str) -> Sentence:
    if combination:
        return sentence("only_combination", combination=combination, names=", ".join(names))
    if len(names) == 1:
        return sentence("no_influence", name=names[0])
    return sentence("only_some_combination", names=", ".join(names))


def beyond(formula: Formula, samples: Samples, offsets: Mapping[str, tuple[Program, float]], values: Mapping[str, float]) -> list[str]:
    """Offsets whose place lies more than one span of the data outside it."""
    names = []
    for name, (program, number) in offsets.items():
        row = np.asarray(program.bind(samples.columns, len(samples)).values({})[0], float).ravel()
        row = row[np.isfinite(row)]
        place = -number * values[name]
        span = float(np.ptp(row)) if row.size else math.inf
        if row.size and not float(row.min()) - 0.05 * span <= place <= float(row.max()) + 0.05 * span:
            names.append(name)
    return names
