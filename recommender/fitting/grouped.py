"""One form fitted to several groups at once (devices, batches, temperatures), some parameters shared, the others each group's own.

Each group is searched globally by itself; its values of the shared parameters are one proposal for all. Every proposal is finished by
Gauss-Newton on all parameters of all groups together, the Jacobian having one block per group and one column per shared parameter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpus.errors import FitError
from corpus.formula import Formula
from corpus.functions import Array
from corpus.language import Language, Sentence
from recommender.fitting.fit import fit
from recommender.fitting.polish import FullModel, System, column_scale
from recommender.fitting.request import Request, prepare
from recommender.fitting.result import Fit, sentence
from recommender.fitting.solve import full_model
from recommender.fitting.work import Work
from recommender.samples import Samples

_PROPOSALS = 6
_STEPS = 60
_DAMPINGS = (0.0, 1e-6, 1e-3, 1e-1, 1e1)


@dataclass(frozen=True)
class GroupedFit:
    """shared: value by name; own: group -> value by name; the same for standard errors.

    rss: of all groups together; separate: the fits of the groups by themselves; sharing_ratio: the F statistic of sharing (about 1 if
    the shared parameters really are the same, large if they are not).
    """

    formula: Formula
    shared: Mapping[str, float]
    shared_errors: Mapping[str, float]
    own: Mapping[int, Mapping[str, float]]
    own_errors: Mapping[int, Mapping[str, float]]
    rss: float
    n: int
    dof: int
    separate: Mapping[int, Fit]
    sharing_ratio: float
    status: Sentence

    def parameters(self, group: int) -> dict[str, float]:
        """All parameters of one group, in the order of the formula."""
        values = {**self.shared, **self.own[group]}
        return {name: values[name] for name in self.formula.parameters if name in values}

    def predict(self, group: int, columns: Mapping[str, Array]) -> Array:
        """The curve of one group on rows, shape (n,)."""
        return self.formula.evaluate(columns, self.parameters(group))

    def status_text(self, language: Language = "en") -> str:
        return self.status.text(language)


def fit_groups(
    formula: Formula,
    samples: Samples,
    shared: Sequence[str],
    *,
    known: Mapping[str, float] | None = None,
    budget: float = 1.0,
    seed: int = 0,
) -> GroupedFit:
    """Global fit of `formula` to samples.groups with the parameters `shared` common to all groups.

    budget: nominal seconds per group. FitError if the samples have no groups or a shared name is not a parameter.
    """
    if samples.groups is None:
        raise FitError("fit_no_groups")
    unknown = [name for name in shared if name not in formula.parameters]
    if unknown:
        raise FitError("fit_unknown_parameter", names=", ".join(unknown), known=", ".join(formula.parameters))
    labels = [int(label) for label in np.unique(samples.groups)]
    tables = {label: samples.take(np.flatnonzero(samples.groups == label)) for label in labels}
    separate = {label: fit(formula, table, known=known, budget=budget, seed=seed) for label, table in tables.items()}
    joint = _Joint(formula, tables, tuple(shared), dict(known or {}))
    ends = [joint.minimise(start) for start in _proposals(formula, tables, separate, tuple(shared), dict(known or {}), budget, seed)]
    return _result(joint, min(ends, key=lambda end: end[1].rss), separate)


def _proposals(
    formula: Formula,
    tables: Mapping[int, Samples],
    separate: Mapping[int, Fit],
    shared: tuple[str, ...],
    known: dict[str, float],
    budget: float,
    seed: int,
) -> list[dict[int, dict[str, float]]]:
    """Starts for all groups: as they are, and with the shared parameters of the median and of single groups, the rest refitted."""
    usable = [found for found in separate.values() if math.isfinite(found.rss)]
    if not usable:
        return [{label: dict(found.parameters) for label, found in separate.items()}]
    commons = [{name: float(np.median([found.parameters[name] for found in usable])) for name in shared}]
    commons += [{name: found.parameters[name] for name in shared} for found in sorted(usable, key=lambda f: -f.n)[:_PROPOSALS]]
    starts = []
    for common in commons:
        held = {**known, **common}
        fits = {label: fit(formula, table, known=held, budget=0.2 * budget, seed=seed) for label, table in tables.items()}
        starts.append({label: {**separate[label].parameters, **_finite(found), **common} for label, found in fits.items()})
    return starts


def _finite(found: Fit) -> Mapping[str, float]:
    return found.parameters if math.isfinite(found.rss) else {}


class _Joint:
    """The least-squares problem of all groups: unknowns are the shared parameters, then each group's own."""

    def __init__(self, formula: Formula, tables: Mapping[int, Samples], shared: tuple[str, ...], known: dict[str, float]) -> None:
        self.formula = formula
        self.labels = tuple(tables)
        requests = {label: prepare(formula, table, known, {}, {}, "linear", 0, Work(1e9)) for label, table in tables.items()}
        self.names = tuple(name for name in formula.parameters if name not in known)
        self.shared = tuple(name for name in self.names if name in shared)
        self.own = tuple(name for name in self.names if name not in shared)
        self.n = sum(len(request.samples) for request in requests.values())
        self.models = [self._model(request) for request in requests.values()]
        self.places = [self._columns(i) for i in range(len(self.labels))]
        self.size = len(self.shared) + len(self.labels) * len(self.own)

    def _model(self, request: Request) -> FullModel:
        """The group's rows under the formula with every parameter kept, merged or not."""
        root = (self.formula.bind(request.known) if request.known else self.formula).root
        return full_model(replace(request, compiled=replace(request.compiled, root=root, merges=()), names=self.names))

    def _columns(self, group: int) -> list[int]:
        """Where each parameter of a group stands among the unknowns."""
        first = len(self.shared) + group * len(self.own)
        return [self.shared.index(n) if n in self.shared else first + self.own.index(n) for n in self.names]

    def system(self, values: Array) -> System:
        """All groups' triangles below one another."""
        rows, right, rss = [], [], 0.0
        for model, places in zip(self.models, self.places, strict=True):
            part = model.system(values[places])
            block = np.zeros((len(places), self.size))
            block[:, places] = part.triangle
            rows.append(block)
            right.append(part.right)
            rss += part.rss
        return System(np.vstack(rows), np.concatenate(right), rss)

    def minimise(self, start: Mapping[int, Mapping[str, float]]) -> tuple[Array, System]:
        values = np.zeros(self.size)
        for label, places in zip(self.labels, self.places, strict=True):
            values[places] = [start[label][name] for name in self.names]
        system = self.system(values)
        for _ in range(_STEPS):
            moved = self._step(values, system)
            if moved is None:
                break
            gain = system.rss - moved[1].rss
            values, system = moved
            if gain <= 1e-13 * system.rss:
                break
        return values, system

    def _step(self, values: Array, system: System) -> tuple[Array, System] | None:
        if not math.isfinite(system.rss):
            return None
        scale = column_scale(system.triangle)
        for damping in _DAMPINGS:
            matrix = np.vstack([system.triangle / scale, math.sqrt(damping) * np.eye(self.size)])
            step = np.linalg.lstsq(matrix, np.concatenate([system.right, np.zeros(self.size)]), rcond=1e-14)[0] / scale
            moved = self.system(values + step)
            if moved.rss < system.rss:
                return values + step, moved
        return None


