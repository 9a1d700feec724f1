"""From what the sources give to one corpus: validated, ids unique, the same law only once, everything left out told with its reason.

    collect -> validate -> canonicalise -> merge

Order decides: of two entries with one id, and of two that say the same, the one whose source comes first stays. Public entries go before
those of a tenant, so that nobody's private entry can keep a public one out. Tenants do not see each other, so they may use the same ids.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from corpus import tree
from corpus.canonical import canonicalise
from corpus.entry import Entry, Parameter, Quantity, violations
from corpus.errors import RecommenderError
from corpus.formula import Formula
from corpus.language import Sentence
from corpus.quarantine import Held
from corpus.sources import Collected, Source

PUBLIC = "public"
Advance = Callable[[int], None]


@dataclass(frozen=True)
class Reading:
    """What one source gave.

    problem: why it could not be read; `items` are then those of its last good reading. trusted: its entries are checked elsewhere.
    """

    source: str
    items: Sequence[Collected]
    problem: RecommenderError | None = None
    trusted: bool = False

    def count(self, state: str) -> int:
        return sum(item.state == state for item in self.items)


@dataclass(frozen=True)
class Folded:
    """An entry left out because the corpus has its law already."""

    id: str
    source: str
    where: str
    same_as: str


@dataclass
class Merged:
    """The corpus, and everything that did not get into it."""

    entries: list[Entry] = field(default_factory=list)
    folded: list[Folded] = field(default_factory=list)
    rejected: list[Held] = field(default_factory=list)
    drafts: list[Held] = field(default_factory=list)


def read(source: Source, since: float | None = None, *, trusted: bool = False) -> Reading:
    """Every item of a source, or of its files changed since then. A source that is not there gives none, and says why."""
    try:
        return Reading(source.name, list(source.collect(since)), trusted=trusted)
    except RecommenderError as error:
        return Reading(source.name, [], error)


def merge(readings: Iterable[Reading], advance: Advance = lambda _: None) -> Merged:
    """The readings in order of precedence, as one corpus. advance is told how many items are done."""
    merged = Merged()
    complete: list[tuple[Reading, Collected, Entry]] = []
    for reading in readings:
        for item in reading.items:
            if item.entry is not None and item.state == "complete":
                complete.append((reading, item, item.entry))
            else:
                (merged.drafts if item.state == "review" else merged.rejected).append(Held.of(reading.source, item))
    gate = _Gate(merged)
    for done, (reading, item, entry) in enumerate(sorted(complete, key=lambda one: one[2].tenant != PUBLIC), 1):
        gate.admit(reading, item, entry)
        advance(done)
    return merged


class _Gate:
    """Lets entries into the corpus one by one."""

    def __init__(self, merged: Merged) -> None:
        self._merged = merged
        self._ids: dict[tuple[str, str], str] = {}
        self._alike: dict[tuple[str, tuple[str, ...]], _Alike] = {}

    def admit(self, reading: Reading, item: Collected, entry: Entry) -> None:
        """Enter it, fold it into the one that says the same, or reject it with the reason."""
        reason = None if reading.trusted else broken(entry)
        if reason is None and not reading.trusted and (same := self._same(entry)) is not None:
            self._merged.folded.append(Folded(entry.id, reading.source, item.where, same.id))
            return
        if where := self._ids.get((PUBLIC, entry.id)) or self._ids.get((entry.tenant, entry.id)):
            reason = reason or Sentence.of("ingest.id_taken", id=entry.id, where=where)
        if reason is not None:
            self._merged.rejected.append(Held.of(reading.source, Collected(item.where, entry, (reason,))))
            return
        self._ids[entry.tenant, entry.id] = f"{reading.source}, {item.where}"
        self._alike.setdefault((entry.tenant, quantities(entry)), _Alike()).add(entry)
        self._merged.entries.append(entry)

    def _same(self, entry: Entry) -> Entry | None:
        """The entry in the corpus with the same quantities and the same canonical form."""
        groups = (self._alike.get((tenant, quantities(entry))) for tenant in (PUBLIC, entry.tenant))
        return next((same for group in groups if group and (same := group.find(entry)) is not None), None)


class _Alike:
    """Entries of the same quantities; their canonical forms are worked out only once somebody asks."""

    def __init__(self) -> None:
        self._new: list[Entry] = []
        self._laws: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        self._new.append(entry)

    def find(self, entry: Entry) -> Entry | None:
        for other in self._new:
            self._laws.setdefault(law_key(other), other)
        self._new.clear()
        return self._laws.get(law_key(entry))


def broken(entry: Entry) -> Sentence | None:
    """The rules of the corpus an entry breaks, as one reason."""
    problems = tuple(f"{problem.rstrip('.')}." for problem in _problems(entry))
    return Sentence.of("ingest.breaks", problems=problems) if problems else None


def _problems(entry: Entry) -> Iterator[str]:
    try:
        yield from violations(entry)
    except (ArithmeticError, ValueError, LookupError) as error:  # a check block whose numbers overflow, and the like
        yield f"{type(error).__name__}: {error}"


def law_key(entry: Entry) -> str:
    """Equal for two entries of the same `quantities` that are the same law, however the formula is spelled and its symbols are called."""
    variables = sorted(entry.variables, key=_quantity)
    names = {tree.var(part.symbol): tree.var(f"x{i}") for i, part in enumerate(variables)}
    return canonicalise(Formula(tree.substitute(entry.formula_tree.root, names))).key


def quantities(entry: Entry) -> tuple[str, ...]:
    """What target and variables stand for, in words."""
    return _quantity(entry.target), *sorted(map(_quantity, entry.variables))


def _quantity(part: Quantity | Parameter) -> str:
    """What a symbol stands for: its words, spelling evened out."""
    return " ".join(unicodedata.normalize("NFKC", part.meaning.en or part.meaning.ja).casefold().split())


__all__ = ["PUBLIC", "Folded", "Held", "Merged", "Reading", "broken", "law_key", "merge", "quantities", "read"]
