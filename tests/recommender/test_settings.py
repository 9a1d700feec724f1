from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import SettingsError
from recommender.settings import Settings, home


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path))
    return tmp_path


def test_home_is_where_the_environment_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home() == folder
    monkeypatch.setenv("FORMULA_HOME", "")
    monkeypatch.setenv("HOME", "/home/someone")
    assert home() == Path("/home/someone/.local/share/formula-recommender")
    monkeypatch.setenv("FORMULA_HOME", "~/formulas")
    assert home() == Path("/home/someone/formulas")


def test_environment_over_file_over_default(folder: Path) -> None:
    assert Settings.load({}) == Settings(None, "local", "en")
    (folder / "settings.toml").write_text('tenant = "acme"\nlanguage = "ja"\n')
    assert Settings.load({}) == Settings(None, "acme", "ja")
    assert Settings.load({"FORMULA_TENANT": "beta", "FORMULA_STORE_URL": "x.sqlite"}) == Settings("x.sqlite", "beta", "ja")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("tenant = ", "settings_unreadable"),
        ('tenat = "x"', "settings_unknown"),
        ("tenant = 3", "settings_unknown"),
        ('language = "fr"', "settings_value"),
        ('tenant = " "', "settings_value"),
    ],
)
def test_a_bad_file_is_a_clear_error(folder: Path, text: str, key: str) -> None:
    (folder / "settings.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        Settings.load({})
    assert caught.value.key == key
    assert caught.value.text("ja") != str(caught.value)
