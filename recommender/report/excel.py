"""The candidates as an Excel workbook: numbers as numbers, units in the headers, and no cell that Excel would carry out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

from corpus.language import Language, text
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from recommender.report import view
from recommender.show import interpretation_words, meaning_words

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

Value: TypeAlias = "str | float | int | None"
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones count in Japanese spreadsheets
_LONGEST = 32_767  # characters in a cell
_WIDEST = 60


def workbook(problem: Problem, result: Recommendation, language: Language = "en") -> bytes:
    """Sheets: candidates, coefficients, values and residuals of every used row, and how to reproduce them."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for key, rows in (
        ("candidates", _candidates(result, language)),
        ("coefficients", _coefficients(result, language)),
        ("values", _values(problem, result, language)),
        ("run", _run(problem, result, language)),
    ):
        _sheet(book, text(f"report.sheet_{key}", language), rows, headed=key != "run")
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _candidates(result: Recommendation, language: Language) -> Iterable[Sequence[Value]]:
    heads = ("rank", "law", "formula", "confidence", "held_out_share", "edge_share", "stability", "parameters")
    yield [text(f"report.{head}", language) for head in (*heads, "latex", "warnings", "origin")]
    for formula in result.formulas:
        yield [
            formula.rank,
            view.law(formula, language),
            formula.text,
            _number(formula.confidence),
            _number(formula.number("accuracy", "held_out_weighted"), 0.5),
            _number(formula.number("edge", "edge_weighted"), 0.5),
            next((e.score for e in formula.evidence if e.kind == "stability"), None),
            sum(not c.known for c in formula.coefficients),
            formula.latex,
            "\n".join(view.warnings(formula, language)),
            "\n".join(view.origins(formula, language)),
        ]


def _coefficients(result: Recommendation, language: Language) -> Iterable[Sequence[Value]]:
    heads = ("rank", "coefficient", "value", "standard_error", "low", "high", "unit", "si", "meaning", "readings")
    yield [text(f"report.{head}", language) for head in heads]
    for formula in result.formulas:
        for c in formula.coefficients:
            unit = text("report.unit_open", language) if c.unit == "?" else view.unit_text(c.unit)
            numbers = [_number(n) for n in (c.value, c.standard_error, c.low, c.high)]
            readings = "\n".join(interpretation_words(c, language))
            yield [formula.rank, c.name, *numbers, unit, _number(c.si), meaning_words(c, language), readings]


def _values(problem: Problem, result: Recommendation, language: Language) -> Iterable[Sequence[Value]]:
    """Rows as numbered in the table, from 1; the value of each candidate and what it leaves over, in the target's unit."""
    goal, residual = view.axis_label(result.target), text("report.residual", language)
    labels = [label for f in result.formulas for label in (_of(f, goal), _of(f, residual))]
    yield [text("report.row", language), *map(view.axis_label, result.inputs), f"{goal} ({text('report.measured', language)})", *labels]
    given = {column.name: column.shown[problem.rows] for column in problem.inputs}
    measured = problem.target.shown[problem.rows]
    values = [formula.predict(given) for formula in result.formulas]
    columns = [*given.values(), measured, *(column for value in values for column in (value, measured - value))]
    for i, row in enumerate(problem.rows):
        yield [int(row) + 1, *(_number(float(column[i])) for column in columns)]


def _of(formula: RankedFormula, words: str) -> str:
    return f"#{formula.rank} {words}"


def _run(problem: Problem, result: Recommendation, language: Language) -> Iterable[Sequence[Value]]:
    yield [text("report.about", language), result.about]
    yield [text("report.table", language), result.table]
    yield [text("report.hash", language), result.table_hash]
    yield [text("report.seed", language), result.seed]
    for name, count in view.counts(result, language):
        yield [name, count]
    for name, version in sorted(result.versions.items()):
        yield [name, version]
    yield [text("report.reproduce", language), view.command(problem, result)]
    for note in (*view.cautions(result, language), *view.notes(result, language)):
        yield [text("report.notes", language), note]


def _number(value: float, power: float = 1.0) -> float | None:
    """An empty cell for what is no number: Excel has none."""
    return float(value) ** power if math.isfinite(value) else None


def inert(words: str) -> str:
    """A text that a spreadsheet shows and does not carry out (OWASP, CSV injection)."""
    plain = view.sound(words)[: _LONGEST - 1]
    return f"'{plain}" if plain.lstrip(" \u3000").startswith(_ACTIVE) else plain


def _sheet(book: Workbook, title: str, rows: Iterable[Sequence[Value]], headed: bool) -> None:
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append([inert(value) if isinstance(value, str) else value for value in row])
    bold, wrapped = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = wrapped
    for cell in sheet[1] if headed else sheet["A"]:
        cell.font = bold
    if headed:
        sheet.freeze_panes = "A2"
    _widen(sheet)


def _widen(sheet: Worksheet) -> None:
    for column in sheet.iter_cols():
        longest = max((_width(cell.value) for cell in column), default=0)
        sheet.column_dimensions[column[0].column_letter].width = min(_WIDEST, max(9, longest + 2))


def _width(value: object) -> int:
    lines = f"{value:.6g}".split("\n") if isinstance(value, float) else str("" if value is None else value).split("\n")
    return max(sum(2 if ord(letter) > 0x2E7F else 1 for letter in line) for line in lines)
