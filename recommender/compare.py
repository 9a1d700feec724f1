"""What two runs have in common, and in what they differ."""

from __future__ import annotations

from collections.abc import Iterator

from corpus.language import Sentence
from recommender.store import CandidateRow, RunRecord

_ASKED = ("table_name", "table_hash", "target", "inputs", "about", "seed")
_LEFT_OUT = {"table", "members", "caps", "notes"}


def compared(one: RunRecord, other: RunRecord) -> Iterator[Sentence]:
    """Sentences: what was asked differently, then the formulas of both, of the first only, of the second only."""
    yield from _asked(one, other)
    mine, theirs = ({row.key: row for row in record.candidates} for record in (one, other))
    for key in (key for key in mine if key in theirs):
        yield Sentence.of("diff.both", formula=mine[key].formula, a=mine[key].rank, b=theirs[key].rank)
    yield from _only("diff.first", [row for key, row in mine.items() if key not in theirs])
    yield from _only("diff.second", [row for key, row in theirs.items() if key not in mine])


def _asked(one: RunRecord, other: RunRecord) -> Iterator[Sentence]:
    pairs = [(name, getattr(one.start, name), getattr(other.start, name)) for name in _ASKED]
    names = sorted({*one.start.settings, *other.start.settings} - _LEFT_OUT)
    pairs += [(name, one.start.settings.get(name), other.start.settings.get(name)) for name in names]
    changed = [pair for pair in pairs if pair[1] != pair[2]]
    yield from (Sentence.of("diff.asked", name=name, a=a, b=b) for name, a, b in changed)
    if not changed:
        yield Sentence.of("diff.same")


def _only(key: str, rows: list[CandidateRow]) -> Iterator[Sentence]:
    return (Sentence.of(key, formula=row.formula, rank=row.rank) for row in rows)
