"""The word channel: SQLite full-text search (bm25) over both languages, symbols and aliases.

Two indexes: `terms` holds stems, single kanji and kanji pairs; `grams` is FTS5's trigram index, which finds parts of words and kana.
Neither finds one or two letters of running text (a trigram needs three), so such a query falls back to LIKE.

The cost of a full-text query grows with the rows its terms occur in, so a question is asked with its rarest terms, as many as occur in
few thousand rows together: in a small corpus all of them, in a large one those that tell.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import hypot, log, sqrt

from indexes import texts
from indexes.database import Database
from indexes.fuse import Hit
from indexes.spool import Filed
from indexes.thesaurus import technical

_CREATE = (
    "CREATE VIRTUAL TABLE terms USING fts5(title, keywords, quantities, body, symbols, tokenize = 'unicode61 remove_diacritics 0')",
    "CREATE VIRTUAL TABLE grams USING fts5(content, tokenize = 'trigram')",
)
# The vocabulary tables of FTS5 count a term's rows by reading them all, so their counts are kept.
_COUNT = (
    "CREATE VIRTUAL TABLE {0}_vocabulary USING fts5vocab({0}, 'row')",
    "CREATE TABLE {0}_seen (term TEXT PRIMARY KEY, doc INTEGER) WITHOUT ROWID",
    "INSERT INTO {0}_seen SELECT term, doc FROM {0}_vocabulary",
    "DROP TABLE {0}_vocabulary",
)
_INSERT_TERMS = "INSERT INTO terms (rowid, title, keywords, quantities, body, symbols) VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_GRAMS = "INSERT INTO grams (rowid, content) VALUES (?, ?)"
_OPTIMIZE = "INSERT INTO {0} ({0}) VALUES ('optimize')"
_CONTAINING = """
    SELECT row FROM grams JOIN entry ON row = grams.rowid
    WHERE content LIKE ? ESCAPE '~' AND tenant IN (SELECT value FROM json_each(?)) ORDER BY row LIMIT ?"""
_MAX_TERMS = 40
_MAX_ROWS = 5000
_SHOWN = 6
_TECHNICAL_SHARE = 0.5  # what the thesaurus adds counts for less than what the customer typed
_GRAM_SHARE = 0.4  # and a part of a word for less than a word


@dataclass(frozen=True)
class _Table:
    """One full-text index. count: rows of each term; match: rows with bm25; held: the text of rows."""

    count: str
    match: str
    held: str


_TERMS = _Table(
    "SELECT term, doc FROM terms_seen WHERE term IN (SELECT value FROM json_each(?))",
    """SELECT row, -bm25(terms, 3.0, 3.0, 1.5, 1.0, 1.0) AS score FROM terms JOIN entry ON row = terms.rowid
    WHERE terms MATCH ? AND tenant IN (SELECT value FROM json_each(?)) ORDER BY score DESC, row LIMIT ?""",
    """SELECT rowid, title || ' ' || keywords || ' ' || quantities || ' ' || body || ' ' || symbols
    FROM terms WHERE rowid IN (SELECT value FROM json_each(?))""",
)
_GRAMS = _Table(
    "SELECT term, doc FROM grams_seen WHERE term IN (SELECT value FROM json_each(?))",
    """SELECT row, -bm25(grams) AS score FROM grams JOIN entry ON row = grams.rowid
    WHERE grams MATCH ? AND tenant IN (SELECT value FROM json_each(?)) ORDER BY score DESC, row LIMIT ?""",
    "SELECT rowid, content FROM grams WHERE rowid IN (SELECT value FROM json_each(?))",
)


class Writer:
    """Writes the two indexes of a new snapshot, batch by batch."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for sql in _CREATE:
            database.run(sql)

    def add(self, batch: Sequence[Filed]) -> None:
        fields = {filed.row: texts.searchable(filed.entry) for filed in batch}
        self._database.insert(_INSERT_TERMS, ((row, *_indexed(found)) for row, found in fields.items()))
        self._database.insert(_INSERT_GRAMS, ((row, texts.normal("\n".join(found.values()))) for row, found in fields.items()))

    def close(self) -> None:
        for table in ("terms", "grams"):
            for sql in (_OPTIMIZE, *_COUNT):
                self._database.run(sql.format(table))


def _indexed(fields: Mapping[str, str]) -> list[str]:
    """The terms of each field; kana that stands alone is a word everywhere but in running text."""
    kana = {name: [] if name == "body" else texts.kana_names(text) for name, text in fields.items()}
    return [" ".join(texts.terms(text) + kana[name]) for name, text in fields.items()]


