"""Tables on their way in: uploads, examples, and what a person edits about the columns."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from corpus.language import Language, strings
from corpus.units import parse_unit
from recommender.report.view import number_text
from recommender.table import Column, Table

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")


def examples() -> dict[str, Path]:
    """Example tables beside the program, by name; none where the folder is missing."""
    found = sorted(EXAMPLES.iterdir()) if EXAMPLES.is_dir() else []
    return {path.stem: path for path in found if path.suffix in SUFFIXES}


def example_words(name: str, language: Language) -> str:
    """What an example is about; its file name if nobody said."""
    return strings(language).get(f"ui.example_name.{name}", name)


def read_upload(name: str, content: bytes) -> Table:
    """A table from an uploaded file. TableError with the cure if it cannot be used."""
    safe = re.sub(r"[^\w.-]+", "_", Path(name).name)[-80:].lstrip(".-") or "table.csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / safe
        path.write_bytes(content)
        return Table.read(path)


def column_frame(table: Table) -> pd.DataFrame:
    """One row per column, as the page lets a person edit it: unit and meaning."""
    return pd.DataFrame(
        {
            "name": [column.name for column in table.columns],
            "unit": ["" if column.unit is None else column.unit.text for column in table.columns],
            "meaning": [column.description for column in table.columns],
            "range": [_range(column) for column in table.columns],
            "missing": [int(np.sum(~np.isfinite(column.values))) for column in table.columns],
        }
    )


def _range(column: Column) -> str:
    values = column.shown[np.isfinite(column.values)]
    return f"{number_text(float(values.min()))} … {number_text(float(values.max()))}" if len(values) else "–"


def with_edits(table: Table, edits: pd.DataFrame) -> Table:
    """The table with units and meanings as edited; an empty unit is an unknown one. UnitError if one is not known."""
    rows = edits.fillna("").astype(str).to_dict("records")
    return replace(table, columns=tuple(_edited(column, row) for column, row in zip(table.columns, rows, strict=True)))


def _edited(column: Column, row: Mapping[Hashable, str]) -> Column:
    text = row["unit"].strip()
    column = replace(column, description=row["meaning"].strip())
    if text == ("" if column.unit is None else column.unit.text):
        return column
    unit = parse_unit(text) if text else None
    return replace(column, unit=unit, values=column.shown if unit is None else unit.to_si(column.shown))


def preview_frame(table: Table, rows: int = 200) -> pd.DataFrame:
    """The first rows in the customer's units."""
    return pd.DataFrame({column.label: column.shown[:rows] for column in table.columns})
