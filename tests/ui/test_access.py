"""Who may see what: the door, tenants kept apart, keys only ever there or not, what leaves this machine said aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("streamlit")

from corpus.language import text
from recommender.jobs import Jobs
from recommender.problem import Problem
from recommender.table import Table

ROOT = Path(__file__).parents[2]
APP = ROOT / "ui" / "app.py"
AUTH = {"auth": {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "x", "client_id": "y"}}
MEMBERS = """
[[member]]
name = "near"
model = "openai/local"
api_base = "http://127.0.0.1:1/v1"

[[member]]
name = "far"
model = "openai/gpt-4.1-mini"
api_key_env = "FAR_KEY"
"""


def side(app):
    return "\n".join(str(block.value) for block in app.sidebar.markdown)


def main_words(app):
    return "\n".join(str(block.value) for kind in (app.markdown, app.caption, app.warning, app.info, app.success) for block in kind)


@pytest.fixture
def members(tmp_path, monkeypatch):
    path = tmp_path / "members.toml"
    path.write_text(MEMBERS, encoding="utf-8")
    monkeypatch.setenv("FORMULA_MEMBERS", str(path))
    monkeypatch.setenv("FAR_KEY", "sk-very-secret-0123456789")
    return path


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_guarded_app_shows_the_door_only(app, language):
    app.secrets = AUTH
    app.session_state["language"] = language
    app.run()
    assert not app.exception
    assert [button.key for button in app.button] == ["sign-in"]
    assert app.button(key="sign-in").label == text("ui.sign_in", language)
    assert not app.file_uploader


def test_everyone_sees_their_own_runs(app):
    with Jobs() as jobs:
        problem = Problem.of(Table.read(ROOT / "examples" / "kepler.csv"))
        mine, other = (jobs.submit(problem, tenant=name) for name in ("a@example.com", "b@example.com"))
        for run in (mine, other):
            jobs.steer(run, "stop")
    app.secrets, app.user = AUTH, {"is_logged_in": True, "email": "a@example.com"}
    app.session_state["language"] = "en"
    app.run()
    assert "a@example" in "\n".join(str(block.value) for block in app.sidebar.caption)
    app.switch_page("views/run.py")
    app.query_params["run"] = mine
    app.run()
    assert not app.error
    app.query_params["run"] = other
    app.run()
    assert len(app.error) == 1


def test_nothing_leaves_without_models(app):
    app.session_state["language"] = "en"
    app.run()
    assert text("ui.privacy_local", "en") in side(app)


@pytest.mark.slow
def test_an_outside_model_is_named_and_its_key_never_shown(app, members):
    app.session_state["language"] = "ja"
    app.run()
    assert text("ui.privacy_outside", "ja") in side(app)
    app.switch_page("views/settings.py").run()
    assert not app.exception
    assert "far" in main_words(app)
    shown = "\n".join(str(table.value) for table in app.table)
    assert text("ui_settings.key_there", "ja") in shown
    assert "sk-very-secret" not in shown + main_words(app)


def test_a_broken_file_of_members_is_said_and_stops_nothing(app, members):
    members.write_text("[[member]]\nname = 1\n", encoding="utf-8")
    app.session_state["language"] = "en"
    app.run()
    assert not app.exception
    app.switch_page("views/settings.py").run()
    assert not app.exception
    assert len(app.error) == 1


def test_no_page_is_served_before_the_door():
    """What lies in a folder `pages` beside the app is served by Streamlit itself until the app has run once."""
    assert not (APP.parent / "pages").exists()
