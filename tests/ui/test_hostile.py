"""Hostile words at the app: nothing of a table, a question, a model or an address is ever carried out or fetched."""

from __future__ import annotations

import re
import time
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("streamlit")

from corpus.errors import TableError
from corpus.language import text
from recommender import reading
from recommender.acceptance import Decision, turn_down
from recommender.jobs import Jobs, RunOptions
from recommender.llm import Member
from recommender.llm.discuss import Discussion
from recommender.problem import Problem
from recommender.store import Store
from recommender.table import Table
from tests.recommender.llm.server import running
from tests.ui.test_app import speak, turn
from ui.data import read_upload
from ui.talker import Talker, without_repetition

PICTURE = "![x](http://e.example/x.png)"
TAG = '<img src=http://e.example/y.png onerror="alert(1)">'
LINK = "[a](javascript:alert(1)) :material/bolt: :red[x] $\\href{http://e.example}{x}$ <script>alert(2)</script>"
LIVE = re.compile(r"(?<!\\)!\[|(?<!\\)\]\(|(?<!\\)<\s*(?:img|script|b|iframe)\b|(?<!\\)\$\\href|:material/bolt:|:red\[")
MARKDOWN = ("label", "help", "body", "placeholder_markdown")
SHOWN_AS_IT_IS = ("code", "text", "arrow_vega_lite_chart", "arrow_data_frame", "html")


@pytest.fixture(scope="module")
def attacked(work_off) -> str:
    """Id of a run whose every word is an attack, turned down for a reason that is one."""
    t = np.linspace(0, 10, 24)
    frame = pd.DataFrame({f"{PICTURE} [s]": t, TAG: np.cos(t), f"{LINK[:60]} [V]": 3 * np.exp(-t / 2.5) + 0.5})
    table = Table.from_frame(frame, name=f"=HYPERLINK {PICTURE}").with_descriptions({PICTURE: TAG})
    with Jobs() as jobs, Store.open() as store:
        run = jobs.submit(Problem.of(table, about=f"{LINK} {PICTURE} {TAG}"), RunOptions(limit=2, effort=0.2, seconds=0))
        work_off()
        result = jobs.look(run).result
        assert result is not None
        turn_down(store, run, result, 1, Decision(PICTURE, f"{TAG} {LINK}"))
    return run


def drawn(node):
    """Every text of a page that is drawn as Markdown."""
    for child in getattr(node, "children", {}).values():
        yield from drawn(child)
    proto = getattr(node, "proto", None)
    if proto is not None and node.type not in SHOWN_AS_IT_IS:
        yield from (value for name in MARKDOWN if isinstance(value := getattr(proto, name, None), str))


@pytest.mark.slow
@pytest.mark.parametrize("page", ["data", "run", "candidates", "refine", "library", "runs"])
def test_words_of_a_table_are_never_carried_out(app, attacked, page):
    speak(app, "en")
    turn(app, page, attacked)
    if page == "candidates":
        for name in ("predict", "decide"):
            app.session_state["part-en"] = text(f"ui_cards.tab_{name}", "en")
            app.run()
            assert not [words for words in drawn(app._tree) if LIVE.search(words)]
    assert not app.exception
    found = list(drawn(app._tree))
    assert any("e.example" in words.replace("\\", "") for words in found) or page in ("data", "library")
    assert not [words for words in found if LIVE.search(words)]


@pytest.mark.slow
def test_columns_of_an_upload_are_never_carried_out(app):
    speak(app, "en")
    cells = "\n".join(f"{i},{i * i},{i + 0.5}" for i in range(12))
    app.file_uploader[0].upload("a.csv", f'{PICTURE},"{TAG.replace(chr(34), "")}",{LINK[:40]}\n{cells}'.encode()).run()
    assert not app.exception
    found = list(drawn(app._tree))
    assert any("e.example" in words.replace("\\", "") for words in found)
    assert not [words for words in found if LIVE.search(words)]


