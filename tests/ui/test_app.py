"""Every page in every state, in both languages: nothing yet, a file that is none, a run in line, one that has ended, one that failed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("streamlit")

from corpus.language import text
from recommender.jobs import Jobs
from recommender.problem import Problem
from recommender.settings import Settings
from recommender.store import Store
from recommender.table import Table

ROOT = Path(__file__).parents[2]
PAGES = ("data", "run", "candidates", "refine", "library", "runs", "settings")
LANGUAGES = ("en", "ja")


def speak(app, language):
    app.session_state["language"] = language
    return app.run()


def turn(app, page, run=""):
    """To a page, as by the list on the left; run: in its address."""
    app.switch_page(f"views/{page}.py")
    if run:
        app.query_params["run"] = run
    return app.run()


def part(app, name, language="en"):
    """To a part of a candidate, as by its tabs."""
    app.session_state[f"part-{language}"] = text(f"ui_cards.tab_{name}", language)
    return app.run()


def words(app):
    """Everything the page says."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.text, app.error, app.warning, app.info, app.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def equations(app):
    """The formulas that are typeset on their own."""
    return [block.value for block in app.markdown if "displaystyle" in str(block.value)]


def bring(app, language="en", example="kepler"):
    speak(app, language)
    app.button(key=f"try-{example}").click().run()
    assert not app.exception
    return app


def assert_spoken(app, language):
    """No error, no gap in the string table, no sentence of the other language."""
    assert not app.exception
    assert not app.error
    assert not re.search(r"\bui_?\w*\.\w+", words(app))
    assert bool(re.search("[ぁ-ん]", words(app))) == (language == "ja")


# --- nothing yet ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("library", "settings")])
def test_an_empty_page_says_what_to_do(app, page, language, tmp_path, monkeypatch):
    monkeypatch.setenv("FORMULA_STORE_URL", str(tmp_path / "none.sqlite"))
    speak(app, language)
    turn(app, page)
    assert_spoken(app, language)
    assert app.title[0].value == text(f"ui_page.{page}", language)
    if page in ("run", "candidates", "refine"):
        assert text("ui.no_run", language) in words(app)


def test_the_gallery_has_examples_enough(app):
    speak(app, "en")
    assert len([button for button in app.button if button.key.startswith("try-")]) >= 8
    assert app.button(key="try-shg_tuning_curve")


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.csv", b""), ("image.csv", b"\x89PNG\r\n\x1a\n\x00\x00" * 50), ("words.csv", b"a,b\nx,y\nz,w\n"), ("book.xlsx", b"PK no")],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bad_file_is_one_sentence(app, name, content, language):
    speak(app, language)
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    assert len(app.error) == 1
    assert "Traceback" not in words(app)
    assert ("。" in app.error[0].value) == (language == "ja")


# --- a table ----------------------------------------------------------------------------------------------------------


def test_a_japanese_spreadsheet_is_read(app, shift_jis):
    speak(app, "ja")
    app.file_uploader[0].upload(shift_jis.name, shift_jis.read_bytes()).run()
    assert_spoken(app, "ja")
    assert "経過時間" in words(app)
    assert [cell.value for cell in app.text_input if cell.key.endswith("-unit")] == ["分", "℃"]
    assert [box.value for box in app.selectbox if box.key.endswith("-role")] == ["input", "target"]


def test_pasted_cells_are_a_table(app):
    speak(app, "en")
    app.segmented_control(key="source").set_value("paste").run()
    app.text_area(key="pasted").set_value("x [mm]\ty\n" + "\n".join(f"{i}\t{2.5 * i}" for i in range(1, 8)))
    app.button[0].click().run()
    assert_spoken(app, "en")
    assert app.session_state["work"].question.inputs == ("x",)
    assert not app.button(key="run").disabled


def test_only_one_column_is_explained(app):
    bring(app, example="pump_curve")
    roles = [box for box in app.selectbox if box.key.endswith("-role")]
    assert [box.value for box in roles] == ["input", "input", "target"]
    roles[0].set_value("target").run()
    assert [box.value for box in app.selectbox if box.key.endswith("-role")] == ["target", "input", "input"]


def test_a_unit_nobody_knows_is_said_and_changes_nothing(app):
    bring(app)
    cell = next(cell for cell in app.text_input if cell.key.endswith("-unit"))
    cell.set_value("furlongg").run()
    assert len(app.error) == 1
    assert app.session_state["work"].question.table.columns[0].unit.text == "au"


def test_a_finding_is_cured_by_one_click(app):
    speak(app, "en")
    rows = "\n".join(f"{i},{i / 10},{3 * i},0.1" for i in range(1, 12))
    app.file_uploader[0].upload("t.csv", f"no,x [m],y [m],sigma_y\n{rows}\n".encode()).run()
    cures = [button for button in app.button if button.key.startswith("cure-")]
    assert text("ui_cure.use_as_error", "en") not in [button.label for button in cures]  # it has one value: a constant
    next(button for button in cures if button.label == text("ui_cure.leave_out", "en")).click().run()
    assert app.session_state["work"].question.inputs == ("x", "sigma_y")
    assert text("ui_cure.numbering", "en", name="no") not in words(app).replace("\\", "")


