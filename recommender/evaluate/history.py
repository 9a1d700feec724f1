"""What was measured when, on what: one JSON line per suite and run, appended to `bench/history.jsonl` in the home folder."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from corpus.errors import BenchError
from recommender.evaluate._base import Options, Verdict, finite
from recommender.settings import home

_LIBRARIES = ("formula-recommender", "numpy", "scipy", "pandas", "chromadb")


def history_file() -> Path:
    """Where the history of this installation is kept."""
    return home() / "bench" / "history.jsonl"


def circumstances() -> dict[str, Any]:
    """Versions, machine and commit: what a number means nothing without."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _LIBRARIES}},
        "machine": {
            "platform": platform.platform(),
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            **_load(),
        },
        "commit": _commit(),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _load() -> dict[str, float]:
    return {"load": round(os.getloadavg()[0], 2)} if hasattr(os, "getloadavg") else {}


def _commit() -> str | None:
    """The commit of the source tree, with + if it has been edited; None outside a repository."""
    git, root = shutil.which("git"), Path(__file__).parents[2]
    if git is None or not (root / ".git").exists():
        return None
    said = [
        subprocess.run([git, *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
        for arguments in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "-uno"))
    ]
    return None if said[0].returncode else said[0].stdout.strip() + ("+" if said[1].stdout.strip() else "")


def record(bench: str, suite: str, options: Options, labels: Sequence[str], verdict: Verdict) -> dict[str, Any]:
    """One line of the history.

    digest: hash of the names of the cases, so that only runs over the same cases are compared.
    """
    return {
        "bench": bench,
        "suite": suite,
        "quick": options.quick,
        "seed": options.seed,
        "jobs": options.jobs,
        "against": list(options.against),
        "count": len(labels),
        "digest": hashlib.sha256("\n".join(sorted(labels)).encode()).hexdigest()[:12],
        "holds": verdict.holds,
        "numbers": finite(verdict.numbers),
        "missed": list(verdict.missed),
    }


def append(lines: Sequence[Mapping[str, Any]], path: Path | None = None) -> None:
    """Add lines in one write, so that two runs at once do not mix theirs. BenchError if the folder cannot be written."""
    file = path or history_file()
    text = "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise BenchError("bench_history", path=file, reason=error) from None


def read(bench: str, path: Path | None = None) -> list[dict[str, Any]]:
    """Past lines of a bench, oldest first; lines that cannot be read are passed over."""
    file = path or history_file()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [line for line in map(_line, lines) if line.get("bench") == bench]


def _line(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