@pytest.mark.parametrize("run", ["../../etc/passwd", "'; DROP TABLE runs; --", "x" * 5000, TAG, "%00"])
def test_an_address_made_up_is_one_sentence(app, run):
    speak(app, "en")
    turn(app, "candidates", run)
    assert not app.exception
    assert len(app.error) == 1
    assert not LIVE.search(app.error[0].value)


def test_a_session_does_not_keep_what_is_somebody_elses(app):
    with Jobs() as jobs:
        run = jobs.submit(Problem.of(Table.from_frame(pd.DataFrame({"x": range(9), "secret": range(9)}))), tenant="someone else")
        jobs.steer(run, "stop", tenant="someone else")
    speak(app, "en")
    app.session_state["work"].run = run
    for page in ("run", "candidates", "refine", "library", "data"):
        turn(app, page)
        assert not app.exception
        assert not [words for words in drawn(app._tree) if "secret" in words]


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_workbook_that_unpacks_to_gigabytes_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(reading, "_MOST_UNPACKED", 20_000_000)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 30_000_000)
    assert len(packed.getvalue()) < 100_000
    with pytest.raises(TableError) as caught:
        read_upload("bomb.xlsx", packed.getvalue())
    assert caught.value.key == "file_too_large"


def test_text_that_calls_itself_a_workbook_is_read_as_text():
    assert read_upload("a.xlsx", b"x,y\n1,2\n2,4\n3,5\n4,8\n").names == ("x", "y")


@pytest.mark.parametrize(
    ("name", "content"), [("a.parquet", b"MZ\x90\x00" * 50), ("a.csv", b"%PDF-1.7\n\x00\x01"), ("a.xls", b"\x89PNG\r\n\x1a\n\x00")]
)
def test_what_is_no_table_is_refused_in_words(name, content):
    with pytest.raises(TableError) as caught:
        read_upload(name, content)
    assert "。" in caught.value.text("ja")


# --- a model ----------------------------------------------------------------------------------------------------------


def test_an_answer_without_end_is_cut():
    told = "The gap sets the force. It falls with the gap. The gap sets the force. It falls with the gap. It"
    assert without_repetition(told) == "The gap sets the force. It falls with the gap. …"
    assert without_repetition("One sentence. Another sentence.") == "One sentence. Another sentence."


@pytest.fixture
def talkers():
    """One for each way in which a server can fail, by the name of the model."""
    problem = Problem.of(Table.from_frame(pd.DataFrame({"x": np.arange(1.0, 13.0), "y": 2.0 * np.arange(1.0, 13.0) + 1})))
    discussion = Discussion(problem)
    with running() as server:
        yield lambda name: Talker(discussion, Member(name, f"openai/{name}", api_base=server.url, timeout=3.0))


def answered(talker):
    """What there is in the end."""
    until = time.monotonic() + 60
    while (found := talker.take()) is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["empty", "full", "broken", "missing", "hang", "malformed", "truncated"])
def test_a_model_that_fails_ends_in_a_sentence(talkers, name):
    talker = talkers(name)
    talker.ask("explain", "ja")
    found = answered(talker)
    assert not talker.is_busy
    assert name in found.answer
    assert "。" in found.answer
    assert "Traceback" not in found.answer
    assert found.note == text("ui_refine.go_on", "ja")


@pytest.mark.slow
def test_whoever_does_not_want_to_wait_lets_a_model_go(talkers):
    talker = talkers("hang")
    talker.ask("explain", "en")
    assert talker.asked == "explain"
    assert talker.take() is None
    talker.let_go()
    assert not talker.is_busy
    assert talker.take() is None


@pytest.mark.slow
def test_words_no_tool_stands_behind_are_said_to_be_unchecked(talkers):
    talker = talkers("useless")
    talker.ask("explain", "en")
    found = answered(talker)
    assert found.answer.startswith("I am sorry")
    assert found.note == text("ui_refine.unchecked", "en", name="useless")
