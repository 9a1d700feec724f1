"""`golden`: questions in customers' words, and whether the entry that answers one is among the first found.

The questions are those the package verifies its own index with. One group was written after the search and its thesaurus were made and
was not looked at while tuning them (`held out`); it is reported apart. Each question is asked as free text with no table.

Ablation: every question is also asked of some channels alone; the table shows what each adds, and no bar is set for those lines.

The bar: recall@5 at least 0.92 in each language and in each group, recall@1 at least 0.65 in each language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.language import LANGUAGES, Sentence
from indexes.golden import GoldenQuery, packaged
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, spread_out

LIMIT = 60.0
QUICK = 60
CUTS = (1, 5, 10)
FIRST_FIVE, FIRST = 0.92, 0.65
SUBSETS: Mapping[str, tuple[str, ...]] = {
    "all": ("meaning", "words", "dimensions", "shape", "domain", "success"),
    "meaning": ("meaning",),
    "words": ("words",),
}


@dataclass(frozen=True)
class Question:
    """One golden question under a number."""

    number: int
    query: GoldenQuery

    @property
    def label(self) -> str:
        return f"{self.query.language} {self.query.group} {self.number}"


class GoldenQuestions:
    """See the module."""

    name = "golden"
    needs_cases = False
    hello: Mapping[str, Any] = {"task": "hello", "index": True}
    columns = ("count", "recall_1", "recall_5", "recall_10")

    def cases(self, options: Options) -> Sequence[Question]:
        asked = [Question(number, query) for number, query in enumerate(packaged().queries)]
        return spread_out(asked, QUICK) if options.quick else asked

    def run(self, case: Question, program: Program) -> Sequence[Row]:
        request = {"task": "retrieve", "about": case.query.text, "limit": max(CUTS), "subsets": SUBSETS}
        answer = program.ask(request, LIMIT)
        if answer.failure:
            return [Row(case.label, False, failure=answer.failure)]
        return [_row(case, channels, found) for channels, found in answer.value["found"].items()]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """One line per language, group and set of channels."""
        return [_summary(name, part) for name, part in _parts(rows).items()]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        parts = {name: _summary(name, part) for name, part in _parts(rows).items() if name.endswith(" all")}
        holds = all(row.passed for row in parts.values())
        numbers = {f"{name} {cut}": float(row.values[f"recall_{cut}"] or 0) for name, row in parts.items() for cut in CUTS}
        told = "; ".join(
            f"{name.removesuffix(' all')} {row.values['recall_1']:.2f}/{row.values['recall_5']:.2f}" for name, row in parts.items()
        )
        missed = tuple(row.case for row in rows if row.values.get("channels") == "all" and not row.passed)
        return Verdict(holds and not any(row.failure for row in rows), Sentence.of("bench.golden_measured", recall=told), numbers, missed)


def _row(case: Question, channels: str, found: Sequence[Sequence[str]]) -> Row:
    """The rank of the first answer among those found, each with its doubles."""
    accept = set(case.query.accept)
    rank = next((place for place, ids in enumerate(found, 1) if accept & set(ids)), 0)
    values: dict[str, Value] = {"rank": rank, "channels": channels, "language": case.query.language, "group": case.query.group}
    return Row(case.label, 0 < rank <= CUTS[1], values)


def _parts(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by language, group and channels."""
    parts: dict[str, list[Row]] = {}
    for channels in SUBSETS:
        for language in LANGUAGES:
            for row in rows:
                if (row.values.get("channels"), row.values.get("language")) == (channels, language):
                    parts.setdefault(f"{language} {row.values['group']} {channels}", []).append(row)
    return dict(sorted(parts.items(), key=lambda item: list(SUBSETS).index(item[0].rpartition(" ")[2])))


def _summary(name: str, rows: Sequence[Row]) -> Row:
    recall = {cut: sum(0 < int(row.values["rank"] or 0) <= cut for row in rows) / len(rows) for cut in CUTS}
    values: dict[str, Value] = {"count": len(rows), **{f"recall_{cut}": value for cut, value in recall.items()}}
    alone = not name.endswith(" all")  # what single channels do is information; the bar is on all together
    return Row(name, alone or (recall[5] >= FIRST_FIVE and recall[1] >= FIRST), values)
