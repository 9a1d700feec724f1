"""The fault drill, short: a run killed without warning goes on to the same end, in a file and on a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.evaluate.drill import drill
from recommender.session import Options

TABLE = Path(__file__).parents[3] / "examples" / "cooling_coffee.csv"


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_run_that_is_killed_goes_on_to_the_same_end(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = str(tmp_path / "runs.sqlite") if database == "sqlite" else request.getfixturevalue("postgres")
    done = drill(TABLE, url, kills=2, options=Options(effort=0.05, seconds=0.4, steps=10, limit=2), tell=lambda _: None)
    assert done.took_up >= 1
    assert done.same
    assert (done.gaps, done.doubled) == (0, 0)
