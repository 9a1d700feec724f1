"""Golden queries: questions in customers' words with the entries that answer them, and recall over them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import yaml

from corpus.errors import IndexingError
from corpus.language import LANGUAGES, Language
from indexes.query import Query, Retrieved

PACKAGED = Path(__file__).with_name("golden.yaml")


class Searcher(Protocol):
    """Anything that answers a query."""

    def search(self, query: Query) -> list[Retrieved]: ...


@dataclass(frozen=True)
class GoldenQuery:
    """A question; any of `accept` among the first k answers it. group: `known` ones the search was tuned with, or `held_out`."""

    text: str
    language: Language
    accept: tuple[str, ...]
    group: str = "known"


@dataclass(frozen=True)
class Golden:
    """Questions, and the recall@5 per language below which a snapshot is not published."""

    queries: tuple[GoldenQuery, ...]
    floor: float

    def known(self, identifiers: Collection[str]) -> Golden:
        """Only the questions that the given entries can answer."""
        return Golden(tuple(q for q in self.queries if set(q.accept) & set(identifiers)), self.floor)


@cache
def packaged() -> Golden:
    """The golden queries of the seed corpus."""
    return read(PACKAGED)


def read(path: Path) -> Golden:
    """IndexingError if the file is not a list of questions."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        queries = tuple(GoldenQuery(q["text"], q["language"], tuple(q["accept"]), q.get("group", "known")) for q in found["queries"])
        return Golden(queries, float(found["floor"]))
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
        raise IndexingError("golden_unreadable", file=path.name) from None


def missed(searcher: Searcher, queries: Sequence[GoldenQuery], k: int) -> list[GoldenQuery]:
    """The questions without an accepted entry among the first k. An entry folded into its double counts as found."""
    return [query for query in queries if not set(query.accept) & _answers(searcher, query, k)]


def _answers(searcher: Searcher, query: GoldenQuery, k: int) -> set[str]:
    found = searcher.search(Query(query.text, query.language, limit=k))
    return {identifier for item in found for identifier in (item.entry.id, *item.doubles)}


def recall(searcher: Searcher, golden: Golden, k: int) -> float:
    """Share of questions answered within the first k; 1 for none."""
    return 1 - len(missed(searcher, golden.queries, k)) / max(1, len(golden.queries))


def recall_by_language(searcher: Searcher, golden: Golden, k: int) -> Mapping[str, float]:
    """recall@k of each language that has questions."""
    parts = {language: [q for q in golden.queries if q.language == language] for language in LANGUAGES}
    return {language: round(recall(searcher, Golden(tuple(part), golden.floor), k), 4) for language, part in parts.items() if part}
