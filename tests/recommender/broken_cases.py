"""Files as customers send them, and what must come of each."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd

from recommender.problem import Problem
from recommender.table import Table

Write = str | bytes | Callable[[Path], None]
ROWS = [(0.5 * i, 3 + 1.7 * i**2) for i in range(1, 9)]


def sheet(header: str = "x,y", mark: str = ",", rows: Sequence[Sequence[Any]] = ROWS, end: str = "\n") -> str:
    return end.join([header, *(mark.join(str(cell) for cell in row) for row in rows), ""])


@dataclass(frozen=True)
class Case:
    """A file and what must come of it: an error's key, or notes (their keys) and the columns of the problem."""

    id: str
    write: Write
    error: str = ""
    notes: Sequence[str] = ()
    target: str | None = None
    inputs: Sequence[str] | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ".csv"
    columns: Sequence[str] = ()
    rows: int = 8

    def problem(self, path: Path) -> Problem:
        return Problem.of(Table.read(path, self.units), self.target, self.inputs)


def workbook(**sheets: Sequence[Sequence[Any]]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            page = book.create_sheet(name)
            for row in rows:
                page.append(list(row))
        book.save(path)

    return write


def merged(path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Run 7", None])
    page.merge_cells("A1:B1")
    page.append(["x", "y"])
    for row in ROWS:
        page.append(row)
    book.save(path)


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as box:
        box.writestr("readme.txt", "not a workbook")


def frame(data: Mapping[str, Any]) -> Callable[[Path], None]:
    return lambda path: pd.DataFrame(data).to_parquet(path)


def no_right_to_read(path: Path) -> None:
    path.write_text(sheet())
    path.chmod(0)


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 8
X = [row[0] for row in ROWS]
Y = [row[1] for row in ROWS]
WIDE = "\n".join(
    [",".join(f"c{i}" for i in range(200)), *(",".join(str((i * 7 + r * 13) % 97 + r) for i in range(200)) for r in range(30))]
)
CODE = "__import__('os').system('true')"
GERMAN = sheet("Länge [mm];Größe", ";", [(str(a).replace(".", ","), str(b).replace(".", ",")) for a, b in ROWS])

ERRORS = [
    Case("empty file", "", "table_empty"),
    Case("blank lines", "\n \n\t\n", "table_empty"),
    Case("only a byte order mark", "\ufeff", "table_empty"),
    Case("only comments", "# nothing\n# here\n", "table_empty"),
    Case("header only", "x,y\n", "table_empty"),
    Case("one row", sheet(rows=ROWS[:1]), "too_few_rows"),
    Case("three rows", sheet(rows=ROWS[:3]), "too_few_rows"),
    Case("words only", "a,b\nc,d\ne,f\n", "no_numbers"),
    Case("prose", "Dear all,\nplease find the table attached.\nBest wishes\n", "no_numbers"),
    Case("HTML", "<html><body><table><tr><td>x</td></tr></table></body></html>\n<p>\n", "no_numbers"),
    Case("text target", sheet("x,y,who", rows=[(*r, "Ann") for r in ROWS]), "column_text", target="who"),
    Case("text input", sheet("x,y,who", rows=[(*r, "Ann") for r in ROWS]), "column_text", target="y", inputs=["who"]),
    Case("target all NaN", sheet("x,y,z", rows=[(*r, "NaN") for r in ROWS]), "column_empty", target="z"),
    Case("complex target", sheet("x,y,z", rows=[(*r, f"{r[0]}+2j") for r in ROWS]), "column_complex", target="z"),
    Case("NaN everywhere", sheet("x,y", rows=[("NaN", "nan")] * 6), "no_numbers"),
    Case("infinite everywhere", sheet("x,y", rows=[("inf", "-inf")] * 6), "no_numbers"),
    Case("target missing", sheet(), "column_missing", target="temperature"),
    Case("target misspelt", sheet("pressure,volume"), "column_near", target="presure"),
    Case("target empty text", sheet(), "column_missing", target=""),
    Case("target 10,000 letters", sheet(), "column_missing", target="q" * 10_000),
    Case("input misspelt", sheet("voltage,current"), "column_near", target="current", inputs=["voltag"]),
    Case("unit of no column", sheet(), "column_missing", units={"length": "mm"}),
    Case("unknown unit given", sheet(), "unit_unknown", units={"x": "furlongz"}),
    Case("unit that is code", sheet(), "unit_unknown", units={"x": CODE}),
    Case("unit of 10,000 letters", sheet(), "unit_too_long", units={"x": "m" * 10_000}),
    Case("target as input", sheet(), "target_is_input", target="y", inputs=["x", "y"]),
    Case("no inputs", sheet(), "no_inputs", target="y", inputs=[]),
    Case("one column", "y\n" + "\n".join(map(str, Y)), "no_inputs"),
    Case("inches", sheet(rows=[(f'{a}"', b) for a, b in ROWS]), "no_inputs_left"),
    Case("constant target", sheet(rows=[(a, 5) for a, _ in ROWS]), "target_constant"),
    Case("target constant to rounding", sheet(rows=[(a, 5 + 1e-14 * a) for a, _ in ROWS]), "target_constant"),
    Case("all inputs constant", sheet("x,z,y", rows=[(1, 2, b) for _, b in ROWS]), "no_varying_input"),
    Case("target 1e308", sheet(rows=[(a, f"{1 + a / 9}e308") for a, _ in ROWS]), "column_out_of_range"),
    Case("input 1e308", sheet(rows=[(f"-{1 + a / 9}e308", b) for a, b in ROWS]), "column_out_of_range"),
    Case("target 1e-308", sheet(rows=[(a, f"{b}e-308") for a, b in ROWS]), "column_out_of_range"),
    Case("overflow by the unit", sheet(rows=[(a, f"1.{i}e308") for i, (a, _) in enumerate(ROWS)]), "too_few_rows", units={"y": "km"}),
    Case("never a full row", sheet(rows=[(a, "") if i % 2 else ("", b) for i, (a, b) in enumerate(ROWS)]), "too_few_rows"),
    Case("PNG named csv", PNG, "file_binary"),
    Case("NUL bytes", sheet().replace("3", "\0").encode(), "file_binary"),
    Case("random bytes", np.random.default_rng(0).bytes(4000).replace(b"\0", b"\1"), "encoding_unknown|file_binary|no_numbers"),
    Case("half a UTF-16 letter", sheet().encode("utf-16")[:-1], "encoding_unknown"),
    Case("UTF-16 without its mark", sheet().encode("utf-16-le"), "file_binary"),
    Case("UTF-32", sheet().encode("utf-32"), "file_binary"),
    Case("no encoding fits", b"x,y\n\x81\x8d\x90,1\n2,3\n", "encoding_unknown"),
    Case("zip named xlsx", archive, "file_unreadable", suffix=".xlsx"),
    Case("half a zip", b"PK\x03\x04" + bytes(300), "file_unreadable", suffix=".xlsx"),
    Case("PNG named xlsx", PNG, "file_unreadable", suffix=".xlsx"),
    Case("old Excel cut short", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_unreadable", suffix=".xls"),
    Case("Excel without rows", workbook(Sheet1=[]), "no_numbers_excel", suffix=".xlsx"),
    Case("Excel header only", workbook(Sheet1=[["x", "y"]]), "no_numbers_excel", suffix=".xlsx"),
    Case(
        "Excel formulas never calculated", workbook(S=[["x", "y"], *(["=1+1", "=A2*2"] for _ in ROWS)]), "no_numbers_excel", suffix=".xlsx"
    ),
    Case("broken parquet", b"PAR1" + bytes(100), "file_unreadable", suffix=".parquet"),
    Case("text named parquet", sheet(), "file_unreadable", suffix=".parquet"),
    Case("parquet without rows", frame({"x": [], "y": []}), "table_empty", suffix=".parquet"),
    Case("parquet of lists", frame({"x": [[1, 2]] * 5, "y": [[3]] * 5}), "no_numbers", suffix=".parquet"),
    Case("a folder", lambda path: path.mkdir(), "file_is_folder"),
    Case("no file", lambda path: None, "file_missing"),
    Case("no permission", no_right_to_read, "file_no_access"),
    Case("a closed pipe", lambda path: os.mkfifo(path), "file_missing"),
]

HANDLED = [
    Case("plain", sheet(), columns=["x", "y"]),
    Case("duplicate columns", sheet("x,x,y", rows=[(a, a + i % 3, b) for i, (a, b) in enumerate(ROWS)]), notes=["duplicate_column"]),
    Case("duplicate names with units", sheet("x [m],x [mm],y", rows=[(a, a * a, b) for a, b in ROWS]), notes=["duplicate_column"]),
    Case("unknown unit in header", sheet("x [blorp],y"), notes=["header_unit_unknown"], columns=["x [blorp]", "y"]),
    Case("function of a column", sheet("t,V(t)"), columns=["t", "V(t)"]),
    Case("number in brackets", sheet("x (2),y"), columns=["x (2)", "y"]),
    Case("mixed encodings", "温度,y\n".encode() + "圧力,y\n".encode("cp932") + sheet("x,y").encode(), notes=["encoding"]),
    Case("UTF-16", sheet("温度,y").encode("utf-16"), notes=["encoding"], columns=["温度", "y"]),
    Case("Shift_JIS", sheet("温度 [℃],抵抗 [Ω]").encode("cp932"), notes=["encoding"], columns=["温度", "抵抗"]),
    Case("Shift_JIS with one kanji", sheet("圧 [Pa],y").encode("cp932"), notes=["encoding"], columns=["圧", "y"]),
    Case("Shift_JIS micro", sheet("x [μm],y").encode("cp932"), notes=["encoding"], columns=["x", "y"]),
    Case("byte order mark", sheet("温度,y").encode("utf-8-sig"), columns=["温度", "y"]),
    Case("latin-1 degree", sheet("T [°C],y").encode("latin-1"), notes=["encoding"], columns=["T", "y"]),
    Case("latin-1 words", GERMAN.encode("latin-1"), notes=["encoding", "decimal_comma"], columns=["Länge", "Größe"]),
    Case("latin-1 French", sheet("Température,Énergie").encode("latin-1"), notes=["encoding"], columns=["Température", "Énergie"]),
    Case("decimal comma", GERMAN, notes=["decimal_comma"], columns=["Länge", "Größe"]),
    Case("decimal comma, tabs", GERMAN.replace(";", "\t"), notes=["decimal_comma"]),
    Case(
        "decimal comma, quoted",
        sheet("x,y", rows=[(f'"{str(a).replace(".", ",")}"', b) for a, b in [(r[0], int(r[1])) for r in ROWS]]),
        notes=["decimal_comma"],
    ),
    Case("decimal comma and thousands", sheet("x;y", ";", [(i, f"1.{100 + i}.234,5") for i in range(8)]), notes=["decimal_comma"]),
    Case("thousands separators", sheet("x;y", ";", [(a, f"{1000 + i * 1234.5:,}") for i, (a, _) in enumerate(ROWS)])),
    Case("thousands, quoted", sheet(rows=[(a, f'"{1000 + i * i:,}"') for i, (a, _) in enumerate(ROWS)])),
    Case("thousands by blanks", sheet("x;y", ";", [(a, f"{10000 + i * i:,}".replace(",", "\u202f")) for i, (a, _) in enumerate(ROWS)])),
    Case("tabs", sheet("x\ty", "\t")),
    Case("semicolons", sheet("x;y", ";")),
    Case("pipes", sheet("x|y", "|")),
    Case("markdown table", "| x | y |\n|---|---|\n" + "\n".join(f"| {a} | {b} |" for a, b in ROWS), columns=["x", "y"]),
    Case("blanks", sheet("x   y", "    ")),
    Case("blanks and units", sheet("time (s) out (V)", "  "), columns=["time", "out"]),
    Case("blanks and long names", sheet("drive voltage   diode current", "   "), columns=["drive voltage", "diode current"]),
    Case("old Mac line ends", sheet(end="\r")),
    Case("Windows line ends", sheet(end="\r\n")),
    Case("quoted fields", sheet('"x, first","y"', rows=[(f'"{a}"', f'"{b}"') for a, b in ROWS]), columns=["x, first", "y"]),
    Case("unbalanced quotes", sheet().replace("1.0,", '"1.0,'), notes=["unbalanced_quotes"]),
    Case("unbalanced quotes twice", sheet().replace("1.0,", '"1.0,').replace("3.5,", '"3.5,'), notes=["unbalanced_quotes"]),
    Case("ragged rows", sheet() + "9\n10,1,2,3\n", notes=["ragged_rows", "rows_dropped"], rows=9),
    Case("trailing separators", sheet("x,y,", rows=[(*r, "") for r in ROWS]), columns=["x", "y"]),
    Case("trailing separators in rows", sheet(rows=[(*r, "") for r in ROWS]), columns=["x", "y"]),
    Case(
        "row names without header",
        sheet("x y", " ", [(f"r{i}", *r) for i, r in enumerate(ROWS)]),
        columns=["x", "y"],
        notes=["text_column"],
    ),
    Case("units row", sheet("time,out\ns,V"), columns=["time", "out"]),
    Case("units row in brackets", sheet("time,out\n[s],[-]"), columns=["time", "out"]),
    Case("units row with a dash", sheet("time,out\ns,-"), columns=["time", "out"]),
    Case("title lines", "Report of run 7\nOperator: Sato\n\n" + sheet(), notes=["title_lines"], columns=["x", "y"]),
    Case("title lines with values", "Operator,Sato\nRun,12\nGain,3.5\n" + sheet(), notes=["title_lines"], columns=["x", "y"]),
    Case("title and no header", "Run seven\n" + sheet("").lstrip(), notes=["title_lines", "no_header"], columns=["x1", "x2"]),
    Case("no header", sheet("").lstrip(), notes=["no_header"], columns=["x1", "x2"]),
    Case("label before the header", sheet("Data:  y  x", "   "), columns=["y", "x"]),
    Case("header in a comment", sheet("# x,y"), columns=["x", "y"]),
    Case("comments between rows", sheet() + "# restarted, twice\n9,9\n", rows=9),
    Case("numbers in the header", sheet("T,10", rows=ROWS), columns=["T", "10"]),
    Case("header repeated", sheet() + "x,y\n9,9\n", rows=9),
    Case("words between rows", sheet() + "aborted,aborted\n9,140\n", notes=["bad_cells"], rows=9),
    Case("separator named", "sep=;\n" + sheet("x;y", ";")),
    Case("200 columns", WIDE, notes=["inputs_picked"], rows=30),
    Case("a few NaN", sheet(rows=[*ROWS, ("NaN", 3), (4, "#N/A"), ("欠測", 5)]), notes=["rows_dropped"]),
    Case("infinite cells", sheet(rows=[*ROWS, ("inf", 3)]), notes=["bad_cells", "rows_dropped"]),
    Case("1e400", sheet(rows=[*ROWS, ("1e400", 3)]), notes=["bad_cells"]),
    Case("constant input", sheet("x,z,y", rows=[(a, 7, b) for a, b in ROWS]), notes=["constant_input"]),
    Case("mostly empty input", sheet("x,z,y", rows=[(a, "" if i else 1, b) for i, (a, b) in enumerate(ROWS)]), notes=["sparse_column"]),
    Case("empty input", sheet("x,z,y", rows=[(a, "", b) for a, b in ROWS]), notes=["empty_column"]),
    Case("text column", sheet("who,x,y", rows=[("Ann", *r) for r in ROWS]), notes=["text_column"]),
    Case("mixed column", sheet(rows=[*ROWS, ("broken", 9)]), notes=["bad_cells"]),
    Case("below the detection limit", sheet(rows=[*ROWS, ("<0.05", 9)]), notes=["bad_cells"]),
    Case("complex column", sheet("x,z,y", rows=[(a, f"{a}+2i", b) for a, b in ROWS]), notes=["complex_column"]),
    Case("dates", sheet("when,y", rows=[(f"2024-05-0{i + 1}", b) for i, (_, b) in enumerate(ROWS)]), notes=["time_column"]),
    Case("Japanese dates", sheet("日時,y", rows=[(f"2024/5/{i + 1} 9:30", b) for i, (_, b) in enumerate(ROWS)]), notes=["time_column"]),
    Case("clock times", sheet("t,y", rows=[(f"10:0{i}:00", b) for i, (_, b) in enumerate(ROWS)]), notes=["time_column"]),
    Case("booleans", sheet("x,on,y", rows=[(a, i % 2 == 0, b) for i, (a, b) in enumerate(ROWS)]), notes=["boolean_column"]),
    Case("percent cells", sheet(rows=[(f"{a}%", b) for a, b in ROWS]), notes=["cell_units"]),
    Case("numbers with units", sheet(rows=[(f"{a} mm", f"{b} V") for a, b in ROWS]), notes=["cell_units"]),
    Case("full-width digits", sheet(rows=[(str(a).translate(str.maketrans("0123456789.", "０１２３４５６７８９．")), b) for a, b in ROWS])),
    Case("U+2212", sheet(rows=[(f"−{a}", b) for a, b in ROWS])),
    Case("Fortran exponents", sheet(rows=[(f"{a}D-03", b) for a, b in ROWS])),
    Case("written powers of ten", sheet(rows=[(f"{a}×10⁻³", b) for a, b in ROWS])),
    Case("spaces around", sheet("  x  ,  y ", rows=[(f" {a} ", f"\u3000{b}") for a, b in ROWS]), columns=["x", "y"]),
    Case("newline in header", sheet('"x\n[mm]",y'), columns=["x", "y"]),
    Case(
        "formula-like cells", sheet("=1+1,@x,y", rows=[(a, "=SUM(A1)", b) for a, b in ROWS]), notes=["text_column"], columns=["=1+1", "y"]
    ),
    Case("header that is code", sheet(f'"{CODE}",y'), columns=[CODE, "y"]),
    Case("header of 10,000 letters", sheet("q" * 10_000 + ",y"), target="y"),
    Case("emoji header", sheet("🌡️,📈"), columns=["🌡️", "📈"]),
    Case("empty headers", sheet(",y"), columns=["column 1", "y"]),
    Case("headers that are functions", sheet("sin,exp")),
    Case("headers that are keywords", sheet("lambda,class")),
    Case("headers that are inner names", sheet("x1,x0")),
    Case("duplicated rows", sheet(rows=[*ROWS, *ROWS]), rows=16),
    Case("copy of the target", sheet("x,copy,y", rows=[(a, b, b) for a, b in ROWS]), notes=["input_is_target"]),
    Case("only a copy of the target", sheet(rows=[(b, b) for _, b in ROWS])),
    Case("target leaked", sheet("x,y2,y", rows=[(a, 2 * b, b) for a, b in ROWS])),
    Case("the same input twice", sheet("x,z,y", rows=[(a, a, b) for a, b in ROWS]), notes=["input_repeated"]),
    Case("input named twice", sheet(), inputs=["x", "x"], target="y"),
    Case("negative kelvin", sheet("T [K],y", rows=[(a - 2, b) for a, b in ROWS]), notes=["below_absolute_zero"]),
    Case("Excel", workbook(Sheet1=[["x", "y"], *ROWS]), suffix=".xlsx", columns=["x", "y"]),
    Case("Excel with several sheets", workbook(Readme=[["Nothing here"]], Data=[["x", "y"], *ROWS]), suffix=".xlsx", notes=["sheet"]),
    Case("Excel with merged cells", merged, suffix=".xlsx", notes=["title_lines"], columns=["x", "y"]),
    Case("Excel below and right", workbook(S=[[], [], [None, None, "x", "y"], *([None, None, *r] for r in ROWS)]), suffix=".xlsx"),
    Case(
        "Excel dates",
        workbook(S=[["d", "y"], *([pd.Timestamp(2024, 1, i + 1), b] for i, (_, b) in enumerate(ROWS))]),
        suffix=".xlsx",
        notes=["time_column"],
    ),
    Case("Excel numbers as texts", workbook(S=[["x", "y"], *([f"'{a}"[1:], str(b)] for a, b in ROWS)]), suffix=".xlsx"),
    Case("Excel error cells", workbook(S=[["x", "y"], *ROWS, ["#DIV/0!", 3]]), suffix=".xlsx", notes=["rows_dropped"]),
    Case("Excel named csv", workbook(S=[["x", "y"], *ROWS]), columns=["x", "y"]),
    Case("text named xls", sheet("x\ty", "\t"), suffix=".xls"),
    Case("parquet", frame({"x": X, "y": Y}), suffix=".parquet"),
    Case(
        "parquet of many types",
        frame(
            {
                "x": pd.array([1, None, *range(2, 10)], "Int64"),
                "d": pd.date_range("2024", periods=10),
                "b": [True, False] * 5,
                "s": ["a"] * 10,
                "y": np.arange(10.0) ** 2,
            }
        ),
        suffix=".parquet",
        notes=["time_column", "boolean_column", "text_column"],
        rows=9,
    ),
    Case("no suffix", sheet(), suffix=""),
]


def write(case: Case, folder: Path) -> Path:
    path = folder / f"case{case.suffix}"
    if isinstance(case.write, str):
        path.write_text(case.write, encoding="utf-8", newline="")
    elif isinstance(case.write, bytes):
        path.write_bytes(case.write)
    else:
        case.write(path)
    return path
