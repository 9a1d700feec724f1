"""Reciprocal rank fusion: several ordered lists into one.

score(e) = sum over channels of weight * strength(e) / (K + rank(e)). Ranks, not raw scores, because a cosine, a bm25 and a share of
columns have no common scale; strength in 0..1 is how sure the channel is of *this* hit, so that a list of poor matches cannot
outvote a good one. Entries that tie share their mean rank. Source: Cormack, Clarke, Buettcher, SIGIR 2009 (there strength = 1, K = 60).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from corpus.language import Sentence
from indexes.query import Channel, Reason

K = 10.0  # small: with a few hundred entries the first places of a list carry almost all it knows


@dataclass(frozen=True)
class Hit:
    """One entry in one channel's list. score orders the list; strength in 0..1; detail is shown to people.

    words: from a channel that speaks in sentences, those in place of the detail; called only for what is returned.
    """

    row: int
    score: float
    strength: float
    detail: str = ""
    words: Callable[[], tuple[Sentence, ...]] = tuple

    def reason(self, channel: Channel, rank: int) -> Reason:
        words = self.words()
        return Reason(channel, rank, self.detail or "; ".join(sentence.text("en") for sentence in words), words)


@dataclass(frozen=True)
class Fused:
    """One entry after fusion. hits: where each channel has it, with its rank there for people."""

    row: int
    score: float
    hits: tuple[tuple[Channel, int, Hit], ...]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(hit.reason(channel, rank) for channel, rank, hit in self.hits)


def fuse(lists: Mapping[Channel, Sequence[Hit]], weights: Mapping[Channel, float]) -> list[Fused]:
    """All entries of all lists (each ordered, best first), best first; equal scores in row order."""
    scores: dict[int, float] = {}
    found: dict[int, list[tuple[Channel, int, Hit]]] = {}
    for channel, hits in lists.items():
        for (rank, place), hit in zip(_ranks(hits), hits, strict=True):
            scores[hit.row] = scores.get(hit.row, 0.0) + weights.get(channel, 1.0) * hit.strength / (K + rank)
            found.setdefault(hit.row, []).append((channel, place, hit))
    return sorted((Fused(row, score, tuple(found[row])) for row, score in scores.items()), key=lambda f: (-f.score, f.row))


def _ranks(hits: Sequence[Hit]) -> list[tuple[float, int]]:
    """Mean rank among ties (for the score) and best rank among ties (for people), from 1."""
    ranks: list[tuple[float, int]] = []
    for _, group in groupby(hits, key=lambda hit: round(hit.score, 9)):
        size = len(list(group))
        ranks += [(len(ranks) + (size + 1) / 2, len(ranks) + 1)] * size
    return ranks
