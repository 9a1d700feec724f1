"""The word channel: SQLite full-text search (bm25) over both languages, symbols and aliases.

Two indexes: `terms` holds stems, single kanji and kanji pairs; `grams` is FTS5's trigram index, which finds parts of words and kana.
Neither finds one or two letters of running text (a trigram needs three), so such a query falls back to LIKE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log, sqrt

from corpus.entry import Entry
from indexes import texts
from indexes.database import Database, marks
from indexes.fuse import Hit

_FIELDS = {"title": 3.0, "keywords": 3.0, "quantities": 1.5, "body": 1.0, "symbols": 1.0}
_CREATE = (
    f"CREATE VIRTUAL TABLE terms USING fts5({', '.join(_FIELDS)}, tokenize = 'unicode61 remove_diacritics 0')",
    "CREATE VIRTUAL TABLE terms_seen USING fts5vocab(terms, 'row')",
    "CREATE VIRTUAL TABLE grams USING fts5(content, tokenize = 'trigram')",
    "CREATE VIRTUAL TABLE grams_seen USING fts5vocab(grams, 'row')",
)
_MAX_TERMS = 40
_GRAM_SHARE = 0.3
_SHOWN = 6


def write(database: Database, entries: Iterable[Entry]) -> None:
    """Rows are numbered in the order given."""
    for sql in _CREATE:
        database.run(sql)
    fields = [texts.searchable(entry) for entry in entries]
    database.insert(
        f"INSERT INTO terms (rowid, {', '.join(_FIELDS)}) VALUES ({marks([0, *_FIELDS])})",
        ((row, *(" ".join(_indexed(name, found[name])) for name in _FIELDS)) for row, found in enumerate(fields)),
    )
    database.insert("INSERT INTO grams (rowid, content) VALUES (?, ?)", ((r, texts.normal("\n".join(f.values()))) for r, f in enumerate(fields)))
    for table in ("terms", "grams"):
        database.run(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def _indexed(field: str, text: str) -> list[str]:
    return texts.terms(text) + ([] if field == "body" else texts.kana_names(text))


class Words:
    """Reads the two indexes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._total = int(database.rows("SELECT count(*) FROM entry")[0][0])

    def search(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries that share words with the text, best first; strength grows with the share of the text's rare words they hold."""
        found = {hit.row: hit for hit in self._by_grams(text, tenants, depth)}
        for hit in self._by_terms(text, tenants, depth):
            other = found.get(hit.row)
            found[hit.row] = hit if other is None else Hit(hit.row, hit.score + other.score, max(hit.strength, other.strength), hit.detail)
        hits = sorted(found.values(), key=lambda hit: (-hit.score, hit.row))[:depth]
        return hits or self._containing(text, tenants, depth)

    def _by_terms(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """bm25 over stems and kanji, weighted by field."""
        weights = self._rarity("terms", texts.terms(text)) | self._rarity("terms", texts.kana_words(text), seen_only=True)
        kept = _rarest(weights)
        rows = self._match("terms", kept, f"bm25(terms, {', '.join(map(str, _FIELDS.values()))})", " || ' ' || ".join(_FIELDS), tenants, depth)
        return [_hit(row, score, set(held.split()), weights) for row, score, held in rows]

    def _by_grams(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """bm25 over trigrams; a part of a word counts for less than a word."""
        weights = self._rarity("grams", texts.trigrams(text))
        rows = self._match("grams", _rarest(weights), "bm25(grams)", "content", tenants, depth)
        hits = [_hit(row, score, {gram for gram in weights if gram in held}, weights) for row, score, held in rows]
        return [Hit(hit.row, _GRAM_SHARE * hit.score, _GRAM_SHARE * hit.strength, hit.detail) for hit in hits]

    def _containing(self, text: str, tenants: Sequence[str], depth: int) -> list[Hit]:
        """Entries whose text contains the query as it stands."""
        sought = texts.normal(text).strip()
        pattern = f"%{sought.replace('~', '~~').replace('%', '~%').replace('_', '~_')}%"
        rows = self._database.rows(
            f"SELECT row FROM grams JOIN entry ON row = grams.rowid WHERE content LIKE ? ESCAPE '~' AND tenant IN ({marks(tenants)}) ORDER BY row LIMIT ?",
            (pattern, *tenants, depth),
        )
        return [Hit(row, 1.0, 0.5, sought) for (row,) in rows] if sought else []

    def _rarity(self, table: str, found: Sequence[str], seen_only: bool = False) -> Mapping[str, float]:
        """Inverse document frequency of each distinct term, as bm25 uses it but never negative."""
        distinct = list(dict.fromkeys(found))
        counts = dict(self._database.rows(f"SELECT term, doc FROM {table}_seen WHERE term IN ({marks(distinct)})", distinct))
        kept = [term for term in distinct if term in counts or not seen_only]
        return {term: log(1 + (self._total - counts.get(term, 0) + 0.5) / (counts.get(term, 0) + 0.5)) for term in kept}

    def _match(self, table: str, sought: Sequence[str], rank: str, held: str, tenants: Sequence[str], depth: int) -> list[tuple[int, float, str]]:
        if not sought:
            return []
        query = " OR ".join('"' + term.replace('"', '""') + '"' for term in sought)
        return self._database.rows(
            f"SELECT row, -{rank} AS score, {held} FROM {table} JOIN entry ON row = {table}.rowid"
            f" WHERE {table} MATCH ? AND tenant IN ({marks(tenants)}) ORDER BY score DESC, row LIMIT ?",
            (query, *tenants, depth),
        )


def _rarest(weights: Mapping[str, float]) -> list[str]:
    return sorted(weights, key=lambda term: -weights[term])[:_MAX_TERMS]


def _hit(row: int, score: float, held: set[str], weights: Mapping[str, float]) -> Hit:
    matched = [term for term in weights if term in held]
    share = sum(weights[term] for term in matched) / sum(weights.values())
    return Hit(row, score, sqrt(share), ", ".join(_rarest({term: weights[term] for term in matched})[:_SHOWN]))
