"""What is asked of the index, and what it answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from corpus.dimension import Dimension
from corpus.entry import Entry
from corpus.language import Language, Sentence, domain_name, text
from indexes.shape import Shape

Channel = Literal["meaning", "words", "dimensions", "shape", "domain", "success"]
PUBLIC = "public"
_MAX_TEXT = 2000


@dataclass(frozen=True)
class ColumnHint:
    """What is known of one column. dimension None: its unit is unknown, so it may be anything."""

    name: str
    dimension: Dimension | None = None
    description: str = ""
    unit: str = ""

    @property
    def words(self) -> tuple[str, str]:
        return self.description, self.name


@dataclass(frozen=True)
class Query:
    """A question: free text, columns, or both.

    shape: how the target goes with the inputs, where there are rows (`indexes.shape_of`). tenant: besides the public entries, this tenant's
    own are searched. exclude_tables: entries learned from a table with one of these hashes are left out. limit: how many entries to
    return at most.
    """

    text: str = ""
    language: Language | None = None
    target: ColumnHint | None = None
    inputs: tuple[ColumnHint, ...] = ()
    tenant: str = PUBLIC
    exclude_tables: frozenset[str] = frozenset()
    limit: int = 10
    shape: Shape | None = None

    @property
    def tenants(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((PUBLIC, self.tenant)))

    @property
    def words(self) -> str:
        """The text and the words of the columns, in one line, compatibility forms made plain."""
        parts = [self.text, *(words for column in self._columns() for words in column.words if words not in self.text)]
        plain = unicodedata.normalize("NFKC", ". ".join(part for part in parts if part)[: 2 * _MAX_TEXT])
        return " ".join(plain.encode("utf-8", "replace").decode("utf-8").split())[:_MAX_TEXT]

    def _columns(self) -> Iterator[ColumnHint]:
        if self.target is not None:
            yield self.target
        yield from self.inputs


@dataclass(frozen=True)
class Reason:
    """Why one channel found an entry: its rank there (1 is best), and what it saw (a cosine, the words, the matched columns).

    words: the same as `detail` as sentences, from a channel that speaks in them; `detail` is then in English.
    """

    channel: Channel
    rank: int
    detail: str
    words: tuple[Sentence, ...] = ()

    def text(self, language: Language = "en") -> str:
        """The reason as a sentence."""
        detail = "; ".join(sentence.text(language) for sentence in self.words) or self.detail
        detail = domain_name(detail, language) if self.channel == "domain" else detail
        return text(f"index.reason_{self.channel}", language, rank=self.rank, detail=detail)


@dataclass(frozen=True)
class Retrieved:
    """An entry, its fused score (comparable within one answer only), why it was found, and the ids of its doubles."""

    entry: Entry
    score: float
    reasons: tuple[Reason, ...]
    doubles: tuple[str, ...] = ()