def test_words_become_a_draft_that_waits_for_a_yes(app):
    bring(app, "ja", "shg_length_power_ja")
    request = next(area for area in app.text_area if area.key.endswith("-about"))
    request.set_value("変換効率は素子長でどう変わりますか。温度は 300 K です。変換効率は正です。").run()
    app.button(key="read-request").click().run()
    assert text("ui_data.draft_title", "ja") in words(app)
    assert app.session_state["work"].question.inputs == ("素子長", "励起パワー")
    app.button(key="draft-take").click().run()
    assert not app.exception
    question = app.session_state["work"].question
    assert question.inputs == ("素子長",)
    assert question.known == {"温度": "300 K"}
    assert question.require == ("positive",)


def test_what_was_typed_is_still_there_on_return(app):
    bring(app)
    next(cell for cell in app.text_input if cell.key.endswith("-meaning")).set_value("half the long axis").run()
    turn(app, "runs")
    turn(app, "data")
    assert next(cell for cell in app.text_input if cell.key.endswith("-meaning")).value == "half the long axis"
    assert app.session_state["work"].question.table.columns[0].description == "half the long axis"


def test_a_question_that_does_not_fit_is_one_sentence(app):
    bring(app)
    next(area for area in app.text_area if area.key.endswith("-typed")).set_value("a*unknown_function(x)").run()
    app.button(key="run").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert not app.session_state["work"].run


# --- a run ------------------------------------------------------------------------------------------------------------


def order(app, language="en"):
    bring(app, language)
    app.button(key="run").click().run()
    turn(app, "run", app.session_state["work"].run)
    assert_spoken(app, language)
    return app.session_state["work"].run


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_waiting_run_knows_its_place_and_may_be_cancelled(app, language):
    run = order(app, language)
    assert text("ui_run.state_queued", language, place=1) in app.get("progress")[0].text
    app.button(key="stop").click().run()
    assert text("ui_run.cancelled", language) in words(app)
    with Jobs() as jobs:
        assert jobs.look(run).state == "stopped"


def test_steering_is_recorded_and_nonsense_refused(app):
    run = order(app)
    app.selectbox(key="steer-verb").set_value("forbid")
    app.text_input(key="steer-text").set_value("tan")
    next(button for button in app.button if button.label == text("ui_run.send", "en")).click().run()
    assert not app.exception
    with Jobs() as jobs:
        assert [(one.command.verb, one.command.text) for one in jobs.look(run).commands] == [("forbid", "tan")]
    app.selectbox(key="steer-verb").set_value("pin")
    app.text_input(key="steer-text").set_value("a*(b")
    next(button for button in app.button if button.label == text("ui_run.send", "en")).click().run()
    assert len(app.error) == 1
    with Jobs() as jobs:
        jobs.steer(run, "stop")


def test_another_tenants_run_is_not_found(app, monkeypatch):
    with Jobs() as jobs:
        run = jobs.submit(Problem.of(Table.read(ROOT / "examples" / "kepler.csv")), tenant="someone else")
        jobs.steer(run, "stop")
    speak(app, "en")
    turn(app, "candidates", run)
    assert not app.exception
    assert len(app.error) == 1
    turn(app, "runs")
    assert run not in words(app)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failed_run_says_why(app, language):
    problem = Problem.of(Table.read(ROOT / "examples" / "kepler.csv"))
    with Jobs() as jobs, Store.open() as store:
        run = jobs.submit(problem, tenant=Settings.load().tenant)
        store.claim("a worker that dies", 60)
        store.finish_run(run, "failed", {})
    speak(app, language)
    turn(app, "run", run)
    assert not app.exception
    assert len(app.error) == 1
    assert ("。" in app.error[0].value) == (language == "ja")


# --- the answer -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_after_a_run(app, finished, page, language):
    speak(app, language)
    turn(app, page, finished)
    assert_spoken(app, language)


@pytest.mark.slow
def test_the_answer_is_shown_in_full(app, finished):
    speak(app, "en")
    turn(app, "candidates", finished)
    assert text("ui_cards.title", "en", target="temperature") in words(app)
    assert "Newton" in words(app)
    assert len(equations(app)) == 1
    assert "temperature" in equations(app)[0]
    assert len(app.tabs) == 6
    assert app.get("download_button")


@pytest.mark.slow
def test_two_candidates_side_by_side(app, finished):
    speak(app, "en")
    turn(app, "candidates", finished)
    app.button_group(key="shown").set_value([1, 2]).run()
    assert not app.exception
    assert len(equations(app)) == 2


