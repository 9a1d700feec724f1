"""The units, the cron line and the page for operators name commands and folders that exist."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recommender.cli import app
from recommender.cli_ingest import BUSY

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAM = "/opt/formula-recommender/.venv/bin/"
COMMAND = re.compile(r"(?:/opt/formula-recommender/\.venv/bin/)?formula ((?:ingest|corpus|index)[a-z -]*)")


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / name).read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_command_named_is_a_command(path: Path) -> None:
    for words in COMMAND.findall(path.read_text(encoding="utf-8")):
        found = CliRunner().invoke(app, [*words.split(), "--help"])
        assert found.exit_code == 0, words


def test_the_service_runs_the_job_and_a_busy_night_is_no_failure() -> None:
    service = unit("formula-ingest.service")["Service"]
    assert service["ExecStart"] == f"{PROGRAM}formula ingest"
    assert service["SuccessExitStatus"] == str(BUSY)
    home = service["Environment"].removeprefix("FORMULA_HOME=")
    assert home == f"/var/lib/{service['StateDirectory']}"
    assert f"FORMULA_HOME={home}" in (DEPLOY / "formula-ingest.cron").read_text(encoding="utf-8")


def test_the_timer_makes_up_for_a_missed_night() -> None:
    assert unit("formula-ingest.timer")["Timer"]["Persistent"] == "true"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_understands_the_timer() -> None:
    calendar = unit("formula-ingest.timer")["Timer"]["OnCalendar"]
    assert subprocess.run(["systemd-analyze", "calendar", calendar], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("status", "printed"), [(0, ""), (75, ""), (2, "no luck\n")])
def test_cron_mails_failures_only(tmp_path: Path, status: int, printed: str) -> None:
    program = tmp_path / "formula"
    program.write_text(f"#!/bin/sh\necho no luck >&2\nexit {status}\n")
    program.chmod(0o755)
    (line,) = (line for line in (DEPLOY / "formula-ingest.cron").read_text(encoding="utf-8").splitlines() if line.startswith("30 "))
    command = line.split(maxsplit=6)[6].replace(f"{PROGRAM}formula", str(program))
    found = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert found.stdout == printed
