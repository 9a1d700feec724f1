"""The word channel: SQLite full-text search (bm25) over both languages, symbols and aliases.

Two indexes: `terms` holds stems, single kanji and kanji pairs; `grams` is FTS5's trigram index, which finds parts of words and kana.
Neither finds one or two letters of running text (a trigram needs three), so such a query falls back to LIKE.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, log, sqrt

from corpus.entry import Entry
from indexes import texts
from indexes.database import Database
from indexes.fuse import Hit
from indexes.thesaurus import technical

_CREATE = (
    "CREATE VIRTUAL TABLE terms USING fts5(title, keywords, quantities, body, symbols, tokenize = 'unicode61 remove_diacritics 0')",
    "CREATE VIRTUAL TABLE terms_seen USING fts5vocab(terms, 'row')",
    "CREATE VIRTUAL TABLE grams USING fts5(content, tokenize = 'trigram')",
    "CREATE VIRTUAL TABLE grams_seen USING fts5vocab(grams, 'row')",
)
_INSERT_TERMS = "INSERT INTO terms (rowid, title, keywords, quantities, body, symbols) VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_GRAMS = "INSERT INTO grams (rowid, content) VALUES (?, ?)"
_OPTIMIZE = ("INSERT INTO terms (terms) VALUES ('optimize')", "INSERT INTO grams (grams) VALUES ('optimize')")
_CONTAINING = """
    SELECT row FROM grams JOIN entry ON row = grams.rowid
    WHERE content LIKE ? ESCAPE '~' AND tenant IN (SELECT value FROM json_each(?)) ORDER BY row LIMIT ?"""
_MAX_TERMS = 40
_SHOWN = 6
_TECHNICAL_SHARE = 0.5  # what the thesaurus adds counts for less than what the customer typed
_GRAM_SHARE = 0.4  # and a part of a word for less than a word


@dataclass(frozen=True)
class _Table:
    """One full-text index. count: documents of each term; match: rows with bm25 and the text they hold."""

    count: str
    match: str


_TERMS = _Table(
    "SELECT term, doc FROM terms_seen WHERE term IN (SELECT value FROM json_each(?))",
    """SELECT row, -bm25(terms, 3.0, 3.0, 1.5, 1.0, 1.0) AS score,
        title || ' ' || keywords || ' ' || quantities || ' ' || body || ' ' || symbols
    FROM terms JOIN entry ON row = terms.rowid
    WHERE terms MATCH ? AND tenant IN (SELECT value FROM json_each(?)) ORDER BY score DESC, row LIMIT ?""",
)
_GRAMS = _Table(
    "SELECT term, doc FROM grams_seen WHERE term IN (SELECT value FROM json_each(?))",
    """SELECT row, -bm25(grams) AS score, content FROM grams JOIN entry ON row = grams.rowid
    WHERE grams MATCH ? AND tenant IN (SELECT value FROM json_each(?)) ORDER BY score DESC, row LIMIT ?""",
)


def write(database: Database, entries: Iterable[Entry]) -> None:
    """Rows are numbered in the order given."""
    for sql in _CREATE:
        database.run(sql)
    fields = [texts.searchable(entry) for entry in entries]
    database.insert(_INSERT_TERMS, ((row, *_indexed(found)) for row, found in enumerate(fields)))
    database.insert(_INSERT_GRAMS, ((row, texts.normal("\n".join(found.values()))) for row, found in enumerate(fields)))
    for sql in _OPTIMIZE:
        database.run(sql)


def _indexed(fields: Mapping[str, str]) -> list[str]:
    """The terms of each field; kana that stands alone is a word everywhere but in running text."""
    kana = {name: [] if name == "body" else texts.kana_names(text) for name, text in fields.items()}
    return [" ".join(texts.terms(text) + kana[name]) for name, text in fields.items()]


class Words:
    """Reads the two indexes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._total = int(database.rows("SELECT count(*) FROM entry")[0][0])

    def search(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries that share words with the text, best first; strength grows with the share of the text's rare words they hold."""
        lists = (
            (1.0, self._by_terms(text, tenants, 2 * depth)),
            (_TECHNICAL_SHARE, self._by_terms(" ".join(technical(text)), tenants, 2 * depth)),
            (_GRAM_SHARE, self._by_grams(text, tenants, 2 * depth)),
        )
        return _merged(lists)[:depth] or self._containing(text, tenants, depth)

    def _by_terms(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """bm25 over stems and kanji, weighted by field."""
        weights = self._rarity(_TERMS, texts.terms(text)) | self._rarity(_TERMS, texts.kana_words(text), seen_only=True)
        rows = self._match(_TERMS, _rarest(weights), tenants, depth)
        return [_hit(row, score, set(held.split()), weights) for row, score, held in rows]

    def _by_grams(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """bm25 over trigrams."""
        weights = self._rarity(_GRAMS, texts.trigrams(text))
        rows = self._match(_GRAMS, _rarest(weights), tenants, depth)
        return [_hit(row, score, {gram for gram in weights if gram in held}, weights) for row, score, held in rows]

    def _containing(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries whose text contains the query as it stands."""
        sought = texts.normal(text).strip()
        pattern = f"%{sought.replace('~', '~~').replace('%', '~%').replace('_', '~_')}%"
        rows = self._database.rows(_CONTAINING, (pattern, json.dumps(tenants), depth)) if sought else []
        return [Hit(row, 1.0, 0.5, sought) for (row,) in rows]

    def _rarity(self, table: _Table, found: Sequence[str], seen_only: bool = False) -> dict[str, float]:
        """Inverse document frequency of each distinct term, as bm25 uses it but never negative."""
        distinct = list(dict.fromkeys(found))
        counts = dict(self._database.rows(table.count, (json.dumps(distinct),))) if distinct else {}
        kept = [term for term in distinct if term in counts or not seen_only]
        return {term: log(1 + (self._total - counts.get(term, 0) + 0.5) / (counts.get(term, 0) + 0.5)) for term in kept}

    def _match(self, table: _Table, sought: Sequence[str], tenants: Sequence[str], depth: int) -> list[tuple[int, float, str]]:
        query = " OR ".join('"' + term.replace('"', '""') + '"' for term in sought)
        return self._database.rows(table.match, (query, json.dumps(tenants), depth)) if sought else []


def _merged(lists: Sequence[tuple[float, Sequence[Hit]]]) -> list[Hit]:
    """Scores added, shares of the question added in squares; the detail is that of the first list that found the entry."""
    found: dict[int, Hit] = {}
    for share, hits in lists:
        for hit in hits:
            before = found.get(hit.row, Hit(hit.row, 0.0, 0.0, hit.detail))
            strength = min(1.0, hypot(before.strength, share * hit.strength))
            found[hit.row] = Hit(hit.row, before.score + share * hit.score, strength, before.detail)
    return sorted(found.values(), key=lambda hit: (-hit.score, hit.row))


def _rarest(weights: Mapping[str, float]) -> list[str]:
    return sorted(weights, key=lambda term: -weights[term])[:_MAX_TERMS]


def _hit(row: int, score: float, held: set[str], weights: Mapping[str, float]) -> Hit:
    matched = {term: weight for term, weight in weights.items() if term in held}
    share = sum(matched.values()) / sum(weights.values())
    return Hit(row, score, sqrt(share), ", ".join(_rarest(matched)[:_SHOWN]))
