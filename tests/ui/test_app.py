"""The app as a visitor meets it: nothing yet, a file that is none, an example from question to answer, both languages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("streamlit")

from streamlit.testing.v1 import AppTest

from corpus.language import text
from ui import jobs

APP = Path(__file__).parents[2] / "ui" / "app.py"
PATIENCE = 120


@pytest.fixture
def app(formula_home) -> AppTest:
    return AppTest.from_file(APP, default_timeout=60)


def speak(app: AppTest, language: str) -> AppTest:
    app.session_state["language"] = language
    return app.run()


def words(app: AppTest) -> str:
    """Everything the page says in Markdown, plain text or a heading."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.text, app.error, app.warning, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def finish(app: AppTest) -> AppTest:
    """Look at the page again until the run has ended."""
    until = time.monotonic() + PATIENCE
    while "job" in app.session_state and not app.session_state["job"].is_finished and time.monotonic() < until:
        time.sleep(0.1)
        app.session_state["job"].look()
    return app.run()


@pytest.mark.parametrize("language", ["en", "ja"])
def test_empty_page_says_what_to_do(app, language):
    speak(app, language)
    assert not app.exception
    assert app.title[0].value == text("ui.title", language)
    assert text("ui.empty_title", language) in words(app)
    assert len(app.button) == 11


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.csv", b""), ("image.csv", b"\x89PNG\r\n\x1a\n\x00\x00" * 50), ("words.csv", b"a,b\nx,y\nz,w\n"), ("book.xlsx", b"PK no")],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_bad_file_is_one_sentence(app, name, content, language):
    speak(app, language)
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    assert len(app.error) == 1
    assert "Traceback" not in words(app)
    assert ("。" in app.error[0].value) == (language == "ja")


def test_question_that_does_not_fit_is_one_sentence(app):
    speak(app, "en")
    app.file_uploader[0].upload("t.csv", b"x,y\n1,2\n2,4\n3,6\n4,8\n5,10\n").run()
    app.text_input[0].set_value("a*unknown_function(x)").run()
    app.button(key="run").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert "job" not in app.session_state


def test_example_is_asked_and_answered_in_both_languages(app):
    """One test, because parallel workers would each pay for a run and an index."""
    speak(app, "en")
    app.button(key="try-cooling_coffee").click().run()
    assert app.selectbox(key="example").value == "cooling_coffee"
    app.button(key="run").click().run()
    finish(app)
    assert not app.exception
    assert not app.error
    assert len(app.session_state["job"].result.formulas) == len(app.latex) >= 3
    assert all("temperature" in formula.value for formula in app.latex)
    assert len(app.table) == 1 + len(app.latex)
    assert {button.key for button in app.download_button} >= {"report", "json", "source-1"}
    assert text("ui.results", "en", target="temperature") in words(app)
    speak(app, "ja")
    assert not app.exception
    assert text("ui.results", "ja", target="temperature") in words(app)
    assert "未知の行" in words(app)


@pytest.fixture
def busy() -> Iterator[None]:
    """Every place taken, so that a run waits in line."""
    others = [object() for _ in range(jobs.MAX_RUNNING)]
    for other in others:
        jobs._line.enter(other, lambda: False)
    yield
    for other in others:
        jobs._line.leave(other)


def asked(app: AppTest) -> jobs.Job:
    speak(app, "en")
    app.button(key="try-kepler").click().run()
    app.button(key="run").click().run()
    assert not app.exception
    return app.session_state["job"]


def test_waiting_run_knows_its_place_and_may_be_cancelled(app, busy):
    job = asked(app)
    assert app.button(key="run").disabled
    time.sleep(0.2)
    app.run()
    assert text("ui.stage_waiting", "en", place=1) in app.get("progress")[0].text
    app.button(key="stop").click().run()
    finish(app)
    assert job.cancelled
    assert "job" not in app.session_state
    assert not app.button(key="run").disabled


def test_another_table_gives_the_old_run_up(app, busy):
    job = asked(app)
    app.selectbox(key="example").set_value("diode_iv").run()
    assert "job" not in app.session_state
    assert job.stopped
