"""The workbook holds the numbers themselves, and nothing that a spreadsheet would carry out."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from openpyxl import Workbook, load_workbook

from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.report.excel import inert, workbook

Answer = tuple[Problem, Recommendation]


def opened(answer: Answer, language: str) -> Workbook:
    return load_workbook(BytesIO(workbook(*answer, language)))


def test_numbers_are_exact_and_headers_have_units(several: Answer) -> None:
    problem, result = several
    sheet = opened(several, "ja")["式の値と残差"]
    heads, *rows = sheet.iter_rows(values_only=True)
    assert heads[:4] == ("行番号", "流量 [mm]", "z [K]", "圧力 (測定値)")
    assert len(rows) == len(problem.rows)
    table = np.array(rows, float)
    given = {column.name: column.shown[problem.rows] for column in problem.inputs}
    digits = {"rtol": 1e-15, "atol": 0}  # a cell is written with sixteen
    np.testing.assert_allclose(table[:, 1], given["流量"], **digits)
    np.testing.assert_allclose(table[:, 4], result.formulas[0].predict(given), **digits)
    np.testing.assert_allclose(table[:, 5], problem.target.shown[problem.rows] - result.formulas[0].predict(given), **digits)


def test_every_coefficient_has_its_line(several: Answer) -> None:
    sheet = opened(several, "en")["Coefficients"]
    heads, *rows = sheet.iter_rows(values_only=True)
    told = [dict(zip(heads, row, strict=True)) for row in rows]
    asked = [(f.rank, c) for f in several[1].formulas for c in f.coefficients]
    assert [(line["Rank"], line["Coefficient"]) for line in told] == [(rank, c.name) for rank, c in asked]
    assert told[0]["Value"] == pytest.approx(asked[0][1].value, rel=1e-15)
    assert told[0]["Standard error (±)"] == pytest.approx(asked[0][1].standard_error, rel=1e-15)


def test_no_cell_is_a_formula_or_a_link(hostile: Answer) -> None:
    book = opened(hostile, "en")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert not [cell for cell in cells if cell.hyperlink]
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert not [words for words in texts if words.startswith(("=", "+", "-", "@", "\t"))]
    assert any(words.startswith("'=cmd|'/c calc'!A1") for words in texts)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_active_starts_are_quoted(start: str) -> None:
    assert inert(f"{start}x") == f"'{start}x"


def test_texts_fit_into_cells() -> None:
    assert inert("a\x00b") == "a\ufffdb"
    assert len(inert("=" + "x" * 40_000)) == 32_767
    assert inert("plain - text") == "plain - text"
