"""One home folder for the whole test session, so that the index is built once and nobody's own files are touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexes import Retriever, open_index


@pytest.fixture(scope="session", autouse=True)
def formula_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home folder of the session; workers that run beside each other share it."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "formula-home"
    home.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMULA_HOME", str(home))
        yield home


@pytest.fixture(scope="session")
def retriever(formula_home: Path) -> Retriever:
    """The index that comes with the package."""
    return open_index()