@pytest.mark.slow
def test_a_new_row_is_predicted_and_doubted_beyond_the_data(app, finished):
    speak(app, "en")
    turn(app, "candidates", finished)
    part(app, "predict")
    assert 20 < float(app.metric[0].value.split()[0]) < 90
    assert "Outside of what was measured" not in words(app)
    app.number_input[0].set_value(500.0).run()
    assert "Outside of what was measured" in words(app)


@pytest.mark.slow
def test_a_candidate_is_rejected_with_a_reason(app, finished):
    speak(app, "en")
    turn(app, "candidates", finished)
    part(app, "decide")
    reject = next(button for button in app.button if button.label == text("ui_cards.reject", "en"))
    reject.click().run()
    assert len(app.error) == 1  # nobody, for no reason
    next(cell for cell in app.text_input if cell.label == text("ui_cards.person", "en")).set_value("Yamada")
    next(area for area in app.text_area if area.label == text("ui_cards.reason", "en")).set_value("The room was warmer.")
    next(button for button in app.button if button.label == text("ui_cards.reject", "en")).click().run()
    assert not app.error
    app.run()
    assert "Yamada" in words(app)


@pytest.mark.slow
def test_tools_change_the_formulas(app, finished):
    speak(app, "en")
    turn(app, "refine", finished)
    app.button_group(key="tool").set_value("fit").run()
    app.selectbox(key="arg-formula").set_value("1")
    next(button for button in app.button if button.label == text("ui_refine.do", "en")).click().run()
    assert not app.exception
    assert "temperature" in words(app)
    assert app.session_state["said"]


# --- library and history ----------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "asked", "wanted"), [("en", "how fast does coffee cool", "Newton"), ("ja", "部品が冷える速さ", "冷却")]
)
def test_the_library_answers_in_words(app, language, asked, wanted):
    speak(app, language)
    turn(app, "library")
    app.text_input(key="library-words").set_value(asked).run()
    assert_spoken(app, language)
    assert any(wanted in str(name) for name in app.dataframe[0].value.iloc[:8, 0])


@pytest.mark.slow
def test_the_library_is_narrowed_by_field_and_unit(app):
    speak(app, "en")
    turn(app, "library")
    app.selectbox(key="library-domain").set_value("heat_transfer").run()
    app.text_input(key="library-unit").set_value("W/m^2").run()
    assert not app.exception
    assert set(app.dataframe[0].value.iloc[:, 1]) == {text("domain.heat_transfer", "en")}
    app.text_input(key="library-unit").set_value("furlongg").run()
    assert len(app.error) == 1


@pytest.mark.slow
def test_an_entry_is_tried_on_the_table_at_hand(app):
    bring(app, "en", "cooling_coffee")
    turn(app, "library")
    app.text_input(key="library-words").set_value("Newton's law of cooling").run()
    app.button(key="try-entry").click().run()
    assert not app.exception
    assert any("temperature" in formula for formula in equations(app))


@pytest.mark.slow
def test_a_proposal_with_wrong_units_is_not_taken(app):
    speak(app, "en")
    turn(app, "library")
    app.text_input(key="new-formula").set_value("P = eta*V*I").run()
    assert not app.exception
    assert text("ui_library.not_yet", "en") in words(app)
    assert app.button(key="hand-in").disabled
    app.text_input(key="new-formula").set_value("P = eta*(V").run()
    assert len(app.error) == 1


@pytest.mark.slow
def test_history_opens_a_run_and_takes_its_report_away(app, finished):
    speak(app, "en")
    turn(app, "runs", finished)
    assert "coffee" in words(app)
    assert app.get("download_button")
    assert {text("ui_runs.asked", "en"), text("ui_runs.log", "en")} <= {box.label for box in app.expander}


@pytest.mark.slow
def test_a_run_found_again_gives_its_table_back(app, finished):
    speak(app, "ja")
    turn(app, "run", finished)
    app.button(key="again").click().run()
    turn(app, "data")
    assert_spoken(app, "ja")
    question = app.session_state["work"].question
    assert (question.target, question.inputs, question.about) == ("temperature", ("time",), "coffee cooling in a room")
    assert not app.button(key="run").disabled


@pytest.mark.slow
def test_a_calculation_may_judge_formulas_instead_of_data(app, monkeypatch):
    monkeypatch.setattr("ui.computed.BUDGETS", {"qpm_rectangular": 800})
    speak(app, "ja")
    app.button(key="computed-qpm_rectangular").click().run()
    assert text("ui_data.computed_going", "ja", seconds=0)[:3] in app.get("progress")[-1].text
    app.session_state["computed"].process.wait(120)
    app.run()
    assert_spoken(app, "ja")
    assert text("ui_data.computed_robust", "ja") in app.table[0].value.columns
