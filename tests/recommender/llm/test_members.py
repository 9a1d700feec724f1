"""The file of members: what may stand in it, and what is said when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import SettingsError
from recommender.llm import Caps, Member, load_members
from recommender.llm.faults import scrubbed

EXAMPLE = Path(__file__).parents[3] / "examples" / "members.toml"
ONE = '[[member]]\nname = "a"\nmodel = "openai/x"\n'


def test_the_worked_example_is_read() -> None:
    found = load_members(EXAMPLE)
    assert [member.name for member in found.members] == ["gpt", "claude", "local"]
    assert found.caps == Caps(calls=40, cost=0.5, seconds=120)
    assert found.members[1].role == "contrarian"


def test_the_setting_names_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(ONE)
    monkeypatch.setenv("FORMULA_MEMBERS", str(tmp_path / "m.toml"))
    assert load_members().members == (Member("a", "openai/x"),)
    monkeypatch.delenv("FORMULA_MEMBERS")
    assert load_members().members == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[[member]", "settings_unreadable"),
        ('[[member]]\nmodel = "openai/x"\n', "members_missing"),
        ('[[member]]\nname = "a"\n', "members_missing"),
        ('[[member]]\nname = "a"\nmodel = "gpt"\n', "members_model"),
        (ONE + 'api_key = "sk-123"\n', "settings_unknown"),
        (ONE + 'api_key_env = "sk-123456"\n', "members_key"),
        (ONE + 'api_base = "http://me:secret@host/v1"\n', "members_base"),
        (ONE + 'api_base = "localhost:8080"\n', "members_base"),
        (ONE + "temperature = 5\n", "members_value"),
        (ONE + "max_calls = 1.5\n", "members_value"),
        (ONE + "timeout = true\n", "members_value"),
        (ONE + 'role = "poet"\n', "settings_value"),
        (ONE + 'language = "fr"\n', "settings_value"),
        (ONE + ONE, "members_twice"),
        ("[caps]\nmoney = 3\n", "settings_unknown"),
        ("[caps]\nseconds = -1\n", "members_value"),
        ("member = 3\n", "members_list"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_members(path)
    assert caught.value.key == key
    assert "123" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-AbCd1234efgh",
        "api_key=ABCDEFGH12345678 is wrong",
        "Authorization: Bearer ABCDEFGH12345678",
        "key AIzaABCDEFGH12345678 expired",
        "the secret was mine-ABCDEFGH12345678",
    ],
)
def test_keys_are_scrubbed_from_what_is_told(text: str) -> None:
    told = scrubbed(text, ["mine-ABCDEFGH12345678"])
    assert "ABCDEFGH" not in told
    assert "AbCd1234" not in told
