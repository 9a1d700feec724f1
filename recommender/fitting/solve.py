"""One weighted least-squares problem solved globally: search on some rows, last digits on all, within bounds, with priors.

Bounds: nonlinear parameters are kept inside by projection. Linear ones are first left free, for variable projection has no room for
bounds and they seldom bind; those that then violate theirs are made nonlinear and the search is repeated.
Priors are extra rows of the least-squares problem.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.aliases import alias_images
from recommender.fitting.demodulate import demodulated_starts
from recommender.fitting.linearise import linearised_starts
from recommender.fitting.polish import FullModel, System, polish, settle
from recommender.fitting.request import Request
from recommender.fitting.result import Prior
from recommender.fitting.roles import Role
from recommender.fitting.rounds import Found, Outcome, Search
from recommender.fitting.rows import thinned
from recommender.fitting.sampler import Sampler, Zone
from recommender.fitting.scales import magnitudes
from recommender.fitting.structure import Rewriting, Separated, rewrite, separate
from recommender.fitting.varpro import Model
from recommender.samples import Samples

SEARCH_ROWS = 4000
START_ROWS = 1000
_KEPT = 6
_SYMBOLIC = 60  # calls' worth of finding what a pair of parameters is linear in
_SIMILAR = 1.5
_ROW = "prior__"


@dataclass(frozen=True, eq=False)
class Polished:
    """A minimum in the parameters of the compiled formula; alias: an image of the best one beyond the sampling limit."""

    values: Array
    system: System
    alias: bool = False

    @property
    def rss(self) -> float:
        return self.system.rss


@dataclass(frozen=True)
class Solution:
    """Distinct minima, best first (empty: nowhere finite).

    outcome: how the search ended (None: no search was needed); zones: of the frequencies; projected: parameters solved for linearly;
    roles: of the nonlinear ones. fast: parameters of waves too fast for the rows; ambiguous: of waves that have an alias among `found`.
    """

    found: tuple[Polished, ...]
    outcome: Outcome | None
    zones: Mapping[str, Zone]
    projected: frozenset[str]
    roles: Mapping[str, Role] = field(default_factory=dict)
    fast: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


def solve(request: Request) -> Solution:
    """Global weighted least squares for a request."""
    if request.priors and not request.measured:
        request = _with_noise(request)
    loose: frozenset[str] = frozenset()
    for _ in range(1 + len(request.bounds)):
        solution = _solve(request, loose)
        violated = _violated(request, solution)
        if not violated:
            break
        loose |= violated
    return solution


def _with_noise(request: Request) -> Request:
    """Priors need the size of the noise: the residuals of a fit without them."""
    free = solve(replace(request, priors={}))
    n = len(request.samples)
    variance = free.found[0].rss / max(n - len(request.names), 1) if free.found else 1.0
    if not 0 < variance < math.inf:
        return request
    return replace(request, samples=request.samples.weighted(math.sqrt(variance)))


def _violated(request: Request, solution: Solution) -> frozenset[str]:
    """Parameters that were searched without their bounds and ended at one."""
    if not solution.found:
        return frozenset()
    low, high = request.limits(request.names)
    values = solution.found[0].values
    at_bound = (name for name, v, a, b in zip(request.names, values, low, high, strict=True) if v <= a or v >= b)
    return frozenset(at_bound) & solution.projected


def _solve(request: Request, nonlinear: frozenset[str]) -> Solution:
    request.work.charge(_SYMBOLIC * len(request.names) ** 2, 0)
    rewriting = rewrite(request.compiled.root, request.names, nonlinear | frozenset(request.priors))
    nonlinear |= {name for name, prior in request.priors.items() if prior.kind == "lognormal"}  # its logarithm is a residual
    form = separate(rewriting.root, rewriting.names, nonlinear)
    projected = frozenset(request.names) - frozenset(form.nonlinear)
    rows = request.samples
    if len(rows) > 1.25 * SEARCH_ROWS:
        rows = rows.take(thinned(rows, SEARCH_ROWS, request.rng))
    limits = request.limits(form.nonlinear)
    plain = Model(form, rows, request.work, limits)
    model = _with_priors(plain, rewriting.names, request.priors, nonlinear)
    if not form.nonlinear:
        return Solution(_polish_all(request, plain, {}, _restored(model, _linear(model), rewriting)), None, {}, projected)
    sampler = Sampler(plain, magnitudes(form.root, form.parameters, rows), request.rng, phased=rewriting.phased)
    few = plain.take(thinned(rows, START_ROWS, request.rng)) if len(rows) > 1.25 * START_ROWS else plain
    first = np.concatenate([linearised_starts(few, request.rng), demodulated_starts(plain, sampler)])
    outcome = Search(model, sampler).run(first)
    images = alias_images(model, sampler, outcome.minima)
    starts = [*request.starts, *_restored(model, (*images.inside, *outcome.minima), rewriting)]
    aliases = _restored(model, images.outside, rewriting)
    found = _polish_all(request, plain, sampler.zones, starts, aliases)
    return Solution(_phases_in_one_turn(request, sampler, found), outcome, sampler.zones, projected, sampler.roles)


def _linear(model: Model) -> tuple[Found, ...]:
    at = model.project(np.zeros((1, 0)))
    return (Found(float(at.rss[0]), np.zeros(0), at.coefficients[0]),)


def _restored(model: Model, minima: Sequence[Found], rewriting: Rewriting) -> list[dict[str, float]]:
    return [rewriting.restore(model.parameters(item.alpha, item.coefficients)) for item in minima]


# --- priors ------------------------------------------------------------------------------------------------------------


def _with_priors(model: Model, names: Sequence[str], priors: Mapping[str, Prior], nonlinear: frozenset[str]) -> Model:
    """The model with one extra row per prior: data*formula + sum of row_k * (g(p_k)/sd_k) against (y, mean_k/sd_k)."""
    if not priors:
        return model
    samples, n, k = model.samples, len(model.samples), len(priors)
    pad = np.zeros(k, np.int64)
    columns = {name: np.concatenate([values, values[pad]]) for name, values in samples.columns.items()}
    columns[_ROW] = np.concatenate([np.ones(n), np.zeros(k)])
    terms: list[Node] = [tree.mul(tree.var(_ROW), model.form.root)]
    for i, (name, prior) in enumerate(priors.items()):
        columns[f"{_ROW}{i}"] = np.concatenate([np.zeros(n), np.eye(k)[i] / prior.sd])
        value = tree.call("log", tree.param(name)) if prior.kind == "lognormal" else tree.param(name)
        terms.append(tree.mul(tree.var(f"{_ROW}{i}"), value))
    target = np.concatenate([samples.target, [prior.mean / prior.sd for prior in priors.values()]])
    sigma = np.concatenate([np.ones(n) if samples.sigma is None else samples.sigma, np.ones(k)])
    form = separate(tree.add(*terms), names, nonlinear | frozenset(model.form.nonlinear))
    form = Separated(form.root, form.linear, tuple(name for name in names if name not in form.linear), form.basis, form.offset)
    return Model(form, Samples(columns, target, sigma), model.work, model.limits, kept_rows=k)


# --- last digits -------------------------------------------------------------------------------------------------------


def _phases_in_one_turn(request: Request, sampler: Sampler, found: tuple[Polished, ...]) -> tuple[Polished, ...]:
    """Phases moved by whole turns to within half a turn of zero, where that changes nothing."""
    numbers = {name: role.use.number for name, role in sampler.roles.items() if role.kind == "phase" and name not in request.bounds}
    full = full_model(request)
    for name, number in numbers.items():
        i, turn = request.names.index(name), 2 * math.pi / abs(number)
        found = tuple(_moved(full, item, i, -turn * round(float(item.values[i]) / turn)) for item in found)
    return found


def _moved(model: FullModel, item: Polished, i: int, by: float) -> Polished:
    if not by:
        return item
    values = item.values.copy()
    values[i] += by
    system = model.system(values)
    return replace(item, values=values, system=system) if abs(system.rss - item.rss) <= 1e-6 * item.rss else item


def full_model(request: Request) -> FullModel:
    """The formula of a request in all its parameters on all its rows."""
    return FullModel(request.compiled.root, request.names, request.samples, request.work, request.limits(request.names), request.priors)


def _polish_all(
    request: Request,
    model: Model,
    zones: Mapping[str, Zone],
    starts: Sequence[Mapping[str, float]],
    aliases: Sequence[Mapping[str, float]] = (),
) -> tuple[Polished, ...]:
    """The distinct minima reached from the starts (best first) and of similar rss; aliases after them."""
    full = full_model(request)
    found: list[Polished] = []
    for start in _presolved(request, model, starts[:_KEPT]):
        result = Polished(*polish(full, start, 15 if found else 40))
        if math.isfinite(result.rss) and not any(_same(result, other, model.tss) for other in found):
            found.append(result)
        if request.work.exhausted(1.5):
            break
    found.sort(key=lambda item: item.rss)
    found = _inside_first(found, request.names, zones, model.tss)
    found = [item for item in found if item.rss <= _SIMILAR * found[0].rss + 1e-12 * model.tss or item is found[0]]
    if found:
        values, system = settle(full, found[0].values, found[0].system)
        found[0] = replace(found[0], values=values, system=system)
    images = [Polished(*polish(full, _vector(request, start), 5), alias=True) for start in (aliases if found else ())]
    return (*found, *(image for image in images if math.isfinite(image.rss)))


def _inside_first(found: list[Polished], names: Sequence[str], zones: Mapping[str, Zone], tss: float) -> list[Polished]:
    """Among ties for the best rss, the one of slowest frequencies first; faster ones are its aliases."""
    if not found or not zones:
        return found

    def speed(item: Polished) -> float:
        """Frequencies over their limits, those beyond counted ten times."""
        pairs = [(zones[name], np.array(value)) for name, value in zip(names, item.values, strict=True) if name in zones]
        return sum((9 * bool(zone.outside(value)) + 1) * float(zone.turns(value)) / zone.limit for zone, value in pairs if zone.strict)

    ties = [item for item in found if item.rss <= found[0].rss * (1 + 1e-6) + 1e-22 * tss]
    best = min(ties, key=lambda item: round(speed(item), 6))  # the first of equals
    rest = [replace(item, alias=item in ties and speed(item) > 1.001 * speed(best)) for item in found if item is not best]
    return [best, *rest]


def _presolved(request: Request, model: Model, starts: Sequence[Mapping[str, float]]) -> list[Array]:
    """Starts as vectors; for a large table first polished on the rows of the search, and only the best two kept."""
    vectors = [_vector(request, start) for start in starts]
    if len(model.samples) == len(request.samples) or not vectors:
        return vectors
    part = full_model(replace(request, samples=model.samples))
    ends = sorted((polish(part, vector, 20) for vector in vectors), key=lambda end: end[1].rss)
    return [values for values, system in ends[:2] if system.rss <= ends[0][1].rss * (1 + 1e-9) or values is ends[0][0]]


def _vector(request: Request, start: Mapping[str, float]) -> Array:
    return np.asarray(np.clip(np.array([start[name] for name in request.names], float), *request.limits(request.names)))


def _same(a: Polished, b: Polished, tss: float) -> bool:
    close = abs(a.rss - b.rss) <= 1e-7 * b.rss + 1e-22 * tss
    return close and np.allclose(np.abs(a.values), np.abs(b.values), rtol=1e-3)
