"""Every place in one sentence: what decides between a candidate and its neighbour, in a reader's terms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from corpus.language import Sentence
from recommender.ranking.evidence_score import EXACT, Numbers

Say = Callable[[Numbers, Numbers, int], Sentence | None]

_MOST = 3
_LEAST = 0.05  # nats below which a difference decides nothing
_FAR = 100.0  # times: what is more is not counted
_HOLDS = 4.0  # an error beyond the data up to so many times that between them


@dataclass(frozen=True)
class Standing:
    """What a candidate is judged by: its numbers, and what each trait adds to its score in nats."""

    numbers: Numbers
    parts: Mapping[str, float]


def reason(place: int, order: Sequence[Standing]) -> Sentence:
    """Why the candidate stands at this place (from 0): the first against the second, every other against the one before it."""
    if len(order) == 1:
        return Sentence.of("reason.only")
    me, other = order[place], order[1 if place == 0 else place - 1]
    gains = {name: other.parts[name] - me.parts[name] for name in me.parts}
    for_me, against = _said(me, other, gains, 1), _said(me, other, gains, -1)
    number = 2 if place == 0 else place
    if place == 0:
        return Sentence.of("reason.first", other=number, why=for_me or (Sentence.of("reason.even"),))
    if not for_me:
        return Sentence.of("reason.after", other=number, why=against or (Sentence.of("reason.even"),))
    return Sentence.of("reason.after_but", other=number, why=against or (Sentence.of("reason.even"),), but=for_me[:1])


def _said(me: Standing, other: Standing, gains: Mapping[str, float], sign: int) -> tuple[Sentence, ...]:
    """The largest gains (sign 1) or losses (-1), most decisive first; an equal error is said where fewer coefficients give it."""
    names = sorted((name for name in gains if sign * gains[name] > _LEAST), key=lambda name: -sign * gains[name])
    found = [sentence for name in names if (sentence := _SAY[name](me.numbers, other.numbers, sign)) is not None]
    distinct = list(dict.fromkeys(found))[:_MOST]
    alike = sign > 0 and _same_error(me.numbers, other.numbers) and bool(distinct)
    return (Sentence.of("reason.same_error"), *distinct[: _MOST - 1]) if alike else tuple(distinct)


def _same_error(a: Numbers, b: Numbers) -> bool:
    """Within one standard error of the other, or both exact."""
    low, high = sorted((a, b), key=lambda one: one.held_out)
    return high.held_out <= max(low.held_out + max(low.held_out_error, high.held_out_error), 100 * EXACT)


def _error(a: Numbers, b: Numbers, sign: int) -> Sentence | None:
    return None if _same_error(a, b) else _ratio("error", a.held_out, b.held_out, sign)


def _edge(a: Numbers, b: Numbers, sign: int) -> Sentence | None:
    better, worse = (a, b) if sign > 0 else (b, a)
    if better.edge <= _HOLDS * better.held_out and worse.edge > _HOLDS * worse.held_out:
        return Sentence.of("reason.holds" if sign > 0 else "reason.holds_not")
    return _ratio("edge", a.edge, b.edge, sign)


def _ratio(kind: str, mine: float, theirs: float, sign: int) -> Sentence | None:
    """Errors as a person compares them: the root of the NMSE, how many times smaller or larger."""
    factor = math.sqrt(max(mine, theirs) / max(min(mine, theirs), EXACT))
    if factor <= 1.05:
        return None
    far, way = "_far" if factor > _FAR else "", "less" if sign > 0 else "more"
    return Sentence.of(f"reason.{kind}{far}_{way}", factor=f"{min(factor, _FAR):{'.2g' if factor < 10 else '.0f'}}")


def _coefficients(a: Numbers, b: Numbers, sign: int) -> Sentence | None:
    count = int(abs(a.parameters - b.parameters))
    which = "fewer" if a.parameters < b.parameters else "more"
    if not count or (which == "fewer") is not (sign > 0):
        return _form(a, b, sign)
    return Sentence.of(f"reason.{which}_one" if count == 1 else f"reason.{which}", count=count)


def _form(a: Numbers, b: Numbers, sign: int) -> Sentence | None:
    shorter = a.model_bits < b.model_bits
    return Sentence.of("reason.shorter" if sign > 0 else "reason.longer") if shorter is (sign > 0) else None


def _plain(key: str) -> Say:
    def say(a: Numbers, b: Numbers, sign: int) -> Sentence:
        del a, b
        return Sentence.of(f"reason.{key}" if sign > 0 else f"reason.{key}_not")

    return say


_SAY: Mapping[str, Say] = {
    "held_out": _error,
    "edge": _edge,
    "simplicity": _coefficients,
    "coefficients": _coefficients,
    "pattern": _plain("no_pattern"),
    "stability": _plain("steady"),
    "selection": _plain("wins"),
    "physics": _plain("sense"),
    "known_law": _plain("law"),
    "agreement": _plain("votes"),
}