def _result(joint: _Joint, end: tuple[Array, System], separate: Mapping[int, Fit]) -> GroupedFit:
    values, system = end
    dof = max(joint.n - joint.size, 0)
    errors = _errors(system, dof)
    k = len(joint.shared)
    own = {label: values[k + i * len(joint.own) :][: len(joint.own)] for i, label in enumerate(joint.labels)}
    own_errors = {label: errors[k + i * len(joint.own) :][: len(joint.own)] for i, label in enumerate(joint.labels)}
    return GroupedFit(
        formula=joint.formula,
        shared=_named(joint.shared, values),
        shared_errors=_named(joint.shared, errors),
        own={label: _named(joint.own, part) for label, part in own.items()},
        own_errors={label: _named(joint.own, part) for label, part in own_errors.items()},
        rss=system.rss,
        n=joint.n,
        dof=dof,
        separate=separate,
        sharing_ratio=_sharing_ratio(system.rss, separate, k),
        status=sentence("grouped", groups=len(joint.labels), shared=", ".join(joint.shared) or "-"),
    )


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(names, map(float, values[: len(names)]), strict=True))


def _errors(system: System, dof: int) -> Array:
    """Standard errors; nan for what the data leave open."""
    scale = column_scale(system.triangle)
    if not dof or not math.isfinite(system.rss):
        return np.full(len(scale), np.nan)
    _, sizes, directions = np.linalg.svd(system.triangle / scale, full_matrices=False)
    good = sizes > 1e-8 * sizes[0]
    variance = np.sum((directions[good] / sizes[good, None]) ** 2, axis=0) * system.rss / dof
    open_ones = np.any(np.abs(directions[~good]) > 1e-3, axis=0)
    return np.where(open_ones, np.nan, np.sqrt(variance) / scale)


def _sharing_ratio(rss: float, separate: Mapping[int, Fit], shared: int) -> float:
    """F statistic of the restriction that each shared parameter has one value."""
    apart = sum(found.rss for found in separate.values())
    dof = sum(found.dof for found in separate.values())
    restrictions = shared * (len(separate) - 1)
    if not restrictions or not dof or not 0 < apart < math.inf:
        return math.nan
    return max(rss - apart, 0.0) / restrictions / (apart / dof)
