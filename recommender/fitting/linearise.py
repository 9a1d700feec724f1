"""Starts from a linearised problem, each solved by the same variable projection code.

rational    N/D = y    ->  N - y D = 0, reweighted by 1/|D|     (Sanathanan & Koerner 1963, IEEE Trans. Autom. Control 8:56)
log-link    prod = y   ->  sum of logs = log |y|                (weights |y| and 1)
power-link  u**e = y   ->  u = y**(1/e)                         (first-order weights)
implicit    F(u) = 0   ->  F(y) = 0, reweighted by 1/|F'(y)|     (equation error; Fuller 1987, Measurement Error Models, ch. 3)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from corpus import tree
from corpus.evaluate import Program
from corpus.formula import Formula
from corpus.functions import Array
from corpus.implicit import relation, residual
from corpus.roots import slope
from corpus.tree import Node
from recommender.fitting.lm import minimise
from recommender.fitting.sampler import Sampler
from recommender.fitting.scales import magnitudes
from recommender.fitting.structure import separate
from recommender.fitting.varpro import Model
from recommender.samples import Samples

_TARGET = "y__"
_LOG = "ln__"
_NEXT_TO_ZERO = 0.02
_LEAST_WEIGHT = 1e-3
_Values = Mapping[str, float]


def linearised_starts(model: Model, rng: np.random.Generator) -> Array:
    """Starts of shape (k, q), k possibly 0, for the nonlinear parameters of `model`."""
    names = model.form.nonlinear
    found = [*_rational(model, rng), *_log_link(model, rng), *_power_link(model, rng), *_implicit(model, rng)]
    starts = np.array([[values[name] for name in names] for values in found if all(name in values for name in names)])
    starts = starts.reshape(-1, len(names))
    return np.asarray(starts[np.isfinite(starts).all(1)])


def _submodel(model: Model, root: Node, columns: Mapping[str, Array], target: Array, weights: Array | None) -> Model | None:
    """The linearised problem as a model of its own; None unless it has fewer nonlinear parameters."""
    sigma = None if weights is None else 1.0 / weights
    samples = Samples(columns, target, sigma)
    names = sorted(root.parameters)
    form = separate(root, names)
    return Model(form, samples, model.work) if len(form.nonlinear) < len(model.form.nonlinear) else None


def _best(model: Model, rng: np.random.Generator, draws: int, kept: int, iterations: int) -> Iterator[_Values]:
    """The three best end points of a small search in the linearised problem."""
    alpha = np.zeros((1, 0))
    if model.form.nonlinear:
        scales = magnitudes(model.form.root, model.form.parameters, model.samples)
        alpha = Sampler(model, scales, rng).draw(draws)
        alpha = alpha[np.argsort(model.rss(alpha), kind="stable")[:kept]]
    end = minimise(model, alpha, iterations)
    for i in np.argsort(end.rss, kind="stable")[:3]:
        if np.isfinite(end.rss[i]):
            yield model.parameters(end.alpha[i], end.coefficients[i])


# --- log-link ----------------------------------------------------------------------------------------------------------


def _log_link(model: Model, rng: np.random.Generator) -> Iterator[_Values]:
    root, target = model.form.root, model.samples.target
    if root.op not in ("mul", "pow", "exp") or np.any(target == 0):
        return
    positive = float(np.mean(target > 0))
    if 0.02 < positive < 0.98:
        return
    logged, renamed = _logarithm(root)
    if any(name in logged.parameters for name in renamed.values()):
        return
    sign = 1.0 if positive > 0.5 else -1.0
    rows = np.flatnonzero(target * sign > 0)
    samples = model.samples.take(rows)
    size = np.abs(samples.target)
    for weights in (size / size.max(), None):
        sub = _submodel(model, logged, samples.columns, np.log(size), weights)
        if sub is None or len(sub.form.nonlinear) > 3:
            return
        for values in _best(sub, rng, 1200, 8, 30):
            yield {**values, **{name: sign * math.exp(np.clip(values.get(log, 0.0), -600, 600)) for log, name in renamed.items()}}


def _logarithm(root: Node) -> tuple[Node, dict[str, str]]:
    """log|root| as a sum, a bare log(p) replaced by a parameter of its own; {its name: p}."""
    renamed: dict[str, str] = {}

    def log(node: Node) -> Node:
        if node.op == "mul":
            return tree.add(*map(log, node.args))
        if node.op == "pow":
            return tree.mul(node.args[1], log(node.args[0]))
        if node.op == "exp":
            return node.args[0]
        if node.op == "const":
            return tree.const(math.log(abs(node.number)) if node.number else -700.0)
        if node.op == "param":
            renamed[_LOG + str(node.value)] = str(node.value)
            return tree.param(_LOG + str(node.value))
        return tree.call("log", node)

    return log(root), renamed


# --- power-link --------------------------------------------------------------------------------------------------------


def _power_link(model: Model, rng: np.random.Generator) -> Iterable[_Values]:
    base, exponent = tree.split_power(model.form.root)
    target = model.samples.target
    if exponent == 1 or np.any(target <= 0):
        return []
    with np.errstate(all="ignore"):
        linked = target ** (1 / float(exponent))
        weights = np.abs(float(exponent) * linked ** (float(exponent) - 1))
        weights = weights / weights.max()
    if not (np.isfinite(linked).all() and np.isfinite(weights).all() and (weights > 0).all()):
        return []
    sub = _submodel(model, base, model.samples.columns, linked, weights)
    return [] if sub is None else _best(sub, rng, 800, 6, 20)


# --- implicit ----------------------------------------------------------------------------------------------------------


def _implicit(model: Model, rng: np.random.Generator) -> Iterator[_Values]:
    """The relation with the measured value in it: on the rows that are not next to zero, where noise counts least and logarithms have a
    value, and on all of them where they have one sign."""
    if model.form.root.op != "root":
        return
    target = model.samples.target
    size = np.abs(target)
    yield from _equation(model, model.samples.take(size > _NEXT_TO_ZERO * size.max()), rng)
    if np.all(target > 0) or np.all(target < 0):
        yield from _equation(model, model.samples, rng)


def _equation(model: Model, rows: Samples, rng: np.random.Generator) -> Iterator[_Values]:
    """Two passes, the second reweighted; the terms without a coefficient are what the others are fitted to."""
    root, columns = model.form.root, {**rows.columns, _TARGET: rows.target}
    terms = tree.terms(residual(root, tree.var(_TARGET)))
    fixed = tree.add(*(tree.mul(tree.const(-1), term) for term in terms if not term.parameters))
    form = separate(tree.add(*(term for term in terms if term.parameters)), sorted(root.parameters))
    values = Formula(fixed).evaluate(columns)
    if not fixed.variables or not np.isfinite(values).all():
        return
    weights = np.ones(len(rows))
    for _ in range(2):
        sub = Model(form, Samples(columns, values, 1 / weights), model.work)
        found = list(_best(sub, rng, 1200, 8, 30))
        yield from found
        weights = _inverse_slopes(root, rows, found[0]) if found else weights


def _inverse_slopes(root: Node, rows: Samples, parameters: _Values) -> Array:
    """1/|dF/du| where the unknown is what was measured; no weight is less than a thousandth of the largest."""
    parts = [Formula(part).evaluate(rows.columns, parameters) for part in root.args[2:]]
    size = 1 / np.abs(slope(relation(root), rows.target, parts))
    size = np.where(np.isfinite(size), size, 0.0)
    return np.asarray(np.maximum(size / size.max(), _LEAST_WEIGHT)) if size.max() > 0 else np.ones(len(rows))


# --- rational ----------------------------------------------------------------------------------------------------------


def _rational(model: Model, rng: np.random.Generator) -> Iterator[_Values]:
    """Four reweighted passes of N - y D = 0; the draws of what stays nonlinear are shared by all passes."""
    root = model.form.root
    factors = root.args if root.op == "mul" else (root,)
    below = [f for f in factors if tree.split_power(f)[1] == -1 and f.op == "pow" and f.args[0].parameters]
    if len(below) != 1:
        return
    denominator = below[0].args[0]
    numerator = tree.mul(*(f for f in factors if f is not below[0]))
    if not any(n in denominator.parameters and n not in numerator.parameters for n in model.form.nonlinear):
        return
    equation = tree.add(numerator, tree.mul(tree.const(-1), tree.var(_TARGET), denominator))
    columns = {**model.samples.columns, _TARGET: model.samples.target}
    weights: Array | None = None
    alpha: Array | None = None
    for _ in range(4):
        sub = _submodel(model, equation, columns, np.zeros(model.n), weights)
        if sub is None or sub.form.offset is None:
            return
        if alpha is None:
            alpha = _draw(sub, rng)
        candidates = _solve(sub, model.form.nonlinear, alpha)
        rss = model.rss(candidates)
        best = np.argsort(rss, kind="stable")[:8]
        yield from (dict(zip(model.form.nonlinear, map(float, candidates[i]), strict=True)) for i in best if np.isfinite(rss[i]))
        weights = _inverse(denominator, model, candidates[best[0]]) if np.isfinite(rss[best[0]]) else None
        if weights is None:
            return


def _draw(sub: Model, rng: np.random.Generator) -> Array:
    if not sub.form.nonlinear:
        return np.zeros((1, 0))
    return Sampler(sub, magnitudes(sub.form.root, sub.form.parameters, sub.samples), rng).draw(600)


def _solve(sub: Model, names: tuple[str, ...], alpha: Array) -> Array:
    """The original nonlinear parameters, read off the linear solution, shape (b, q)."""
    coefficients = sub.project(alpha).coefficients
    columns = dict(zip(sub.form.nonlinear, alpha.T, strict=True)) | dict(zip(sub.form.linear, coefficients.T, strict=True))
    return np.stack([columns[name] for name in names], 1)


def _inverse(denominator: Node, model: Model, alpha: Array) -> Array | None:
    """1/|D| at the current best, None if D holds parameters that are not known there."""
    values = {name: np.full((1, 1), value) for name, value in zip(model.form.nonlinear, alpha, strict=True)}
    if not denominator.parameters <= values.keys():
        return None
    row = Program([denominator]).bind(model.samples.columns, model.n).values(values)[0]
    size = np.abs(np.broadcast_to(np.asarray(row, float), (1, model.n))[0])
    top = float(size.max())
    return 1.0 / np.maximum(size, 1e-6 * top) if 0 < top < math.inf else None
