"""Reciprocal rank fusion: several ordered lists into one.

score(e) = sum over channels of weight * strength(e) / (K + rank(e)). Ranks, not raw scores, because a cosine, a bm25 and a share of
columns have no common scale; strength in 0..1 is how sure the channel is of *this* hit, so that a list of poor matches cannot
outvote a good one. Entries that tie share their mean rank. Source: Cormack, Clarke, Buettcher, SIGIR 2009 (there strength = 1, K = 60).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from corpus.language import Sentence
from indexes.query import Channel, Reason

K = 10.0  # small: with a few hundred entries the first places of a list carry almost all it knows


@dataclass(frozen=True)
class Hit:
    """One entry in one channel's list. score orders the list; strength in 0..1; detail, or the words in its place, is shown to people."""

    row: int
    score: float
    strength: float
    detail: str
    words: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Fused:
    """One entry after fusion."""

    row: int
    score: float
    reasons: tuple[Reason, ...]


def fuse(lists: Mapping[Channel, Sequence[Hit]], weights: Mapping[Channel, float]) -> list[Fused]:
    """All entries of all lists (each ordered, best first), best first; equal scores in row order."""
    scores: dict[int, float] = {}
    reasons: dict[int, list[Reason]] = {}
    for channel, hits in lists.items():
        for (rank, place), hit in zip(_ranks(hits), hits, strict=True):
            scores[hit.row] = scores.get(hit.row, 0.0) + weights.get(channel, 1.0) * hit.strength / (K + rank)
            reasons.setdefault(hit.row, []).append(Reason(channel, place, hit.detail, hit.words))
    return sorted((Fused(row, score, tuple(reasons[row])) for row, score in scores.items()), key=lambda f: (-f.score, f.row))


def _ranks(hits: Sequence[Hit]) -> list[tuple[float, int]]:
    """Mean rank among ties (for the score) and best rank among ties (for people), from 1."""
    ranks: list[tuple[float, int]] = []
    for _, group in groupby(hits, key=lambda hit: round(hit.score, 9)):
        size = len(list(group))
        ranks += [(len(ranks) + (size + 1) / 2, len(ranks) + 1)] * size
    return ranks
