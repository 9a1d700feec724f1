"""Cells from files: encoding, separator, decimal sign, header row and unit row found out, not asked for."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import TableError, UnitError
from corpus.language import Sentence
from corpus.units import parse_unit

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 2_000_000_000
_SNIFF_LINES = 40
_NUMBER = re.compile(r"\s*[-+−]?(\d[\d,.]*|[.,]\d+)([eE][-+]?\d+)?\s*%?\s*")
_EXCEL = frozenset({".xlsx", ".xlsm", ".xls"})


def read_cells(path: Path) -> tuple[pd.DataFrame, list[Sentence]]:
    """The table as text or numbers with its headers, and notes. TableError with the cure if there is none."""
    if not path.is_file():
        raise TableError("file_missing", path=str(path))
    if path.stat().st_size == 0:
        raise TableError("table_empty", name=path.name)
    if path.stat().st_size > MAX_BYTES:
        raise TableError("file_too_large", name=path.name)
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        return _parquet(path), []
    if suffix in _EXCEL:
        return _excel(path)
    return _text(path)


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except Exception as error:  # pyarrow raises its own tree
        raise TableError("file_unreadable", name=path.name, kind="Parquet", reason=type(error).__name__) from None


def _excel(path: Path) -> tuple[pd.DataFrame, list[Sentence]]:
    import pandas as pd

    try:
        cells = pd.read_excel(path, header=None, dtype=object)
    except Exception as error:  # openpyxl, zipfile and xml each raise their own
        raise TableError("file_unreadable", name=path.name, kind="Excel", reason=type(error).__name__) from None
    rows = [["" if pd.isna(cell) else str(cell) for cell in row] for row in cells.itertuples(index=False)]
    return _with_header(rows, path.name)


def _text(path: Path) -> tuple[pd.DataFrame, list[Sentence]]:
    text, encoding = decode(path.read_bytes(), path.name)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "//"))]
    if not lines:
        raise TableError("table_empty", name=path.name)
    separator = _separator(lines[:_SNIFF_LINES])
    rows = _rows(lines, separator)
    if separator != "," and _decimal_comma(rows[:_SNIFF_LINES]):
        rows = [[re.sub(r"(?<=\d),(?=\d)", ".", cell) for cell in row] for row in rows]
    frame, notes = _with_header(rows, path.name)
    if encoding not in ("utf-8-sig", "utf-8"):
        notes.insert(0, Sentence.of("note.encoding", encoding=encoding))
    return frame, notes


def decode(raw: bytes, name: str) -> tuple[str, str]:
    """(text, encoding). Tries UTF-8, UTF-16 with a mark, then Shift_JIS where it gives Japanese, then Windows-1252."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="strict"), "utf-16"
    if b"\0" in raw[:65536]:
        raise TableError("file_binary", name=name)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8-sig" or re.search(r"[\u3040-\u30ff\u4e00-\u9fff℃]", text):
            return text, encoding
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        raise TableError("encoding_unknown", name=name) from None
    if sum(not letter.isprintable() and letter not in "\r\n\t" for letter in text[:4096]) > len(text[:4096]) * 0.05:
        raise TableError("file_binary", name=name)
    return text, "cp1252"


def _separator(lines: Sequence[str]) -> str:
    """The mark that splits most lines into the same number (> 1) of cells; a blank if none does."""
    best, best_score = "", 0
    for mark in ("\t", ";", ",", "|"):
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=mark))
        width, count = widths.most_common(1)[0]
        if width > 1 and count > best_score:
            best, best_score = mark, count
    if best:
        return best
    return " " if all(len(line.split()) > 1 for line in lines) else ","


def _rows(lines: Sequence[str], separator: str) -> list[list[str]]:
    if separator == " ":
        return [line.split() for line in lines]
    csv.field_size_limit(1_000_000)
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=separator) if row]
    except csv.Error:
        return [[cell.strip().strip('"') for cell in line.split(separator)] for line in lines]


def _decimal_comma(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row]
    return any(re.fullmatch(r"[-+]?\d+,\d+", cell) for cell in cells) and not any(re.fullmatch(r"[-+]?\d*\.\d+", cell) for cell in cells)


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


def _with_header(rows: list[list[str]], name: str) -> tuple[pd.DataFrame, list[Sentence]]:
    """Find the header: the last row without numbers before the first row of the usual width that has some."""
    import pandas as pd

    notes: list[Sentence] = []
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    first = next((i for i, row in enumerate(rows) if len(row) >= width and any(_is_number(cell) for cell in row)), None)
    if first is None:
        raise TableError("no_numbers", name=name)
    heads = [row for row in rows[:first] if len(row) >= width]
    ragged = sum(len(row) != width for row in rows[first:])
    if ragged:
        notes.append(Sentence.of("note.ragged_rows", count=ragged))
    body = [(row + [""] * width)[:width] for row in rows[first:]]
    headers, unit_row = _headers(heads, body, width, notes)
    if unit_row:
        headers = [f"{head} [{unit}]" if unit and "[" not in head else head for head, unit in zip(headers, unit_row, strict=True)]
    return pd.DataFrame(body, columns=headers, dtype=str), notes


def _headers(heads: list[list[str]], body: list[list[str]], width: int, notes: list[Sentence]) -> tuple[list[str], list[str]]:
    """(header, unit row or empty); a table without a header gets x1, x2, ..."""
    if not heads:
        if not all(_is_number(cell) or not cell for cell in body[0]):
            return body.pop(0), []
        notes.append(Sentence.of("note.no_header"))
        return [f"x{i}" for i in range(1, width + 1)], []
    if len(heads) >= 2 and _are_units(heads[-1]):
        return heads[-2][:width], [unit.strip("[]()（）") for unit in heads[-1][:width]]
    return heads[-1][:width], []


def _are_units(cells: Sequence[str]) -> bool:
    """Every filled cell names a unit."""
    filled = [cell.strip("[]()（）") for cell in cells if cell]
    try:
        return bool(filled) and all(parse_unit(cell) is not None for cell in filled)
    except UnitError:
        return False
