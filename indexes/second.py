"""The channels that listen to the others: the domain most of them speak for, and what was accepted before for columns of such units.

Both only order what another channel found, with small weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log1p
from typing import Protocol

from indexes.catalogue import Card
from indexes.fuse import Fused, Hit
from indexes.query import ColumnHint, Query

_VOTERS = 12
_LEAST_SHARE = 0.25


class Successes(Protocol):
    """What was found or accepted before."""

    def counts(self, domain: str, units: str) -> Mapping[str, int]:
        """How often each entry (by id) was accepted for tables of a domain whose columns have these units (`table_units`)."""
        ...


class NoSuccesses:
    """Nothing has been accepted yet."""

    def counts(self, domain: str, units: str) -> Mapping[str, int]:
        del domain, units
        return {}


def table_units(target: ColumnHint | None, inputs: Sequence[ColumnHint]) -> str:
    """The dimensions of a table in one line: the target's, then the inputs' in order of spelling; "" where none is known."""
    if target is None or all(hint.dimension is None for hint in (target, *inputs)):
        return ""
    return f"{_spelled(target)}<-{','.join(sorted(map(_spelled, inputs)))}"


def _spelled(hint: ColumnHint) -> str:
    return "?" if hint.dimension is None else str(hint.dimension)


def leading_domain(fused: Sequence[Fused], cards: Mapping[int, Card]) -> tuple[str, float]:
    """(the domain that the best of the list speak for, its share of their scores); ("", 0) for none."""
    votes: dict[str, float] = {}
    for item in fused[:_VOTERS]:
        domain = cards[item.row].domain
        votes[domain] = votes.get(domain, 0.0) + item.score
    total = sum(votes.values())
    if total <= 0:
        return "", 0.0
    leading = max(votes, key=lambda domain: (votes[domain], domain))
    return leading, votes[leading] / total


def domain_hits(fused: Sequence[Fused], cards: Mapping[int, Card], domain: str, share: float) -> list[Hit]:
    """The entries of the leading domain in the order they have; silent where no domain leads."""
    if share < _LEAST_SHARE:
        return []
    rows = [item.row for item in fused if cards[item.row].domain == domain]
    return [Hit(row, -float(place), share, domain) for place, row in enumerate(rows)]


def success_hits(fused: Sequence[Fused], cards: Mapping[int, Card], query: Query, domain: str, successes: Successes) -> list[Hit]:
    """What was accepted before for such tables, most often first."""
    units = table_units(query.target, query.inputs)
    found = successes.counts(domain, units) if units else {}
    accepted = [(item.row, found.get(cards[item.row].id, 0)) for item in fused]
    ordered = sorted(((row, count) for row, count in accepted if count > 0), key=lambda pair: (-pair[1], pair[0]))
    return [Hit(row, float(count), min(1.0, log1p(count) / log1p(10)), str(count)) for row, count in ordered]
