"""Tables from files: encoding, separator, decimal sign, header row and unit row found out, not asked for."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import TableError
from corpus.language import Sentence
from recommender.cells import comma_is_decimal, is_number, with_point
from recommender.layout import Layout, find_layout

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 2_000_000_000
_MOST_UNPACKED = 500_000_000  # of an Excel file; its cells take many times that
_HEAD = 2000
_KNOWN_AS = {"cp932": "Shift_JIS"}  # what people call it
_MANY_LINES = 50_000
_MARKS = ("\t", ";", ",", "|", " ")
_EXCEL_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_EXCEL = frozenset({".xlsx", ".xlsm", ".xls"})
_MAX_CELL = 1_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")

Notes = list[Sentence]


def read_frame(path: Path) -> tuple[pd.DataFrame, Notes]:
    """The table as text or numbers with its headers, and notes. TableError with the cure if there is none.

    What a file is shows in its first bytes; instruments like to call text `.xls`.
    """
    start = _checked(path)
    if start == b"PAR1" or path.suffix.lower() == ".parquet":
        return _parquet(path), []
    if start in _EXCEL_MAGIC:
        return _excel(path)
    try:
        return _text(path)
    except TableError as error:
        if error.key != "file_binary" or path.suffix.lower() not in _EXCEL:
            raise
        raise TableError("file_unreadable", name=path.name, kind="Excel", reason="no Excel file") from None


def _checked(path: Path) -> bytes:
    """The first four bytes of a file that can be read."""
    try:
        if path.is_dir():
            raise TableError("file_is_folder", path=str(path))
        if not path.is_file():
            raise TableError("file_missing", path=str(path))
        if path.stat().st_size == 0:
            raise TableError("table_empty", name=path.name)
        if path.stat().st_size > MAX_BYTES:
            raise TableError("file_too_large", name=path.name)
        with path.open("rb") as file:
            return file.read(4)
    except (OSError, ValueError) as error:
        raise TableError("file_no_access", path=str(path)[:200], reason=type(error).__name__) from None


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_parquet(path)
    except Exception as error:  # pyarrow raises its own tree
        raise TableError("file_unreadable", name=path.name, kind="Parquet", reason=type(error).__name__) from None
    return frame.reset_index() if any(name is not None for name in frame.index.names) else frame


def _excel(path: Path) -> tuple[pd.DataFrame, Notes]:
    """The first sheet that holds numbers."""
    sheets = _sheets(path)
    failure = TableError("no_numbers_excel", name=path.name)
    for sheet, rows in sheets.items():
        try:
            frame, notes = _sheet(rows, path.name)
        except TableError:
            continue
        if len(sheets) > 1:
            notes.insert(0, Sentence.of("note.sheet", sheet=sheet, count=len(sheets)))
        return frame, notes
    raise failure


def _sheets(path: Path) -> dict[str, list[list[str]]]:
    """The filled rows of every sheet as texts."""
    import openpyxl  # noqa: F401  # pandas looks for it among the loaded modules, where another thread may have half of it
    import pandas as pd

    try:
        _check_unpacked(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that do not matter here
            found = pd.read_excel(path, sheet_name=None, header=None, dtype=object)
    except TableError:
        raise
    except Exception as error:  # openpyxl, zipfile and xml each raise their own
        raise TableError("file_unreadable", name=path.name, kind="Excel", reason=type(error).__name__) from None
    return {str(name): [row for row in map(_texts, cells.itertuples(index=False)) if any(row)] for name, cells in found.items()}


def _check_unpacked(path: Path) -> None:
    """Refuse a small file that unpacks to a huge one."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > _MOST_UNPACKED:
                raise TableError("file_too_large", name=path.name)


def _texts(cells: tuple[object, ...]) -> list[str]:
    return ["" if cell is None or cell != cell else str(cell).strip() for cell in cells]


def _sheet(rows: list[list[str]], name: str) -> tuple[pd.DataFrame, Notes]:
    layout = find_layout(rows[:_HEAD], name)
    return _frame(rows, layout, list(layout.notes))


def _text(path: Path) -> tuple[pd.DataFrame, Notes]:
    try:
        text, encoding = decode(path.read_bytes(), path.name)
    except OSError as error:
        raise TableError("file_no_access", path=str(path), reason=type(error).__name__) from None
    notes = [] if encoding in ("utf-8-sig", "utf-8") else [Sentence.of("note.encoding", encoding=_KNOWN_AS.get(encoding, encoding))]
    lines, comment, stated = _lines(text)
    if not lines:
        raise TableError("table_empty", name=path.name)
    mark = stated or _separator(lines)
    frame, more = _split(lines, comment, mark, path.name)
    return frame, notes + more


def decode(raw: bytes, name: str) -> tuple[str, str]:
    """(text, encoding). Tries UTF-8, UTF-16 with a mark, then Shift_JIS where it gives Japanese, then Windows-1252."""
    marked = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in raw[:65536] and not marked:
        raise TableError("file_binary", name=name)
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp932", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "cp932" or _is_japanese(text):
            return _printable(text, name), encoding
    raise TableError("encoding_unknown", name=name)