@dataclass(frozen=True)
class _Asked:
    """One list of found rows. weights: how rare each term sought is; scores: bm25 by row, already times the share of the list."""

    table: _Table
    share: float
    weights: Mapping[str, float]
    scores: Mapping[int, float]

    def matched(self, text: str) -> dict[str, float]:
        """The terms sought that a text holds."""
        held = set(text.split()) if self.table is _TERMS else text
        return {term: weight for term, weight in self.weights.items() if term in held}

    def strength(self, matched: Mapping[str, float]) -> float:
        """Root of the share of rare terms that an entry holds."""
        return self.share * sqrt(sum(matched.values()) / sum(self.weights.values()))


class Words:
    """Reads the two indexes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._total = int(database.rows("SELECT count(*) FROM entry")[0][0])

    def search(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries that share words with the text, best first; strength grows with the share of the text's rare words they hold."""
        said = self._counts(_TERMS, texts.terms(text)) | self._counts(_TERMS, texts.kana_words(text), seen_only=True)
        meant = self._counts(_TERMS, texts.terms(" ".join(technical(text))))
        parts = self._counts(_GRAMS, texts.trigrams(text))
        sought = ((_TERMS, 1.0, said), (_TERMS, _TECHNICAL_SHARE, meant), (_GRAMS, _GRAM_SHARE, parts))
        asked = [self._asked(*one, tenants, 2 * depth) for one in sought]
        return self._merged(asked, depth) or self._containing(text, tenants, depth)

    def _asked(self, table: _Table, share: float, counts: Mapping[str, int], tenants: Sequence[str], depth: int) -> _Asked:
        query = " OR ".join('"' + term.replace('"', '""') + '"' for term in _rarest(counts))
        rows = self._database.rows(table.match, (query, json.dumps(tenants), depth)) if query else []
        weights = {term: log(1 + (self._total - count + 0.5) / (count + 0.5)) for term, count in counts.items()}
        return _Asked(table, share, weights, {row: share * score for row, score in rows})

    def _merged(self, asked: Sequence[_Asked], depth: int) -> list[Hit]:
        """Scores added, best first; shares of the question added in squares; the detail is that of the first list that found an entry."""
        scores: Counter[int] = Counter()
        for one in asked:
            scores.update(one.scores)
        best = sorted(scores, key=lambda row: (-scores[row], row))[:depth]
        held = {table: dict(self._database.rows(table.held, (json.dumps(best),))) for table in (_TERMS, _GRAMS)}
        matched = ([(one, one.matched(held[one.table][row])) for one in asked if row in one.scores] for row in best)
        return [_hit(row, scores[row], found) for row, found in zip(best, matched, strict=True)]

    def _containing(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries whose text contains the query as it stands."""
        sought = texts.normal(text).strip()
        pattern = f"%{sought.replace('~', '~~').replace('%', '~%').replace('_', '~_')}%"
        rows = self._database.rows(_CONTAINING, (pattern, json.dumps(tenants), depth)) if sought else []
        return [Hit(row, 1.0, 0.5, sought) for (row,) in rows]

    def _counts(self, table: _Table, found: Sequence[str], seen_only: bool = False) -> dict[str, int]:
        """In how many entries each distinct term occurs."""
        distinct = list(dict.fromkeys(found))
        counts = dict(self._database.rows(table.count, (json.dumps(distinct),))) if distinct else {}
        return {term: counts.get(term, 0) for term in distinct if term in counts or not seen_only}


def _rarest(counts: Mapping[str, int]) -> list[str]:
    """The terms to look for: the rarest that occur at all, until they have brought enough rows."""
    ordered = sorted((term for term, count in counts.items() if count), key=lambda term: counts[term])[:_MAX_TERMS]
    rows = accumulate(counts[term] for term in ordered)
    return [term for place, (term, total) in enumerate(zip(ordered, rows, strict=True)) if place == 0 or total <= _MAX_ROWS]


def _hit(row: int, score: float, found: Sequence[tuple[_Asked, Mapping[str, float]]]) -> Hit:
    strength = hypot(*(one.strength(matched) for one, matched in found))
    _, first = found[0]
    return Hit(row, score, min(1.0, strength), ", ".join(sorted(first, key=lambda term: -first[term])[:_SHOWN]))
