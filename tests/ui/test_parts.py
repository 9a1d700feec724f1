"""The parts of the app that need no page: words made inert, columns edited, tables on their way in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("streamlit")

from corpus.errors import TableError
from recommender.report.series import widened
from recommender.table import Table
from ui import data
from ui.charts import REACH, scatter_matrix
from ui.columns import default_roles, is_constant, looks_like_error, with_unit
from ui.data import read_pasted, read_upload
from ui.privacy import is_local
from ui.words import cell, plain


@pytest.fixture
def table():
    return Table.from_frame(pd.DataFrame({"L [mm]": [1.0, 2.0, np.nan], "sigma": [1, 2, 1], "y": [3.0, 4.0, 5.0], "who": ["a", "b", "b"]}))


@pytest.mark.parametrize("words", ["![x](https://example.com/a.png)", "[a](javascript:1)", ":red[x]", "$x$", "<b>", "`a`", "a*b_c*", "# x"])
def test_foreign_words_carry_no_markup(words):
    shown = plain(words)
    assert shown.replace("\\", "") == words.replace("\\", "")
    assert not [i for i, letter in enumerate(shown) if letter in "[]()<>$`*_:#!" and shown[i - 1] != "\\"]


@pytest.mark.parametrize(
    "words", ['=HYPERLINK("http://e")', "=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", "\n=1", " =1", "＝1+1", "　＋1"]
)
def test_no_grid_hands_a_formula_to_a_spreadsheet(words):
    assert cell(words) == f"'{words}"
    assert cell("length [mm]") == "length [mm]"


def test_headers_of_the_preview_are_harmless():
    table = Table.from_frame(pd.DataFrame({"=1+1": [1.0, 2.0], "y": [3.0, 4.0]}))
    assert list(data.preview_frame(table)) == ["'=1+1", "y"]


def test_units_and_meanings_are_edited(table):
    edited = with_unit(table["L"], "cm", " length of the crystal ")
    assert edited.values[0] == pytest.approx(0.01)
    assert edited.description == "length of the crystal"
    assert with_unit(table["y"], "%", "").values[0] == pytest.approx(0.03)


def test_an_emptied_unit_is_unknown(table):
    edited = with_unit(table["L"], "", None)
    assert edited.unit is None
    assert edited.values[0] == 1.0


def test_a_wrong_unit_changes_nothing(table):
    assert with_unit(table["L"], "furlongg", "").unit.text == "mm"


def test_roles_to_begin_with(table):
    assert default_roles(table) == {"L": "input", "sigma": "input", "y": "target", "who": "out"}
    assert not is_constant(table["L"])


@pytest.mark.parametrize("name", ["sigma_y", "誤差", "u (std)", "err T", "温度の不確かさ"])
def test_an_uncertainty_is_known_by_its_name(name):
    assert looks_like_error(name)


@pytest.mark.parametrize("name", ["sigmoid", "terrace", "T", "standard"])
def test_other_names_are_no_uncertainties(name):
    assert not looks_like_error(name)


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "a b/c.csv", "表.csv", ".csv", "x" * 300 + ".csv"])
def test_uploads_stay_in_their_folder(name):
    assert len(read_upload(name, b"x,y\n1,2\n2,3\n3,4\n")) == 3


@pytest.mark.parametrize("cells", ["x [mm]\ty\n1\t2\n2\t3\n3\t4", "x [mm];y\n1,5;2\n2,5;3\n3,5;4", "x [mm],y\n1,2\n2,3\n3,4"])
def test_cells_are_pasted_with_any_separator(cells):
    table = read_pasted(cells)
    assert (table.names, len(table), table["x"].unit.text) == (("x", "y"), 3, "mm")


def test_a_library_is_not_pasted(monkeypatch):
    monkeypatch.setattr(data, "MOST_PASTED", 20)
    with pytest.raises(TableError):
        read_pasted("x,y\n" + "1,2\n" * 20)


def test_axes_are_logarithmic_where_that_straightens():
    x = np.geomspace(1, 1e4, 40)
    table = Table.from_frame(pd.DataFrame({"x": x, "u": np.linspace(1, 2, 40), "y": 3 * x**1.5}))
    spec = scatter_matrix(table, ["x", "u", "y"]).to_dict()
    cell = spec["vconcat"][1]["hconcat"][0]["encoding"]
    assert (cell["x"]["scale"]["type"], cell["y"]["scale"]["type"]) == ("log", "log")
    assert "type" not in spec["vconcat"][1]["hconcat"][1]["encoding"]["x"]["scale"]


def test_a_positive_quantity_is_not_continued_below_zero():
    assert widened(np.linspace(0.5, 10, 30), REACH, 240)[0] == 0.0
    assert widened(np.linspace(-1, 1, 30), REACH, 240)[0] < -1


def test_a_server_on_this_machine_is_local():
    from recommender.llm import Member

    assert is_local(Member("a", "openai/x", api_base="http://127.0.0.1:8080/v1"))
    assert not is_local(Member("b", "openai/x"))
    assert not is_local(Member("c", "openai/x", api_base="http://127.0.0.1.example.com/v1"))
