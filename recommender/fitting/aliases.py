"""Frequencies that evenly spaced rows cannot tell apart.

On rows dx apart, sin(k x) and sin((k + 2 pi m/dx) x + shift) agree on every row; squares repeat twice as often. Of such a family
the slowest member is reported. If the search ended beyond the zone, its image inside is tried, amplitudes and phases
re-solved; and for an answer inside, the nearest image outside is tried too, so that an equally good alias can be named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from recommender.fitting.lm import minimise
from recommender.fitting.rounds import Found
from recommender.fitting.sampler import Sampler, Zone
from recommender.fitting.varpro import Model

_PHASES = 12
_MOST = 64
_KEPT = 8
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
        places = {index[name]: list(_slower(best.alpha[index[name]], strict[name])) for name in beyond}
        equals = _equals(model, sampler, best, _moved(best.alpha, places))
        slowest = min(equals, key=lambda found: _speed(found.alpha, index, strict), default=best)
        return Images(inside=(slowest,) if _speed(slowest.alpha, index, strict) < _speed(best.alpha, index, strict) else ())
    outside: list[Found] = []
    for name, zone in strict.items():
        outside += _equals(model, sampler, best, _moved(best.alpha, {index[name]: list(_mirrored(best.alpha[index[name]], zone))}))[:1]
    return Images(outside=tuple(outside))


def _speed(alpha: Array, index: Mapping[str, int], zones: Mapping[str, Zone]) -> float:
    return float(sum(abs(alpha[index[name]]) ** zone.power / zone.limit for name, zone in zones.items()))


def _slower(value: float, zone: Zone) -> Iterator[float]:
    """Slower members of the alias family."""
    turns, step = abs(value) ** zone.power, 2 * zone.limit
    for shift in range(1, 2 + int(2 * turns / step)):
        image = abs(turns - shift * step)
        if image < turns * (1 - 1e-9):
            yield float(max(image, 1e-12 * zone.limit) ** (1 / zone.power))


def _mirrored(value: float, zone: Zone) -> Iterator[float]:
    """The nearest members outside the zone."""
    turns, step = abs(value) ** zone.power, 2 * zone.limit
    for image in (step - turns, step + turns, 2 * step - turns, 2 * step + turns):
        yield float(image ** (1 / zone.power))


def _moved(alpha: Array, places: dict[int, list[float]]) -> list[Array]:
    """Copies of alpha with each listed coordinate at each of its new values, both signs."""
    rows = [alpha]
    for i, values in places.items():
        rows = [np.concatenate([row[:i], [sign * value], row[i + 1 :]]) for row in rows for value in values for sign in (1.0, -1.0)]
    return rows[:_MOST]


def _equals(model: Model, sampler: Sampler, best: Found, moved: Sequence[Array]) -> list[Found]:
    """The distinct end points reached from the moved rows, phases redrawn, that are as good as `best`."""
    phases = [i for i, name in enumerate(model.form.nonlinear) if sampler.roles[name].kind in ("phase", "offset")]
    starts = np.repeat(np.array(moved), _PHASES if phases else 1, 0)
    if phases:
        drawn = sampler.draw(len(starts))
        redrawn = np.arange(len(starts)) % _PHASES > 0
        for i in phases:
            starts[redrawn, i] = drawn[redrawn, i]
    starts = starts[np.argsort(model.rss(starts), kind="stable")[:_KEPT]]
    end = minimise(model, starts, 25, tolerance=1e-10, good_enough=1e-15, share=1.4)
    equal = np.flatnonzero(end.rss <= best.rss * (1 + _EQUAL) + 1e-13 * model.tss)
    return [Found(float(end.rss[i]), end.alpha[i], end.coefficients[i]) for i in equal]
