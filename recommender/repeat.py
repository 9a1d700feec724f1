"""What a run was asked, kept so that the same question can be asked again."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from corpus.errors import ProblemError, StoreError
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.problem import Problem
from recommender.quantities import Quantity
from recommender.scope import Range
from recommender.splits import SplitBy
from recommender.store import RunRecord
from recommender.table import Table

ROUNDING = 1e-6


def question_told(problem: Problem) -> dict[str, object]:
    """What a table, a target and inputs do not tell, as JSON."""
    return {
        "typed": list(problem.typed),
        "group": "" if problem.grouping is None else problem.grouping.name,
        "known": [_quantity_told(quantity) for quantity in problem.known],
        "require": [requirement.text for requirement in problem.require],
        "notes": [note.to_dict() for note in problem.notes],
        "ranges": [[one.column, str(one.low), str(one.high)] for one in problem.ranges],  # JSON knows no infinity
        "split": problem.split.text,
    }


def asked_again(record: RunRecord, table: Table, sigma: str | None = None) -> Problem:
    """The recorded question about its table. ProblemError if it is another table, StoreError if the record is too old."""
    start, settings = record.start, record.start.settings
    if not {"known", "require", "notes"} <= set(settings):
        raise StoreError("replay_settings", run=record.id[:8])
    asked: dict[str, Any] = {name: settings[name] for name in ("typed", "require")}
    group = str(settings["group"]) or None
    problem = Problem.of(table, start.target, start.inputs, sigma=sigma, about=start.about, group=group, seed=start.seed, **asked)
    if problem.table.content_hash != start.table_hash:
        raise ProblemError("replay_table", table=table.name)
    rows: Any = settings["notes"]
    told: Any = settings.get("ranges", ())  # older records know neither
    ranges = [Range(column, float(low), float(high)) for column, low, high in told]
    scoped = problem.scoped(ranges, SplitBy.of(str(settings.get("split", "auto"))))
    return replace(scoped, known=tuple(_quantities(settings["known"])), notes=tuple(map(Sentence.from_dict, rows)))


def same_answer(recorded: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Whether two recommendations, as JSON, give the same formulas in the same order with all their evidence, to the last bit."""
    one, other = (json.dumps(each.get("formulas", []), sort_keys=True) for each in (recorded, again))
    return one == other


def alike_answer(recorded: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """Whether two recommendations, as JSON, give the same formulas in the same order, their numbers equal to ROUNDING: as close as another
    processor or another build of the numerical libraries comes."""
    one, other = recorded.get("formulas", []), again.get("formulas", [])
    return len(one) == len(other) and all(map(_same_formula, one, other))


def _same_formula(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if any(one[name] != other[name] for name in ("rank", "key", "text", "wire")):
        return False
    numbers = ([formula["score"], *(c["si"] for c in formula["coefficients"])] for formula in (one, other))
    return all(math.isclose(float(a), float(b), rel_tol=ROUNDING) or str(a) == str(b) for a, b in zip(*numbers, strict=True))


def _quantity_told(quantity: Quantity) -> Mapping[str, object]:
    unit = None if quantity.unit is None else quantity.unit.text
    return {"name": quantity.name, "value": quantity.value, "error": quantity.error, "unit": unit, "description": quantity.description}


def _quantities(rows: Any) -> Sequence[Quantity]:
    return [Quantity(**{**row, "unit": None if row["unit"] is None else parse_unit(row["unit"])}) for row in rows]
