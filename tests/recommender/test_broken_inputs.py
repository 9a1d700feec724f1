"""Every broken file is a clear error with a cure, or handled with a note; never anything else, and never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from corpus.errors import RecommenderError
from corpus.formula import parse
from corpus.language import LANGUAGES
from recommender import Problem, Table, recommend
from recommender.cells import read_cells
from recommender.cli import app
from recommender.problem import MAX_INPUTS
from recommender.recommendation import Recommendation
from tests.recommender.broken_cases import ERRORS, GERMAN, HANDLED, ROWS, Case, X, Y, sheet, write


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.id)
def test_error_with_a_cure(case: Case, tmp_path: Path) -> None:
    if case.id == "no permission" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    with pytest.raises(RecommenderError) as caught:
        case.problem(write(case, tmp_path))
    assert caught.value.key in case.error.split("|")
    for language in LANGUAGES:
        sentence = caught.value.text(language)
        assert len(sentence) < 600
        assert sentence.count("。" if language == "ja" else ".") >= 1


@pytest.mark.parametrize("case", HANDLED, ids=lambda case: case.id)
def test_handled(case: Case, tmp_path: Path) -> None:
    problem = case.problem(write(case, tmp_path))
    found = [note.key.removeprefix("note.") for note in problem.notes]
    assert set(case.notes) <= set(found), found
    assert all(note.text(language) for note in problem.notes for language in LANGUAGES)
    if case.columns:
        assert [*(column.name for column in problem.inputs), problem.target.name] == list(case.columns)
    assert len(problem.samples) == case.rows
    assert 0 < len(problem.inputs) <= MAX_INPUTS
    assert all(np.isfinite(column).all() for column in problem.samples.columns.values())
    for symbol in (*problem.names.values(), problem.target_symbol):
        assert parse(f"a*{symbol} + 1", [symbol]).variables == (symbol,)
    assert problem.folds
    assert isinstance(problem.edges, tuple)


def test_enough_cases() -> None:
    assert len({case.id for case in (*ERRORS, *HANDLED)}) == len(ERRORS) + len(HANDLED) >= 120


VALUES = [
    Case("percent cells", sheet(rows=[(f"{a}%", b) for a, b in ROWS])),
    Case("decimal comma", GERMAN),
    Case("full-width", sheet(rows=[(str(a).translate(str.maketrans("0123456789.", "０１２３４５６７８９．")), b) for a, b in ROWS])),
]


@pytest.mark.parametrize("case", VALUES, ids=lambda case: case.id)
def test_numbers_survive(case: Case, tmp_path: Path) -> None:
    problem = case.problem(write(case, tmp_path))
    np.testing.assert_allclose(problem.inputs[0].shown, X)
    np.testing.assert_allclose(problem.target.shown, Y)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", 1234), ("1,234.5", 1234.5), ("12 345", 12345), ("1'234.5", 1234.5), ("1.5D-03", 1.5e-3), ("2×10^3", 2e3),
        ("2.5x10-4", 2.5e-4), ("3·10⁵", 3e5), ("−7", -7), ("＋１．５", 1.5), (".5", 0.5), ("5.", 5), ("1e5", 1e5), ("1E+05", 1e5),
    ],
)  # fmt: skip
def test_spellings_of_numbers(text: str, value: float) -> None:
    assert read_cells(pd.Series([text, "1", "2", "3", "4"])).values[0] == pytest.approx(value)


MILLION = """
import re, sys
from pathlib import Path
from recommender.problem import Problem
from recommender.table import Table
table = Table.read(sys.argv[1])
problem = Problem.of(table)
notes = {note.key for note in problem.notes}
assert len(problem.samples) == 4000 and "note.rows_sampled" in notes, notes
assert table.find("x").shown[-1] == 10
peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())  # getrusage would count the parent's memory too
print(len(table), int(peak[1]) // 1024)
"""


def test_a_million_rows(tmp_path: Path) -> None:
    x = np.linspace(0, 10, 1_000_000)
    path = tmp_path / "long.csv"
    data = pd.DataFrame({"x [mm]": x, "who": "Ann", "z": np.tile([1.0, 2.0, 3.0, 4.0], 250_000), "y": x**2})
    data.to_csv(path, index=False, float_format="%.6g")
    ended = subprocess.run([sys.executable, "-c", MILLION, path], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    rows, megabytes = map(int, ended.stdout.split())
    assert rows == 1_000_000
    assert megabytes < 900


# --- the command line -----------------------------------------------------------------------------------------------

SAMPLE = [case for case in ERRORS if case.inputs is None and not case.units and "no permission" not in case.id][::3]


def arguments(case: Case, path: Path) -> list[str]:
    return ["recommend", str(path), "--no-record", *(["--target", case.target] if case.target is not None else [])]


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.id)
def test_command_raises_nothing_else(case: Case, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, arguments(case, write(case, tmp_path)))
    assert isinstance(result.exception, RecommenderError)
    assert result.exception.key in case.error.split("|")


@pytest.mark.parametrize(
    "case", [case for case in HANDLED if case.id in ("latin-1 words", "header that is code")], ids=lambda case: case.id
)
def test_command_answers(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for budget in ("RACE_BUDGET", "FINAL_BUDGET", "GUIDED_BUDGET"):
        monkeypatch.setattr(f"recommender.racing.{budget}", 0.005)
    result = CliRunner().invoke(app, [*arguments(case, write(case, tmp_path)), "--lang", "ja", "--json", str(tmp_path / "out" / "r.json")])
    assert result.exit_code == 0, result.output
    assert Recommendation.from_json((tmp_path / "out" / "r.json").read_text(encoding="utf-8")).formulas


def formula(*words: str | bytes | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-W", "error", "-m", "recommender.cli", *words], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["x.csv", "--target", "temperatur"], "Did you mean temperature?"),
        (["x.csv", "--lang", "ja", "--target", "圧力"], "表に 圧力 という列がありません"),
        ([b"x.csv", b"--target", b"\xff\xfe"], "has no column"),
    ],
)
def test_command_never_shows_a_traceback(words: list[str | bytes], said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(sheet("time,temperature"))
    ended = formula("recommend", path, *words[1:])
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert said in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_command_asks_first_whether_it_may_write(option: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(sheet())
    result = CliRunner().invoke(app, ["recommend", str(path), "--no-record", option, str(tmp_path)])
    assert isinstance(result.exception, RecommenderError)
    assert result.exception.key == "file_not_written"


def test_half_characters_do_not_spread(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.csv")
    path.write_text(sheet())
    table = Table.read(path)
    problem = Problem.of(table, about="caf\udce9")
    assert table.name.encode()
    assert problem.about.encode()


def test_a_home_that_cannot_be_written_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    occupied = tmp_path / "home"
    occupied.write_text("a file")
    monkeypatch.setenv("FORMULA_HOME", str(occupied))
    x = np.arange(1.0, 9.0)
    result = recommend({"x": x, "y": x**2}, effort=0.02, record=False)
    assert "note.no_index" in {note.key for note in result.notes}
    assert result.formulas
    with pytest.raises(RecommenderError):
        recommend({"x": x, "y": x**2}, effort=0.02)
