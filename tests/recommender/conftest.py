"""The index that the tests of the recommender share."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexes import Retriever, open_index


@pytest.fixture(scope="session")
def retriever(formula_home: Path) -> Retriever:
    """The index that comes with the package."""
    return open_index(formula_home / "index" / "use-multilingual")
