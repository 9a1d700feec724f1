"""`traps_first`, `traps_second`: whether tables that deceive are flagged, for the right reason, and honest ones are not.

Each table goes to the recommender as a customer would give it. A trap counts as flagged if a warning on the table (or the refusal to
begin, or the note that a column was left out) says what was done to it and names the column; any warning on an honest table, or a
guard's on its first formula, is a false alarm. The thresholds of the guards were settled with the first half in view; the second has
other laws. The bar for each half: 19 of 20 traps, at most 1 false alarm in 10 honest tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.errors import ProblemError
from corpus.language import Sentence
from recommender.evaluate._base import Answer, Options, Program, Row, Verdict, spread_out
from recommender.evaluate.cases import Sheet
from recommender.evaluate.trap_tables import FIRST, SECOND, Trapped, trap_tables

LIMIT = 240.0
SECONDS = 0.0
QUICK = 4
TRAPS, ALARMS = 0.95, 0.1
REASONS: Mapping[str, frozenset[str]] = {
    "leak": frozenset({"guard.leak", "guard.leak_function", "guard.leak_lagged", "note.input_is_target"}),
    "shuffled": frozenset({"guard.chance", "guard.still"}),
    "noise": frozenset({"guard.chance", "guard.still"}),
    "repeated": frozenset({"guard.repeated_rows"}),
    "tied": frozenset({"guard.tied_inputs"}),
    "constant": frozenset({"guard.flat_target", "guard.still"}),
    "ignored": frozenset({"guard.ignored_input"}),
    "unit": frozenset({"guard.unit_column", "guard.unit_coefficient"}),
}


@dataclass(frozen=True)
class TrapCase:
    """A table and the seed of its run."""

    table: Trapped
    seed: int

    @property
    def label(self) -> str:
        return self.table.label


@dataclass(frozen=True)
class Traps:
    """See the module. tables: FIRST or SECOND."""

    name: str
    tables: str
    needs_cases: bool = False
    hello: Mapping[str, Any] | None = None
    columns: tuple[str, ...] = ("trap", "flags", "seconds")

    def cases(self, options: Options) -> Sequence[TrapCase]:
        found = trap_tables(self.tables, options.seed)
        return [TrapCase(table, options.seed) for table in (spread_out(found, QUICK) if options.quick else found)]

    def run(self, case: TrapCase, program: Program) -> Sequence[Row]:
        answer = program.ask(_question(case, program), LIMIT)
        flags = _flags(answer, case.table)
        if flags is None:
            return [Row(case.label, False, {"trap": case.table.kind, "seconds": answer.seconds}, answer.failure)]
        passed = _right(flags, case.table) if case.table.kind else not flags
        shown = ", ".join(dict.fromkeys(flag.key.partition(".")[2] for flag in flags))
        return [Row(case.label, passed, {"trap": case.table.kind, "flags": shown, "seconds": answer.seconds})]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        traps = [row for row in rows if row.values["trap"]]
        honest = [row for row in rows if not row.values["trap"]]
        flagged, alarms = sum(row.passed for row in traps), sum(not row.passed for row in honest)
        numbers = {"flagged": float(flagged), "traps": float(len(traps)), "alarms": float(alarms), "honest": float(len(honest))}
        words = Sentence.of("bench.traps_measured", flagged=flagged, traps=len(traps), alarms=alarms, honest=len(honest))
        holds = flagged >= TRAPS * len(traps) and alarms <= ALARMS * len(honest)
        return Verdict(holds, words, numbers, tuple(row.case for row in rows if not row.passed))


def _question(case: TrapCase, program: Program) -> dict[str, Any]:
    """The request of a customer: the numbers as a file would have them, their units, a few words."""
    table = case.table
    cells = tuple(tuple(f"{value:.10g}" for value in row) for row in zip(*table.columns.values(), strict=True))
    path = program.folder / "table.csv"
    Sheet(tuple(table.columns), cells).write(path)
    asked = {"target": table.target, "inputs": table.inputs, "units": dict(table.units), "descriptions": {}, "about": table.about}
    return {"task": "recommend", "table": str(path), "seed": case.seed, "limit": 5, "seconds": SECONDS, **asked}


def _flags(answer: Answer, table: Trapped) -> list[Sentence] | None:
    """What was said against the table and its first formula; None where the program failed."""
    refused = ProblemError("target_constant", target=table.target)
    if answer.failure == f"ProblemError: {refused}":
        return [Sentence.of("guard.flat_target", target=table.target)]
    if answer.failure:
        return None
    found = json.loads(answer.value["recommendation"])
    first = found["formulas"][0]["warnings"] if found["formulas"] else []
    on_first = [Sentence.from_dict(one) for one in first if one["key"].startswith("guard.")]
    left_out = [Sentence.from_dict(one) for one in found["notes"] if one["key"] == "note.input_is_target"]
    return [*map(Sentence.from_dict, found["warnings"]), *on_first, *left_out]


def _right(flags: Sequence[Sentence], table: Trapped) -> bool:
    """One of the flags has the right reason and names every column concerned."""
    return any(flag.key in REASONS[table.kind] and all(_names(flag, column) for column in table.named) for flag in flags)


def _names(flag: Sentence, column: str) -> bool:
    values = dict(flag.values)
    return column in [name.strip() for key in ("name", "names") for name in str(values.get(key, "")).split(",")]


def first() -> Traps:
    """The half the guards were made with."""
    return Traps("traps_first", FIRST)


def second() -> Traps:
    """The half kept for the end."""
    return Traps("traps_second", SECOND)
