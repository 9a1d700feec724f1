"""Starts for waves whose argument is itself a formula: read the phase off the data, and fit the argument to that.

For y = r(x) sin(U(x)) with an envelope slower than the wave, the angle of the analytic signal (Gabor 1946, J. IEE 93:429) is
U(x) up to a constant, and U is far easier to fit than its sine: a chirp becomes linear, a frequency modulation keeps two nonlinear
parameters of five. One varying column; the rows are interpolated to an even grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from corpus import tree
from corpus.functions import Array
from corpus.tree import Node
from recommender.fitting.lm import minimise
from recommender.fitting.sampler import Sampler
from recommender.fitting.scales import magnitudes
from recommender.fitting.structure import separate
from recommender.fitting.varpro import Model
from recommender.samples import Samples

_SHIFT = "shift__"
_MARGIN = 0.06  # the transform rings at both ends
_DRAWS, _KEPT, _FILLS = 1200, 8, 6


def demodulated_starts(model: Model, sampler: Sampler) -> Array:
    """Starts of shape (k, q), k possibly 0."""
    names = model.form.nonlinear
    wave = _wave(model.form.root)
    varying = [name for name, values in model.samples.columns.items() if np.ptp(values) > 0]
    if wave is None or len(varying) != 1 or model.n < 32:
        return np.zeros((0, len(names)))
    argument, power = wave
    sub = _submodel(model, argument, power, varying[0])
    if len(sub.form.nonlinear) >= len(names):
        return np.zeros((0, len(names)))
    rows = [_filled(values, sampler) for values in _solved(sub, sampler.rng)]
    starts = np.concatenate(rows) if rows else np.zeros((0, len(names)))
    return np.asarray(starts[np.isfinite(starts).all(1)])


def _wave(root: Node) -> tuple[Node, int] | None:
    """(U, 1 or 2) if exactly one argument U of sin or cos, or of their squares, stands in the terms of a sum."""
    found: dict[int, tuple[Node, int]] = {}
    for term in root.args if root.op == "add" else (root,):
        for factor in term.args if term.op == "mul" else (term,):
            base, power = tree.split_power(factor)
            if base.op in ("sin", "cos") and base.parameters and power in (1, 2):
                found[base.args[0].order] = (base.args[0], int(power))
    if len(found) != 1:
        return None
    argument, power = next(iter(found.values()))
    return (argument, power) if argument.op in ("add", "mul") else None


def _submodel(model: Model, argument: Node, power: int, name: str) -> Model:
    """The problem phase = power*U + shift on an even grid, rows weighted by the envelope."""
    grid, phase, envelope = _phase(model.samples, name)
    columns = {column: np.full(len(grid), values[0]) for column, values in model.samples.columns.items()}
    columns[name] = grid
    root = tree.add(tree.mul(tree.const(power), argument), tree.param(_SHIFT))
    form = separate(root, sorted(root.parameters))
    return Model(form, Samples(columns, phase, 1 / np.maximum(envelope, 1e-3 * envelope.max())), model.work)


def _phase(samples: Samples, name: str) -> tuple[Array, Array, Array]:
    """Even grid, unwrapped angle of the analytic signal and its size, the ends left out."""
    order = np.argsort(samples.columns[name], kind="stable")
    values = samples.columns[name][order]
    count = len(values)
    grid = np.linspace(values[0], values[-1], count)
    signal = np.interp(grid, values, samples.target[order])
    spectrum = np.fft.fft(signal - signal.mean())
    spectrum[1 : (count + 1) // 2] *= 2
    spectrum[count // 2 + 1 :] = 0
    analytic = np.fft.ifft(spectrum)
    inner = slice(int(_MARGIN * count), count - int(_MARGIN * count))
    return grid[inner], np.unwrap(np.angle(analytic))[inner], np.abs(analytic)[inner] + 1e-300


def _solved(sub: Model, rng: np.random.Generator) -> Iterator[Mapping[str, float]]:
    alpha = np.zeros((1, 0))
    if sub.form.nonlinear:
        alpha = Sampler(sub, magnitudes(sub.form.root, sub.form.parameters, sub.samples), rng).draw(_DRAWS)
        alpha = alpha[np.argsort(sub.rss(alpha), kind="stable")[:_KEPT]]
    end = minimise(sub, alpha, 30)
    for i in np.argsort(end.rss, kind="stable")[:3]:
        if np.isfinite(end.rss[i]):
            yield sub.parameters(end.alpha[i], end.coefficients[i])


def _filled(values: Mapping[str, float], sampler: Sampler) -> Array:
    """Rows for the whole model: what the phase does not tell (the envelope) is drawn."""
    missing = [name for name in sampler.names if name not in values]
    rows = sampler.draw(_FILLS if missing else 1)
    for i, name in enumerate(sampler.names):
        if name in values:
            rows[:, i] = values[name]
    return rows
