from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import RecommenderError
from recommender.cells import comma_is_decimal, is_missing, is_number, with_point
from recommender.layout import find_layout
from recommender.problem import Problem
from recommender.reading import decode
from recommender.table import Table


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("温度,抵抗", "utf-8", "utf-8-sig"),
        ("温度,抵抗", "utf-8-sig", "utf-8-sig"),
        ("温度,抵抗", "cp932", "cp932"),
        ("圧,y", "cp932", "cp932"),
        ("x [μm]", "cp932", "cp932"),
        ("T [℃]", "cp932", "cp932"),
        ("x,y", "utf-16", "utf-16"),
        ("T [°C],x [µm]", "latin-1", "cp1252"),
        ("Länge,Größe,Druckverlust über alles", "latin-1", "cp1252"),
        ("température,résistance", "latin-1", "cp1252"),
        ("“width”,height – cm", "cp1252", "cp1252"),
    ],
)
def test_decode(text: str, encoding: str, found: str) -> None:
    assert decode(text.encode(encoding), "f") == (text, found)


@pytest.mark.parametrize(
    "cell", ["1", "-1.5", "+2e5", ".5", "1,234", "1,5", "1.234,5", "−3", "１２", "12 %", "3.1 mm", "1.5D-3", "2×10^3", "1'000", "5 ℃"]
)
def test_numbers(cell: str) -> None:
    assert is_number(cell)


@pytest.mark.parametrize(
    "cell", ["", "-", "x", "1st", "2a", "2024-01-01", "10:30", "1/2", "1+2j", "nan", "<5", "v1", "1 2 3", "3 samples", "e5", "1..2", "--1"]
)
def test_not_numbers(cell: str) -> None:
    assert not is_number(cell)


@pytest.mark.parametrize("cell", ["", " ", "-", "---", "NaN", "N/A", "#N/A", "null", "欠測", "なし", "*", "—"])
def test_missing(cell: str) -> None:
    assert is_missing(cell)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,5", "2,25"], True),
        (["1,5", "2.5"], False),
        (["1,234", "0,5"], True),
        (["1.234,5"], True),
        (["1,234.5", "1,234"], False),
        (["1,234", "2,345"], False),
        (["a, b", "3"], False),
        (["0,123"], True),
    ],
)
def test_decimal_comma(cells: list[str], expected: bool) -> None:
    assert comma_is_decimal(cells) is expected


def test_open_commas_follow_the_separator() -> None:
    assert comma_is_decimal(["1,234", "2,345"], when_open=True)


@pytest.mark.parametrize(
    ("cell", "expected"), [("1,5", "1.5"), ("1.234,5", "1234.5"), ("-,5", "-.5"), ("a, b", "a, b"), ("1,5e-3", "1.5e-3")]
)
def test_with_point(cell: str, expected: str) -> None:
    assert with_point(cell) == expected


def test_layout_of_an_instrument_file() -> None:
    rows = [
        ["Model", "X-12"],
        ["Serial", "123"],
        ["Gain", "4"],
        ["time", "voltage", "current"],
        ["s", "V", "mA"],
        *[[str(i)] * 3 for i in range(9)],
    ]
    layout = find_layout(rows, "f")
    assert layout.headers == ("time [s]", "voltage [V]", "current [mA]")
    assert layout.first == 5
    assert [note.key for note in layout.notes] == ["note.title_lines"]


def test_layout_keeps_the_first_of_two_halves() -> None:
    half = [["1", "2"]] * 20
    assert find_layout([["x", "y"], *half, ["pump", "restarted"], *half, *half[:5]], "f").first == 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=300), st.text(alphabet="xy1234.,;\t \n\"'#-+eE%[]()/:|=μ℃温", max_size=300).map(str.encode)))
def test_any_bytes_are_a_table_or_a_clear_error(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(raw)
    found = outcome(path)
    if isinstance(found, Problem):
        assert len(found.samples) >= 4
        assert found.folds
    else:
        assert found.text("en")
        assert found.text("ja")


def outcome(path: Path) -> Problem | RecommenderError:
    try:
        return Problem.of(Table.read(path))
    except RecommenderError as error:
        return error


def test_two_people_may_bring_the_first_workbooks_at_once(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    pd.DataFrame({"x": np.arange(9.0), "y": np.arange(9.0) ** 2}).to_excel(path, index=False)
    script = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from recommender.reading import read_frame
together = threading.Barrier(4)
def one(path):
    together.wait()
    return read_frame(path)
with ThreadPoolExecutor(4) as pool:
    print(len(list(pool.map(one, [Path(sys.argv[1])] * 4))))
"""
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.strip() == "4", done.stderr
