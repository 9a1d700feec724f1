"""Tables on their way in: uploads, pasted cells, the sample gallery."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd

from corpus.errors import TableError
from corpus.language import Language, strings
from recommender.table import Table
from ui.words import cell

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet")
MOST_PASTED = 5_000_000


def examples() -> dict[str, Path]:
    """Example tables beside the program, by name; none where the folder is missing."""
    found = sorted(EXAMPLES.iterdir()) if EXAMPLES.is_dir() else []
    return {path.stem: path for path in found if path.suffix in SUFFIXES}


@cache
def example_table(name: str) -> Table:
    """An example, read once for all sessions."""
    return Table.read(examples()[name])


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


def read_pasted(cells: str) -> Table:
    """A table from cells copied out of a spreadsheet, or any text with separators. TableError if it is none."""
    if len(cells) > MOST_PASTED:
        raise TableError("pasted_too_long", limit=f"{MOST_PASTED:,}")
    return read_upload("pasted.csv", cells.strip("\n").encode())


def preview_frame(table: Table, rows: int = 200) -> pd.DataFrame:
    """The first rows in the customer's units."""
    return pd.DataFrame({cell(column.label): column.shown[:rows] for column in table.columns})
