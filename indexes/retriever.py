"""The retriever: every channel asked, lists fused, doubles folded, one form kept from filling the first page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from corpus.entry import Entry
from corpus.errors import RecommenderError
from indexes.catalogue import Card
from indexes.fuse import Fused, Hit, fuse
from indexes.query import Channel, Query, Retrieved
from indexes.second import NoSuccesses, Successes, domain_hits, leading_domain, success_hits
from indexes.snapshot import CurrentIndex, Snapshot

DEPTH = 60
WEIGHTS: Mapping[Channel, float] = MappingProxyType(
    {"meaning": 1.0, "words": 1.5, "dimensions": 1.0, "shape": 1.0, "domain": 0.2, "success": 0.3}
)
_FIRST_PAGE, _OF_ONE_FAMILY = 10, 2
FIRST: tuple[Channel, ...] = ("meaning", "words", "dimensions", "shape")


class Retriever:
    """Finds the entries that fit a question, and says why. Threads may share it.

    source: an open snapshot, or a `CurrentIndex` to follow. weights: of the channels in the fusion; 0 leaves a channel out.
    successes: what was accepted before. problems: what went wrong on the way here and was worked round, for the caller to say aloud.
    """

    def __init__(
        self,
        source: Snapshot | CurrentIndex,
        weights: Mapping[Channel, float] = WEIGHTS,
        problems: Sequence[RecommenderError] = (),
        successes: Successes | None = None,
    ) -> None:
        self._source = source
        self.weights = weights
        self._successes = successes or NoSuccesses()
        self._problems = tuple(problems)

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that answers now."""
        return self._source.snapshot() if isinstance(self._source, CurrentIndex) else self._source

    @property
    def problems(self) -> tuple[RecommenderError, ...]:
        reopened = self._source.problem if isinstance(self._source, CurrentIndex) else None
        return (*self._problems, reopened) if reopened is not None else self._problems

    def with_weights(self, weights: Mapping[Channel, float]) -> Retriever:
        """The same index with other weights (for ablation)."""
        return Retriever(self._source, weights, self._problems, self._successes)

    def with_successes(self, successes: Successes) -> Retriever:
        """The same index, told what was accepted before."""
        return Retriever(self._source, self.weights, self._problems, successes)

    def entries(self, prefix: str) -> list[Entry]:
        """The public entries whose id begins with `prefix`, e.g. all of one domain."""
        return self.snapshot.catalogue.entries(prefix)

    def search(self, query: Query) -> list[Retrieved]:
        """At most `query.limit` entries, best first; equal questions of one snapshot get equal answers."""
        snapshot = self.snapshot
        depth = max(DEPTH, 3 * query.limit)
        lists: dict[Channel, list[Hit]] = {c: snapshot.search(c, query, depth) for c in FIRST if self.weights.get(c, 0) > 0}
        fused = fuse(lists, self.weights)
        cards = snapshot.catalogue.cards([item.row for item in fused])
        allowed = [item for item in fused if not cards[item.row].learned & query.exclude_tables]
        groups = _diverse(_folded(self._seconded(query, lists, allowed, cards), cards), cards)
        return [_retrieved(snapshot, group, cards) for group in groups[: query.limit]]

    def _seconded(
        self, query: Query, lists: Mapping[Channel, Sequence[Hit]], fused: Sequence[Fused], cards: Mapping[int, Card]
    ) -> list[Fused]:
        """The list once more with the channels that listen to the others."""
        domain, share = leading_domain(fused, cards)
        heard: dict[Channel, Sequence[Hit]] = {
            "domain": domain_hits(fused, cards, domain, share),
            "success": success_hits(fused, cards, query, domain, self._successes),
        }
        kept = {item.row for item in fused}
        both = dict(lists) | {channel: hits for channel, hits in heard.items() if self.weights.get(channel, 0) > 0}
        return [item for item in fuse(both, self.weights) if item.row in kept]


def _folded(fused: Iterable[Fused], cards: Mapping[int, Card]) -> list[list[Fused]]:
    """Entries that say the same, together; groups in the order of their best."""
    groups: dict[str, list[Fused]] = {}
    for item in fused:
        groups.setdefault(cards[item.row].double, []).append(item)
    return list(groups.values())


def _diverse(groups: Sequence[list[Fused]], cards: Mapping[int, Card]) -> list[list[Fused]]:
    """At most two of one family among the first ten, as long as there are others; otherwise in the order they come."""
    seen: Counter[str] = Counter()
    first: dict[int, list[Fused]] = {}
    for group in groups:
        family = cards[group[0].row].family
        seen[family] += 1
        if seen[family] <= _OF_ONE_FAMILY and len(first) < _FIRST_PAGE:
            first[group[0].row] = group
    return [*first.values(), *(group for group in groups if group[0].row not in first)]


def _retrieved(snapshot: Snapshot, group: Sequence[Fused], cards: Mapping[int, Card]) -> Retrieved:
    best, *others = group
    return Retrieved(snapshot.catalogue.entry(best.row), best.score, best.reasons, tuple(cards[item.row].id for item in others))
