"""`hidden`: tables whose law the corpus holds, found from units and shape alone.

Each table goes to the index with its words taken away: columns named y, x0, x1, ..., no descriptions, no context, units kept. Found means:
one of the entries that are the law (see `retrieve_truth`) stands among the first ten. The same table is asked for again with the
customer's words, and with channels left out, so that the table shows what each adds. Tables whose law the corpus does not hold, or holds
only as a generic shape (which the program tries on every table without looking for it), are left out; the verdict says how many.

The bar: 70 % from units and shape, 95 % with words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from corpus.entry import Entry
from corpus.language import Sentence
from corpus.load import seed_entries
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, spread_out
from recommender.evaluate.cases import Case, Sheet, find_cases
from recommender.evaluate.retrieve_truth import Law, is_generic, true_entries

SOURCES = ("ai_feynman", "srsd_feynman", "empirical_laws", "measured", "refractive_index", "shg_qpm")
LIMIT = 60.0
DEPTH = 10
QUICK = 24
HIDDEN, WORDED = 0.7, 0.95
_ALL = ("meaning", "words", "dimensions", "shape", "domain", "success")
_BARE: Mapping[str, tuple[str, ...]] = {"units and shape": ("dimensions", "shape"), "units": ("dimensions",), "shape": ("shape",)}
_TOLD: Mapping[str, tuple[str, ...]] = {
    "with words": _ALL,
    "words alone": ("meaning", "words"),
    **{f"without {channel}": tuple(name for name in _ALL if name != channel) for channel in _ALL[:-1]},
}


@dataclass(frozen=True)
class HiddenCase:
    """A case."""

    case: Case

    @property
    def label(self) -> str:
        return self.case.label


class Hidden:
    """See the module."""

    name = "hidden"
    needs_cases = True
    hello: Mapping[str, Any] = {"task": "hello", "index": True}
    columns = ("count", "recall_1", "recall_5", "recall_10")

    def cases(self, options: Options) -> Sequence[HiddenCase]:
        found = [HiddenCase(case) for case in find_cases(options.cases, SOURCES)]
        return spread_out(found, QUICK) if options.quick else found

    def run(self, case: HiddenCase, program: Program) -> Sequence[Row]:
        true = {identifier for identifier in true_entries(Law.of(case.case), _entries()) if not is_generic(identifier)}
        if not true:
            return [Row(case.label, True, {"question": "", "rank": None})]
        rows: list[Row] = []
        for request in (_bare(case.case, program), _worded(case.case, program)):
            answer = program.ask(request, LIMIT)
            if answer.failure:
                return [Row(case.label, False, failure=answer.failure)]
            rows += [_row(case.label, name, found, true) for name, found in answer.value["found"].items()]
        return rows

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        """One line per way of asking."""
        return [_summary(name, _asked(rows, name)) for name in (*_BARE, *_TOLD) if _asked(rows, name)]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        shares = {name: _recall(_asked(rows, name), DEPTH) for name in (*_BARE, *_TOLD)}
        bare, told = shares["units and shape"], shares["with words"]
        unknown = sum(row.values.get("question") == "" for row in rows)
        held = len(_asked(rows, "with words"))
        words = Sentence.of("bench.hidden_measured", hidden=f"{100 * bare:.0f}", worded=f"{100 * told:.0f}", count=held, unknown=unknown)
        missed = tuple(f"{row.case} ({row.values['question']})" for row in rows if not row.passed and not row.failure)
        failed = any(row.failure for row in rows)
        return Verdict(bare >= HIDDEN and told >= WORDED and not failed, words, shares, missed)


@cache
def _entries() -> Sequence[Entry]:
    return seed_entries()


def _worded(case: Case, program: Program) -> dict[str, Any]:
    """What a customer would give."""
    path = program.folder / "table.csv"
    case.train.write(path)
    return {"task": "retrieve", "table": str(path), "limit": DEPTH, "subsets": _TOLD, **case.question}


def _bare(case: Case, program: Program) -> dict[str, Any]:
    """The numbers and units alone: columns under new names, in the order of the problem."""
    names = {case.target: "y"} | {name: f"x{i}" for i, name in enumerate(case.features)}
    sheet, path = case.train, program.folder / "hidden.csv"
    places = [sheet.header.index(name) for name in names]
    cells = tuple(tuple(row[place] if place < len(row) else "" for place in places) for row in sheet.cells)
    Sheet(tuple(names.values()), cells).write(path)
    units = {names[name]: unit for name, unit in case.question["units"].items()}
    question = {"about": "", "target": "y", "inputs": [names[name] for name in case.features], "units": units, "descriptions": {}}
    return {"task": "retrieve", "table": str(path), "limit": DEPTH, "subsets": _BARE, **question}


def _row(label: str, question: str, found: Sequence[Sequence[str]], true: set[str]) -> Row:
    rank = next((place for place, ids in enumerate(found, 1) if true & set(ids)), 0)
    passed = rank > 0 or question not in ("units and shape", "with words")
    return Row(label, passed, {"question": question, "rank": rank})


def _asked(rows: Sequence[Row], question: str) -> list[Row]:
    return [row for row in rows if row.values.get("question") == question]


def _recall(rows: Sequence[Row], cut: int) -> float:
    return sum(0 < int(row.values["rank"] or 0) <= cut for row in rows) / max(1, len(rows))


def _summary(name: str, rows: Sequence[Row]) -> Row:
    values: dict[str, Value] = {"count": len(rows), **{f"recall_{cut}": _recall(rows, cut) for cut in (1, 5, DEPTH)}}
    bar = {"units and shape": HIDDEN, "with words": WORDED}.get(name, 0.0)
    return Row(name, _recall(rows, DEPTH) >= bar, values)
