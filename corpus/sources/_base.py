"""What a source gives, and what every source promises.

A source is anything with a name and a method `collect()` that walks its items in a stable order and gives one `Collected` for each:

    complete    an entry with nothing left to ask; it may go into the corpus as it is
    review      an entry with gaps or guesses: `missing` says what a person must add or confirm first
    rejected    no entry; `reason` says why and what to do, `raw` holds the item as it stood

Nothing is dropped silently and a bad item never stops the others: what cannot be read is a rejected item. `collect` raises
`EntryError` only where the source as a whole is not there (no such folder, no database). Reading the same source twice gives the
same items; nothing in it is executed, no link is followed, and every file has limits of size and time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from corpus.entry import Entry
from corpus.language import Sentence

MAX_RAW = 4000
State = Literal["complete", "review", "rejected"]


@dataclass(frozen=True)
class Collected:
    """One item of a source.

    where: the place a person looks it up, `heat.yaml:12`, `paper.pdf, page 3`, `row 17`; unique within one reading.
    entry: always valid by schema; where a unit could not be told it is `any`, where words are missing they are empty.
    missing: what a person must add or confirm before the entry may be used; empty if it is complete.
    reason: why there is no entry; None exactly where there is one.
    raw: the item as it stood, at most MAX_RAW characters.
    """

    where: str
    entry: Entry | None = None
    missing: tuple[Sentence, ...] = ()
    reason: Sentence | None = None
    raw: str = ""

    @classmethod
    def rejected(cls, where: str, reason: Sentence, raw: str = "") -> Collected:
        """An item that gives no entry."""
        return cls(where, reason=reason, raw=raw[:MAX_RAW])

    @property
    def state(self) -> State:
        return "rejected" if self.entry is None else "review" if self.missing else "complete"


@runtime_checkable
class Source(Protocol):
    """Gives items: each once, in an order that stays the same until the source itself changes."""

    @property
    def name(self) -> str:
        """Short stable name."""
        ...

    def collect(self, since: float | None = None) -> Iterator[Collected]:
        """The items, one by one; EntryError if the source as a whole is not there.

        since: seconds since the epoch; only what changed after it is wanted. A source that cannot tell gives everything.
        """
        ...
