"""The parts of the app that need no browser: words made inert, edits of columns, the line of runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("streamlit")

from corpus.errors import UnitError
from recommender.table import Table
from ui.data import column_frame, read_upload, with_edits
from ui.jobs import Line
from ui.words import plain


@pytest.fixture
def table() -> Table:
    return Table.from_frame(pd.DataFrame({"L [mm]": [1.0, 2.0, np.nan], "y": [3.0, 4.0, 5.0]}))


@pytest.mark.parametrize("words", ["![x](https://example.com/a.png)", "[a](javascript:1)", ":red[x]", "$x$", "<b>", "`a`", "a*b_c*", "# x"])
def test_foreign_words_carry_no_markup(words):
    shown = plain(words)
    assert shown.replace("\\", "") == words.replace("\\", "")
    assert not [i for i, letter in enumerate(shown) if letter in "[]()<>$`*_:#!" and shown[i - 1] != "\\"]


def test_units_and_meanings_are_edited(table):
    frame = column_frame(table)
    assert list(frame["missing"]) == [1, 0]
    frame["unit"], frame["meaning"] = ["cm", "%"], ["length of the crystal", None]
    edited = with_edits(table, frame)
    assert edited["L"].values[0] == pytest.approx(0.01)
    assert edited["L"].description == "length of the crystal"
    assert edited["y"].values[0] == pytest.approx(0.03)


def test_an_emptied_unit_is_unknown(table):
    frame = column_frame(table)
    frame["unit"] = ["", ""]
    edited = with_edits(table, frame)
    assert edited["L"].unit is None
    assert edited["L"].values[0] == 1.0


def test_a_wrong_unit_is_said(table):
    frame = column_frame(table)
    frame["unit"] = ["furlongg", ""]
    with pytest.raises(UnitError):
        with_edits(table, frame)


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "a b/c.csv", "表.csv", ".csv", "x" * 300 + ".csv"])
def test_uploads_stay_in_their_folder(name):
    assert len(read_upload(name, b"x,y\n1,2\n2,3\n3,4\n")) == 3


def test_runs_wait_in_line_and_may_give_up():
    line, entered, given_up, release = Line(1), [], set(), threading.Event()

    def visit(who: str) -> None:
        if line.enter(who, lambda: who in given_up):
            entered.append(who)
            release.wait(5)
            line.leave(who)

    threads = {who: threading.Thread(target=visit, args=(who,)) for who in "abc"}
    for who, thread in threads.items():
        thread.start()
        wait_until(lambda who=who: line.place(who) > 0 or who in entered)
    assert (entered, line.place("b"), line.place("c")) == (["a"], 1, 2)
    given_up.add("b")
    line.wake()
    threads["b"].join(5)
    assert line.place("c") == 1
    release.set()
    for thread in threads.values():
        thread.join(5)
    assert entered == ["a", "c"]


def wait_until(fact: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not fact() and time.monotonic() < until:
        time.sleep(0.01)
