"""`llm`: what language models are worth: a ledger by member, role and context, and recovery from retrieval, members and both.

Tables go to the program with the members' file; it asks every member with context and without. They are of all kinds of exact laws in a
folder of cases, evenly taken, or those of `sums`. Whether the law is among the first five is judged as in `recover`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import BenchError
from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, number, spread_out
from recommender.evaluate.cases import Case, find_cases
from recommender.evaluate.recover import generated_sums
from recommender.evaluate.recover_tasks import RecoverTask, Variant

TASKS = 20
QUICK = 4
LIMIT = 3600.0
KINDS = ("ai_feynman", "srsd_feynman", "composite", "strogatz", "shg_qpm")
SOURCES = ("retrieval", "members", "union")
JSON_BAR, PARSED_BAR = 0.99, 0.90


@dataclass(frozen=True)
class Asked:
    """One table for all members."""

    task: RecoverTask
    members: Path
    seed: int

    @property
    def label(self) -> str:
        return self.task.name


@dataclass(frozen=True)
class Ledger:
    """See the module. Rows are calls and, one a table and source, recoveries."""

    name: str = "ledger"
    needs_cases: bool = False
    hello: Mapping[str, Any] | None = field(default_factory=lambda: {"task": "hello", "index": True})
    columns: tuple[str, ...] = ("calls", "json", "parsed", "useful", "new", "five", "seconds")

    def cases(self, options: Options) -> Sequence[Asked]:
        if options.members is None:
            raise BenchError("bench_needs_members")
        tasks = _tasks(options, QUICK if options.quick else TASKS)
        return [Asked(task, options.members.absolute(), options.seed) for task in tasks]

    def run(self, case: Asked, program: Program) -> Sequence[Row]:
        path = program.folder / "table.csv"
        case.task.write(path)
        asked = {"task": "llm", "table": str(path), "members": str(case.members), "seed": case.seed, **case.task.question}
        answer = program.ask(asked, LIMIT)
        if answer.failure:
            return [Row(case.label, False, {"kind": "recovery", "source": source}, answer.failure) for source in SOURCES]
        calls = [Row(case.label, bool(call["useful"]), {"kind": "call", **call}, call["failure"]) for call in answer.value["calls"]]
        return [*calls, *(_recovery(case, source, answer.value["found"][source]) for source in SOURCES)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(_group(row), []).append(row)
        return [Row(name, True, _summary(group)) for name, group in groups.items()]

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        calls = [row for row in rows if row.values["kind"] == "call"]
        json_share, parsed = _share(calls, "json"), _parsed(calls)
        five = {source: sum(bool(row.values.get("five")) for row in rows if row.values.get("source") == source) for source in SOURCES}
        tables = sum(row.values.get("source") == "union" for row in rows)
        words = Sentence.of(
            "bench.ledger_measured", calls=len(calls), json=f"{100 * json_share:.0f}", parsed=f"{100 * parsed:.0f}", tables=tables, **five
        )
        better = five["union"] > max(five["retrieval"], five["members"])
        numbers = {"json": json_share, "parsed": parsed, **{f"five {source}": float(count) for source, count in five.items()}}
        missed = tuple(f"{row.case}: {row.failure}" for row in rows if row.failure)
        return Verdict(json_share >= JSON_BAR and parsed >= PARSED_BAR and better, words, numbers, missed)


def _tasks(options: Options, count: int) -> list[RecoverTask]:
    """So many tables, from each folder of cases as evenly as it goes."""
    if options.cases is None:
        return spread_out(list(generated_sums(Options(None, seed=options.seed), Variant())), count)
    folders: dict[Path, list[Case]] = {}
    for case in find_cases(options.cases, KINDS):
        folders.setdefault(case.folder.parent, []).append(case)
    each, more = divmod(count, min(count, len(folders)))
    chosen = (spread_out(cases, each + (place < more)) for place, cases in enumerate(list(folders.values())[:count]))
    return [RecoverTask.of(case, Variant(), options.seed) for cases in chosen for case in cases]


def _recovery(case: Asked, source: str, found: str | None) -> Row:
    """Where the law stands in the recommendation from one source."""
    from recommender.evaluate.recover_scoring import score
    from recommender.recommendation import Recommendation

    formulas = () if found is None else Recommendation.from_json(found).formulas
    rank = score(formulas, case.task, case.seed).rank if formulas else None
    values: dict[str, Value] = {"kind": "recovery", "source": source, "rank": rank, "five": rank is not None and rank <= 5}
    return Row(case.label, bool(values["five"]), values)


def _group(row: Row) -> str:
    if row.values["kind"] == "recovery":
        return str(row.values["source"])
    return f"{row.values['member']} / {row.values['role']} / {'+' if row.values['context'] else '-'}"


def _summary(rows: Sequence[Row]) -> dict[str, Value]:
    if rows[0].values["kind"] == "recovery":
        return {"calls": len(rows), "five": sum(bool(row.values.get("five")) for row in rows)}
    sums = {key: int(sum(number(row, key) for row in rows)) for key in ("useful", "new")}
    seconds = float(np.median([number(row, "seconds") for row in rows]))
    return {"calls": len(rows), "json": _percent(_share(rows, "json")), "parsed": _percent(_parsed(rows)), **sums, "seconds": seconds}


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _share(calls: Sequence[Row], key: str) -> float:
    return float(np.mean([bool(row.values[key]) for row in calls])) if calls else 0.0


def _parsed(calls: Sequence[Row]) -> float:
    """Formulas that could be read, of all that were offered."""
    read, lost = (sum(number(row, key) for row in calls) for key in ("offered", "rejected"))
    return read / (read + lost) if read + lost else 0.0
