"""Property tests draw the same examples on every run and on every machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that tests can share helpers as `tests.…`

settings.register_profile("house", derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def formula_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home folder for the whole session, shared by workers that run beside each other: the index is built once, and
    nobody's own files are touched."""
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "formula-home"
    home.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMULA_HOME", str(home))
        patch.setenv("FORMULA_SEARCH_TIME", "0")  # tests of the searches ask for them
        yield home
