"""Which symbol of a corpus entry is which column of the table.

An assignment maps symbols to columns; what stays unassigned becomes a coefficient. The dimensions of all columns together
must be possible; a column in another dimension than the entry states (ppm for mol/L) needs words in common. Names, words
and ranges rank what remains. A beam keeps the search small.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from corpus.dimension import infer
from corpus.entry import ANY_UNIT, Entry, Parameter, Quantity
from recommender.problem import Problem
from recommender.table import Column

MAX_HELD = 2
OTHER_UNIT = 1.0
_BEAM = 40
_UNASSIGNED_VARIABLE = 0.8
_UNUSED_COLUMN = 1.0
_PARAMETER_AS_COLUMN = 0.6
_VARIABLE = 0.5


@dataclass(frozen=True)
class Assignment:
    """symbol -> x0, x1, ...; a higher score is a better match."""

    columns: Mapping[str, str]
    score: float


def assignments(entry: Entry, problem: Problem, limit: int) -> list[Assignment]:
    """The best ways to read the table as this entry; empty if the target cannot be its target."""
    start = 2 * similarity(entry.target, problem.target)
    if not _fits(entry, entry.target, problem.target):
        start -= OTHER_UNIT
        if start < 0 or not entry.homogeneous:
            return []
    beam = [Assignment({}, start)]
    for i, column in enumerate(problem.inputs):
        scores = _column_scores(entry, column)
        beam = [extended for partial in beam for extended in _extend(partial, f"x{i}", scores)]
        beam = sorted(beam, key=lambda a: (-a.score, sorted(a.columns.items())))[:_BEAM]
    usable = [_settle(entry, a) for a in beam if _enough(entry, a) and _consistent(entry, a, problem)]
    return sorted(usable, key=lambda a: (-a.score, sorted(a.columns.items())))[:limit]


def _enough(entry: Entry, assignment: Assignment) -> bool:
    """A shape needs all its variables; of a law, one or two may have been held constant in this experiment."""
    variables = {variable.symbol for variable in entry.variables}
    missing = len(variables - assignment.columns.keys())
    return missing < len(variables) and missing <= (0 if entry.target.unit == ANY_UNIT else MAX_HELD)


def _consistent(entry: Entry, assignment: Assignment, problem: Problem) -> bool:
    """Units agree for some units of the coefficients; concentrations, say, come in three dimensions."""
    if not entry.homogeneous:
        return True
    known = {symbol: unit for symbol, name in assignment.columns.items() if (unit := problem.dimensions.get(name)) is not None}
    if problem.has_units:
        known |= entry.constant_dimensions
    return infer(entry.formula_tree.root, known, problem.target_dimension).consistent


def _settle(entry: Entry, assignment: Assignment) -> Assignment:
    missing = sum(variable.symbol not in assignment.columns for variable in entry.variables)
    return Assignment(assignment.columns, assignment.score - _UNASSIGNED_VARIABLE * missing)


def _column_scores(entry: Entry, column: Column) -> dict[str, float]:
    scores = {}
    for part in entry.parts[1:]:
        score = similarity(part, column) + _range_score(entry, part, column)
        score += _VARIABLE if isinstance(part, Quantity) else -_PARAMETER_AS_COLUMN
        if isinstance(part, Parameter) and part.unit in (ANY_UNIT, "1") and score < _VARIABLE:
            continue
        if _fits(entry, part, column):
            scores[part.symbol] = score
        elif score > OTHER_UNIT and entry.homogeneous:
            scores[part.symbol] = score - OTHER_UNIT
    return scores


def _extend(partial: Assignment, name: str, scores: Mapping[str, float]) -> list[Assignment]:
    free = [
        Assignment({**partial.columns, symbol: name}, partial.score + s) for symbol, s in scores.items() if symbol not in partial.columns
    ]
    return [*free, Assignment(partial.columns, partial.score - _UNUSED_COLUMN)]


def _fits(entry: Entry, part: Quantity | Parameter, column: Column) -> bool:
    stated = entry.unit_of(part.symbol)
    return stated is None or column.unit is None or stated.dimension == column.unit.dimension


def similarity(part: Quantity | Parameter, column: Column) -> float:
    """0 (nothing in common) to about 3: same symbol, shared words of the quantity and of the column."""
    name = column.name.strip()
    symbol = 1.2 if part.symbol == name else 0.8 if part.symbol.casefold() == name.casefold() else 0.0
    mine, theirs = _words(f"{part.meaning.en} {part.meaning.ja}"), _words(f"{name} {column.description}")
    shared = len(mine & theirs) / max(1, min(len(mine), len(theirs)))
    return symbol + 1.8 * shared


def _words(text: str) -> set[str]:
    """Lower-case English words and Japanese character pairs."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    words = {word.rstrip("s") for word in re.findall(r"[a-z]{3,}", text)}
    japanese = re.findall(r"[\u3040-\u30ff\u3400-\u9fff]+", text)
    return words | {run[i : i + 2] for run in japanese for i in range(max(1, len(run) - 1))}


def _range_score(entry: Entry, part: Quantity | Parameter, column: Column) -> float:
    """Half a point if the column lies where the entry expects it, half off if it has the wrong sign."""
    values = column.values[np.isfinite(column.values)]
    if part.sign == "positive" and np.any(values < 0):
        return -0.5
    unit = entry.unit_of(part.symbol)
    if part.range is None or unit is None or column.unit is None:
        return 0.0
    low, high = (float(unit.to_si(bound)) for bound in part.range)
    middle = float(np.median(values))
    return 0.5 if low - abs(low) <= middle <= high + abs(high) else -0.2
