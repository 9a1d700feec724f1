"""Frequencies that evenly spaced rows cannot tell apart.

On rows dx apart, sin(k x) and sin((k + 2 pi m/dx) x + shift) agree on every row; squares repeat twice as often. Of such a family
the slowest member is reported. If the search ended beyond the zone, its image inside is tried, amplitudes and phases
re-solved; and for an answer inside, the nearest image outside is tried too, so that an equally good alias can be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from recommender.fitting.lm import minimise
from recommender.fitting.rounds import Found
from recommender.fitting.sampler import Sampler, Zone
from recommender.fitting.varpro import Model

_PHASES = 12
_EQUAL = 1e-6


@dataclass(frozen=True)
class Images:
    """Equally good minima inside all zones for a best one outside; and equally good ones outside for a best one inside."""

    inside: tuple[Found, ...] = ()
    outside: tuple[Found, ...] = ()


def alias_images(model: Model, sampler: Sampler, minima: Sequence[Found]) -> Images:
    """Images of the best minimum under the frequency shifts of an evenly spaced grid."""
    strict = {name: zone for name, zone in sampler.zones.items() if zone.strict}
    if not minima or not strict or model.work.exhausted(1.2):
        return Images()
    best = minima[0]
    index = {name: i for i, name in enumerate(model.form.nonlinear)}
    beyond = [name for name, zone in strict.items() if zone.outside(best.alpha[index[name]])]
    if beyond:
        moved = _moved(best.alpha, {index[name]: [_folded(best.alpha[index[name]], strict[name])] for name in beyond})
        return Images(inside=tuple(_equals(model, sampler, best, moved)))
    moved = [
        row for name, zone in strict.items() for row in _moved(best.alpha, {index[name]: list(_mirrored(best.alpha[index[name]], zone))})
    ]
    return Images(outside=tuple(_equals(model, sampler, best, moved)))


def _folded(value: float, zone: Zone) -> float:
    """The member of the alias family inside the zone."""
    turns = abs(value) ** zone.power
    inside = abs(turns - 2 * zone.limit * round(turns / (2 * zone.limit)))
    return float(np.copysign(max(inside, 1e-12 * zone.limit) ** (1 / zone.power), value))


def _mirrored(value: float, zone: Zone) -> Iterator[float]:
    """The nearest members outside the zone."""
    turns = abs(value) ** zone.power
    for image in (2 * zone.limit - turns, 2 * zone.limit + turns):
        yield float(np.copysign(image ** (1 / zone.power), value))


def _moved(alpha: Array, places: dict[int, list[float]]) -> list[Array]:
    """Copies of alpha with each listed coordinate at each of its new values, both signs."""
    rows = [alpha]
    for i, values in places.items():
        rows = [np.concatenate([row[:i], [sign * value], row[i + 1 :]]) for row in rows for value in values for sign in (1.0, -1.0)]
    return rows


def _equals(model: Model, sampler: Sampler, best: Found, moved: Sequence[Array]) -> Iterator[Found]:
    """The best end point reached from the moved rows, phases redrawn, if it is as good as `best`."""
    if not moved:
        return
    phases = [i for i, name in enumerate(model.form.nonlinear) if sampler.roles[name].kind in ("phase", "offset")]
    starts = np.repeat(np.array(moved), _PHASES if phases else 1, 0)
    if phases:
        drawn = sampler.draw(len(starts))
        redrawn = np.arange(len(starts)) % _PHASES > 0
        for i in phases:
            starts[redrawn, i] = drawn[redrawn, i]
    with np.errstate(all="ignore"):
        end = minimise(model, starts, 25, tolerance=1e-10, good_enough=1e-15, share=1.4)
    row = int(np.argmin(end.rss))
    if end.rss[row] <= best.rss * (1 + _EQUAL) + 1e-13 * model.tss:
        yield Found(float(end.rss[row]), end.alpha[row], end.coefficients[row])
