"""`meaning`: which quantity of the groups does a coefficient stand for?

Each table holds curves of several devices, temperatures or runs (see `meaning_tables`); the person types the form, names the column of
the groups, and gives nothing else. A case passes if the reading named first for the coefficient asked for names exactly the columns it was
made from. `meaning_found` gives no form: it passes where the same is true of some coefficient of the formula at rank 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from corpus.language import Sentence
from recommender.evaluate._base import Options, Program, Row, Value, Verdict, spread_out
from recommender.evaluate.meaning_other import OTHER
from recommender.evaluate.meaning_tables import KINDS, Kind, MeaningTable, draw

LIMIT = 120.0
QUICK = 4
SECONDS = 5.0


@dataclass(frozen=True)
class Case:
    """A table and the seed of its run; found: whether the form is to be found."""

    table: MeaningTable
    seed: int

    @property
    def label(self) -> str:
        return self.table.label


@dataclass(frozen=True)
class Meanings:
    """See the module; at least `bar` of the tables must pass."""

    name: str
    kinds: Sequence[Kind]
    bar: int
    typed: bool = True
    needs_cases: bool = False
    columns: tuple[str, ...] = ("groups", "coefficient", "relation", "strength", "chance", "seconds")

    @property
    def hello(self) -> Mapping[str, Any]:
        return {"task": "hello", "index": not self.typed}

    def cases(self, options: Options) -> Sequence[Case]:
        kinds = spread_out(self.kinds, QUICK) if options.quick else self.kinds
        return [Case(draw(kind, options.seed), options.seed) for kind in kinds]

    def run(self, case: Case, program: Program) -> Sequence[Row]:
        table = case.table
        answer = program.ask(self._question(case, program.folder), LIMIT)
        if answer.failure:
            return [Row(case.label, False, {"seconds": answer.seconds}, answer.failure)]
        found = _readings(answer.value["recommendation"], table.asked if self.typed else None)
        right = [one for one in found if frozenset(one.quantities) == table.expected]
        best = (right or found or [None])[0]
        values: dict[str, Value] = {"groups": len(set(table.columns[_full(table.group, table.columns)])), "seconds": answer.seconds}
        if best is not None:
            values |= {"coefficient": best.relation.partition(" = ")[0] or table.asked, "relation": best.relation or best.words.text()}
            values |= {"strength": best.strength, "chance": best.chance}
        return [Row(case.label, bool(right), values)]

    def _question(self, case: Case, folder: Path) -> dict[str, Any]:
        import pandas as pd

        path = folder / "table.csv"
        pd.DataFrame(case.table.columns).to_csv(path, index=False)
        asked: dict[str, Any] = {"task": "recommend", "table": str(path), "units": {}, "descriptions": {}, "about": "", "inputs": None}
        asked |= {"target": case.table.target, "group": case.table.group, "seed": case.seed, "limit": 5}
        if self.typed:
            return {**asked, "typed": [case.table.form], "corpus": False, "seconds": 0}
        return {**asked, "seconds": SECONDS}

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        passed = sum(row.passed for row in rows)
        bar = self.bar * len(rows) / len(self.kinds)
        words = Sentence.of("bench.meaning_measured", passed=passed, count=len(rows))
        return Verdict(
            passed >= bar, words, {"passed": float(passed), "count": float(len(rows))}, tuple(r.case for r in rows if not r.passed)
        )


def _full(name: str, headers: Iterable[str]) -> str:
    return next(header for header in headers if header.partition(" [")[0] == name.partition(" [")[0])


def _readings(text: str, asked: str | None) -> list[Any]:
    """The reading named first of one coefficient of the typed formula, or of each one of the first formula."""
    from recommender.recommendation import Recommendation

    formulas = Recommendation.from_json(text).formulas
    if asked is None:
        return [c.interpretations[0] for c in formulas[0].coefficients if c.interpretations] if formulas else []
    typed = [f for f in formulas if any(origin.proposer == "typed" for origin in f.origins)]
    whole = sorted(typed, key=lambda f: -len(f.coefficients))[:1]  # as it was typed, not what it may be simplified to
    return [c.interpretations[0] for f in whole for c in f.coefficients if c.name == asked and c.interpretations]


def meaning() -> Meanings:
    """The tables it was developed on, drawn anew for each seed."""
    return Meanings("meaning", KINDS, 11)


def other() -> Meanings:
    """Kinds of tables written after it was finished."""
    return Meanings("meaning_other", OTHER, 11)


def found() -> Meanings:
    """The same tables without the form."""
    return replace(meaning(), name="meaning_found", bar=8, typed=False)
