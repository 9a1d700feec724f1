"""`formula ingest` as an operator uses it, and what `ingest.toml` may say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner, Result

from corpus.errors import SettingsError
from corpus.sources import DropFolder, FolderSource, SqlSource
from indexes import Query, open_index
from recommender.cli import app
from recommender.ingest_config import IngestConfig
from tests.corpus.ingest_entries import entry, write

BAD = "- id: lab.bad\n  formula: y = G*(x\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path))
    return tmp_path


def formula(*words: str) -> Result:
    return CliRunner().invoke(app, ["ingest", *words])


def test_a_busy_job_exits_with_75(place: Path) -> None:
    (place / "ingest").mkdir()
    with FileLock(place / "ingest" / "ingest.lock"):
        found = formula("--lang", "ja")
    assert found.exit_code == 75
    assert "実行中" in found.output


def test_before_the_first_run_the_status_says_what_to_do() -> None:
    found = formula("status")
    assert found.exit_code == 1
    assert "Run `formula ingest` once" in found.output


@pytest.mark.slow
def test_from_the_first_night_to_what_a_person_mended_and_approved(place: Path) -> None:
    write(place / "drop", more=BAD)
    (place / "drop" / "notes.md").write_text("The output follows\n\n$$ V_o = G V_i^2 $$\n", encoding="utf-8")
    assert formula("--dry-run").exit_code == 0
    assert not (place / "ingest").exists()
    first = formula()
    assert first.exit_code == 0, first.output
    assert "1 in quarantine, 1 to review" in first.output
    assert formula("status").exit_code == 0
    reader = open_index()

    bad = formula("quarantine", "list").output.split()[0]
    assert "y = G*(x" in formula("quarantine", "show", bad[:5]).output
    assert formula("quarantine", "retry", bad).exit_code != 0
    write(place / "ingest" / "quarantine", entry(tenant="local"), name=f"{bad}.yaml")
    assert formula("quarantine", "retry", bad, "--by", "me").exit_code == 0
    draft = formula("review", "list").output.split()[0]
    assert formula("review", "approve", draft, "--by", "me").exit_code != 0
    write(place / "ingest" / "review", entry("lab.square", "G*Vi**2/Vi*exp(G)*Vi/(Vi + 1/G*Vi)", tenant="local"), name=f"{draft}.yaml")
    assert formula("review", "approve", draft, "--by", "me").exit_code == 0

    second = formula().output
    assert "0 in quarantine, 0 to review" in second
    found = CliRunner().invoke(app, ["corpus", "search", "amplifier gain"]).output
    assert "lab.gain" in found
    assert {item.entry.id for item in reader.search(Query("amplifier gain", tenant="local"))} >= {"lab.gain", "lab.square"}
    assert not {item.entry.id for item in reader.search(Query("amplifier gain"))} & {"lab.gain", "lab.square"}


def test_a_failed_run_tells_the_webhook_and_a_failing_webhook_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMULA_INGEST_WEBHOOK", "http://127.0.0.1:9/hook?token=hunter2")
    (place / "ingest").write_text("a file in the way")
    found = formula()
    assert found.exception is not None
    assert "cannot write its state" in str(found.exception)
    assert "did not reach the webhook at 127.0.0.1" in found.output
    assert "hunter2" not in found.output


def test_sources_come_from_the_file_after_seed_inbox_and_drop(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_DATABASE", "sqlite:////srv/lab.sqlite")
    (place / "ingest.toml").write_text(
        """
        stale_hours = 50
        webhook = "https://chat.example.com/hook"
        [[source]]
        kind = "drop"
        folder = "/srv/formulas"
        tenant = "acme"
        [[source]]
        kind = "sql"
        name = "lab"
        url = "env:LAB_DATABASE"
        query = "SELECT 1"
        columns = {gleichung = "formula"}
        [[source]]
        kind = "folder"
        folder = "/srv/corpus"
        """
    )
    config = IngestConfig.load()
    inbox, drop, second, lab, whole = config.sources
    assert [inbox.name, drop.name, whole.name] == ["inbox", "drop", "/srv/corpus"]
    assert second == DropFolder(Path("/srv/formulas"), "acme", "/srv/formulas")
    assert lab == SqlSource("sqlite:////srv/lab.sqlite", "SELECT 1", {"gleichung": "formula"}, "local", "lab")
    assert isinstance(whole, FolderSource)
    assert (config.stale_hours, config.webhook) == (50, "https://chat.example.com/hook")
    assert [config.tenant_of(name) for name in ("/srv/formulas", "lab", "inbox")] == ["acme", "local", "local"]


@pytest.mark.parametrize(
    "text",
    [
        "stale_hours = ",
        "stale_hours = 0",
        "stale_hours = true",
        "hours = 3",
        "source = 3",
        'webhook = "http://chat.example.com"',
        '[[source]]\nkind = "ftp"',
        '[[source]]\nkind = "drop"',
        '[[source]]\nkind = "drop"\nfolder = 3',
        '[[source]]\nkind = "drop"\nfolder = "x"\nquery = "y"',
        '[[source]]\nkind = "drop"\nfolder = "x"\nname = "inbox"',
        '[[source]]\nkind = "sql"\nurl = "env:NOT_SET_ANYWHERE"\nquery = "SELECT 1"',
        '[[source]]\nkind = "sql"\nurl = "sqlite://"\nquery = "SELECT 1"\ncolumns = 3',
        '[[source]]\nkind = "sql"\nurl = "sqlite://"\nquery = "SELECT 1"\ncolumns = {a = 1}',
    ],
)
def test_a_bad_file_is_a_clear_error(place: Path, text: str) -> None:
    (place / "ingest.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        IngestConfig.load()
    assert caught.value.text("ja") != str(caught.value)


def test_a_damaged_record_does_not_stop_the_status(place: Path) -> None:
    (place / "ingest" / "runs").mkdir(parents=True)
    (place / "ingest" / "runs" / "1.json").write_text(json.dumps({"run": "x"}))
    assert formula("status").exit_code == 1
