"""The least-squares problem of several groups together: unknowns are the shared parameters, then each group's own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corpus.functions import Array
from recommender.fitting.polish import FullModel, System, polish
from recommender.fitting.request import Request
from recommender.fitting.robust import Loss, loss_variance, robust_scale
from recommender.fitting.solve import full_model

_PASSES = 30


class Joint:
    """Requests for one formula, one per group; a prior of a shared parameter counts once.

    unit: what the sigma of the requests was divided by.
    """

    def __init__(self, labels: Sequence[int], requests: Sequence[Request], shared: Sequence[str], unit: float = 1.0) -> None:
        self.labels = tuple(labels)
        self.requests = tuple(requests)
        self.shared = tuple(shared)
        self.unit = unit
        self.names = tuple(name for name in requests[0].formula.parameters if name not in requests[0].known)
        self.own = tuple(name for name in self.names if name not in self.shared)
        self.n = sum(len(request.samples) for request in requests)
        self.dropped = sum(request.dropped for request in requests)
        self.labelled = (*self.shared, *(f"{name}[{label}]" for label in self.labels for name in self.own))
        self.models = [self._model(request, first=i == 0) for i, request in enumerate(requests)]
        self._places = [self._columns(i) for i in range(len(self.labels))]

    def _model(self, request: Request, *, first: bool) -> FullModel:
        """The group's rows under the formula with every parameter kept, merged or not."""
        root = (request.formula.bind(request.known) if request.known else request.formula).root
        priors = {name: prior for name, prior in request.priors.items() if first or name not in self.shared}
        return full_model(replace(request, compiled=replace(request.compiled, root=root, merges=()), names=self.names, priors=priors))

    def _columns(self, group: int) -> list[int]:
        """Where each parameter of a group stands among the unknowns."""
        first = len(self.shared) + group * len(self.own)
        return [self.shared.index(n) if n in self.shared else first + self.own.index(n) for n in self.names]

    # --- as an objective ------------------------------------------------------------------------------------------------

    @property
    def limits(self) -> tuple[Array, Array]:
        """Bounds of all unknowns."""
        names = [*self.shared, *(name for _ in self.labels for name in self.own)]
        return self.requests[0].limits(names)

    def system(self, values: Array) -> System:
        """All groups' triangles below one another."""
        rows, right, rss = [], [], 0.0
        for model, places in zip(self.models, self._places, strict=True):
            part = model.system(values[places])
            block = np.zeros((len(places), len(values)))
            block[:, places] = part.triangle
            rows.append(block)
            right.append(part.right)
            rss += part.rss
        return System(np.vstack(rows), np.concatenate(right), rss)

    def rss(self, values: Array) -> float:
        return sum(model.rss(values[places]) for model, places in zip(self.models, self._places, strict=True))

    def hurried(self, step: int) -> bool:
        return any(model.hurried(step) for model in self.models)

    # --- values and names -----------------------------------------------------------------------------------------------

    def vector(self, start: Mapping[int, Mapping[str, float]]) -> Array:
        """A start by group and name as one vector."""
        values = np.zeros(len(self.labelled))
        for label, places in zip(self.labels, self._places, strict=True):
            values[places] = [start[label][name] for name in self.names]
        return values

    def common(self, values: Array) -> dict[str, float]:
        """The shared part of a vector by name."""
        return dict(zip(self.shared, map(float, values), strict=False))

    def own_by_group(self, values: Array) -> dict[int, dict[str, float]]:
        """The rest of a vector by group and name."""
        rest = np.asarray(values[len(self.shared) :]).reshape(len(self.labels), len(self.own))
        return {label: dict(zip(self.own, map(float, row), strict=True)) for label, row in zip(self.labels, rest, strict=True)}

    # --- residuals ------------------------------------------------------------------------------------------------------

    def residuals(self, values: Array) -> list[Array]:
        """Residuals over sigma, one array per group."""
        out = []
        for request, places in zip(self.requests, self._places, strict=True):
            point = {**request.known, **dict(zip(self.names, map(float, values[places]), strict=True))}
            rest = request.samples.target - request.formula.evaluate(request.samples.columns, point)
            out.append(rest if request.samples.sigma is None else rest / request.samples.sigma)
        return out

    def squares(self, values: Array) -> float:
        """Sum of squared residuals in the units the person gave, priors left out; inf where it is not finite."""
        with np.errstate(all="ignore"):
            total = sum(float(rest @ rest) for rest in self.residuals(values)) * self.unit**2
        return total if math.isfinite(total) else math.inf

    def weighted(self, weights: Sequence[Array]) -> Joint:
        """The same problem with the rows of each group weighed."""
        pairs = zip(self.requests, weights, strict=True)
        parts = [replace(r, samples=r.samples.weighted(1 / np.sqrt(np.maximum(w, 1e-12)))) for r, w in pairs]
        return Joint(self.labels, parts, self.shared, self.unit)


@dataclass(frozen=True)
class RobustEnd:
    """Values, the unweighted system there, and the variance factor of its covariance."""

    values: Array
    system: System
    variance: float


def robust_end(joint: Joint, values: Array, loss: Loss) -> RobustEnd:
    """Reweight and re-solve until the weights settle; one scale for all groups."""
    residuals = joint.residuals(values)
    work = joint.requests[0].work
    for step in range(_PASSES):
        if step >= 2 and work.exhausted(1.2):
            break
        scale = robust_scale(np.concatenate(residuals))
        values, _ = polish(joint.weighted([loss.weight(rest / scale) for rest in residuals]), values, 20)
        before, residuals = residuals, joint.residuals(values)
        if max(float(np.max(np.abs(a - b))) for a, b in zip(before, residuals, strict=True)) <= 1e-9 * scale:
            break
    together = np.concatenate(residuals)
    scale = robust_scale(together)
    return RobustEnd(values, joint.system(values), loss_variance(loss, together / scale, scale, len(values)))