def _is_japanese(text: str) -> bool:
    """Whether Shift_JIS gave words, not the single odd letter that é or ä would turn into between Latin ones."""
    return bool(re.search(r"[\u3040-\u30ff\u4e00-\u9fff]{2}|[\u3041-\u30fa\u2103α-ωΑ-Ω]|(?<![A-Za-z])[\u4e00-\u9fff](?![A-Za-z])", text))


def _printable(text: str, name: str) -> str:
    start = text[:4096]
    if len(_CONTROL.findall(start)) > len(start) * 0.05 or "\0" in text:
        raise TableError("file_binary", name=name)
    return text


def _lines(text: str) -> tuple[list[str], str, str]:
    """Filled lines, the last comment above them (numpy.savetxt writes its header so), and the mark of a line `sep=;`."""
    lines: list[str] = []
    comment = mark = ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line.strip():
            continue
        if line.lstrip().startswith(("#", "//")):
            comment = comment if lines else line.strip().lstrip("#/").strip()
        elif not lines and re.fullmatch(r"sep=.", line.strip(), re.IGNORECASE):
            mark = line.strip()[-1]
        else:
            lines.append(line)
    return lines, comment, mark


def _separator(lines: Sequence[str]) -> str:
    """The mark that splits most lines into cells that are numbers."""
    sample = [*lines[:200], *lines[200:][-200:]]
    best, best_score = ",", 0.0
    for mark in _MARKS:
        rows = _rows(sample, mark)[0]
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        score = sum(sum(map(is_number, row)) / len(row) for row in rows if len(row) > 1 and abs(len(row) - usual) < 2)
        if score > best_score * 1.0001:
            best, best_score = mark, score
    return best


def _rows(lines: Sequence[str], mark: str) -> tuple[list[list[str]], bool]:
    """Cells of each line, and whether quotation marks pair up; where they do not, they are letters like others."""
    if mark == " ":
        return [_by_blanks(line) for line in lines], True
    csv.field_size_limit(_MAX_CELL)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader((f"{line}\n" for line in lines), delimiter=mark) if row]
        if not any("\n" in cell and (mark in cell or cell.count("\n") > 3) for row in rows for cell in row):
            return rows, True
    except csv.Error:  # a cell beyond the limit: a quotation mark that is never closed
        pass
    return [[cell.strip().strip('"') for cell in line.split(mark)] for line in lines], False


def _by_blanks(line: str) -> list[str]:
    """Split at blanks, but not before a unit in brackets; wider gaps win where words are single-spaced."""
    wide = re.split(r"\s{2,}|\t", line.strip())
    return wide if len(wide) > 1 and not any(map(is_number, wide)) else re.split(r"\s+(?![\[(（［])", line.strip())


def _split(lines: list[str], comment: str, mark: str, name: str) -> tuple[pd.DataFrame, Notes]:
    many = len(lines) > _MANY_LINES
    rows, paired = _rows(lines[:_HEAD] if many else lines, mark)
    layout = find_layout(rows[:_HEAD], name, _rows([comment], mark)[0][0] if comment else [])
    notes = list(layout.notes)
    if not paired:
        notes.append(Sentence.of("note.unbalanced_quotes"))
    comma = comma_is_decimal((cell for row in rows[layout.first : _HEAD] for cell in row), when_open=mark == ";")
    if comma:
        notes.append(Sentence.of("note.decimal_comma"))
    if many and paired:
        return _long(lines, rows, layout, mark, comma, notes)
    rows = _rows(lines, mark)[0] if many else rows
    return _frame([[with_point(cell) for cell in row] for row in rows] if comma else rows, layout, notes)


def _long(
    lines: Sequence[str], head: Sequence[Sequence[str]], layout: Layout, mark: str, comma: bool, notes: Notes
) -> tuple[pd.DataFrame, Notes]:
    """Many rows at once through the parser of pandas; rows with more cells than the header are left out."""
    import pandas as pd

    body = lines[layout.first + sum(cell.count("\n") for row in head[: layout.first] for cell in row) :]
    frame = pd.read_csv(
        io.StringIO("\n".join(body)),
        sep=r"\s+" if mark == " " else mark,
        header=None,
        names=range(len(layout.headers)),
        index_col=False,
        decimal="," if comma else ".",
        thousands="." if comma else None,
        on_bad_lines="skip",
        low_memory=False,
        skipinitialspace=True,
    )
    frame.columns = pd.Index(layout.headers)
    if len(frame) < len(body):
        notes.append(Sentence.of("note.ragged_rows", count=len(body) - len(frame)))
    return frame, notes


def _frame(rows: Sequence[Sequence[str]], layout: Layout, notes: Notes) -> tuple[pd.DataFrame, Notes]:
    """The rows of numbers, each as long as the header, without repetitions of it."""
    import pandas as pd

    width = len(layout.headers)
    body = [row for row in rows[layout.first :] if not _repeats(row, layout.headers)]
    ragged = sum(len(row) != width for row in body)
    trailing = all(not cell for row in body for cell in row[width:])
    if ragged and not (trailing and all(len(row) >= width - 1 for row in body)):
        notes.append(Sentence.of("note.ragged_rows", count=ragged))
    filled = [([*row, *[""] * width])[:width] for row in body]
    return pd.DataFrame(filled, columns=pd.Index(layout.headers), dtype=object), notes


def _repeats(row: Sequence[str], headers: Sequence[str]) -> bool:
    return len(row) > 1 and list(row) == list(headers)
