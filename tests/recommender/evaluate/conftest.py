"""Own tiny cases, a home folder with a tiny index, and programs under test that misbehave."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CANARY = "canary-7f3a"
Write = Callable[..., Path]


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder whose index holds four formulas, so that a worker starts at once."""
    from corpus.load import seed_entries
    from indexes import embedder, publish
    from indexes.embed import default_embedder

    folder = tmp_path_factory.mktemp("home")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", default_embedder().name)[-80:]
    publish(seed_entries()[:4], folder / "index" / name, embedder("hashed-ngrams"), source="ingest")
    return folder


@pytest.fixture
def small_home(small_index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder as the home of one test; the others keep theirs."""
    monkeypatch.setenv("FORMULA_HOME", str(small_index))
    return small_index


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder."""
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def decay(rows: int = 40, noise: float = 0.0) -> str:
    """A table with columns t and v, v = 5 exp(-t/3), and a column that is no feature."""
    t = np.linspace(0.1, 9, rows)
    v = 5 * np.exp(-t / 3) + noise * np.random.default_rng(1).standard_normal(rows)
    return "t,v,Run\n" + "".join(f"{a!r},{b!r},{i}\n" for i, (a, b) in enumerate(zip(t.tolist(), v.tolist(), strict=True)))


@pytest.fixture
def write_case() -> Write:
    """Writes one case: tables by role, truth, and whatever else problem.json should say."""

    def write(folder: Path, tables: Mapping[str, str] | None = None, truth: Mapping[str, Any] | None = None, **more: Any) -> Path:
        folder.mkdir(parents=True)
        tables = tables or {"data": decay()}
        for role, text in tables.items():
            (folder / f"{role}.csv").write_text(text, encoding="utf-8")
        problem = {
            "id": f"id-{CANARY}",
            "title": f"title-{CANARY}",
            "origin": f"origin-{CANARY}",
            "notes": f"notes-{CANARY}",
            "context": "A capacitor is discharged.",
            "target": {"name": "v", "unit": "V", "description": "voltage"},
            "features": [{"name": "t", "unit": "s", "description": "time"}],
            "files": {role: f"{role}.csv" for role in tables},
            **more,
        }
        (folder / "problem.json").write_text(json.dumps(problem), encoding="utf-8")
        answer = {"expression": "a*np.exp(-t/b)", "parameters": {"a": 4.9, "b": 3.1}, "parameters_from": "least squares", "kind": CANARY}
        (folder / "truth.json").write_text(json.dumps(answer if truth is None else truth), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], list[str]]:
    """A program under test written for one test: `requests` is an iterator of requests, `reply(value)` answers."""

    def command(body: str) -> list[str]:
        path = tmp_path / "program.py"
        path.write_text(
            "import json, os, sys, time\n"
            "requests = (json.loads(line) for line in sys.stdin)\n"
            "def reply(value=None, **more):\n"
            "    print(json.dumps({'value': value or {}, 'seconds': 0.1, 'cpu': 0.1, **more}), flush=True)\n" + body,
            encoding="utf-8",
        )
        return [sys.executable, str(path)]

    return command
