"""The bench of meanings: tables that say nothing of the answer, and a real run that finds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommender.evaluate._base import Options, Row
from recommender.evaluate.meaning import Meanings, meaning, other
from recommender.evaluate.meaning_tables import bare
from recommender.evaluate.run import run_suite


@pytest.mark.parametrize("suite", [meaning(), other()], ids=lambda suite: suite.name)
def test_tables_are_drawn_anew_for_each_seed_and_give_nothing_away(suite: Meanings) -> None:
    first, again, second = (suite.cases(Options(seed=seed)) for seed in (0, 0, 1))
    assert len({case.label for case in first}) == 12
    for case, same, another in zip(first, again, second, strict=True):
        assert case.table == same.table
        assert case.table.columns != another.table.columns
        headers = {bare(header) for header in case.table.columns}
        assert case.table.expected <= headers
        assert not headers & set(case.table.form.replace("(", " ").replace("*", " ").split()) & case.table.expected
        assert all(np.all(np.isfinite(column)) for column in case.table.columns.values() if not isinstance(column[0], str))


@pytest.mark.slow
def test_a_real_run_names_the_quantity() -> None:
    suite = replace(meaning(), kinds=[kind for kind in meaning().kinds if kind.name == "beam"])
    [row] = run_suite(suite, suite.cases(Options()), 1)
    assert row.failure == ""
    assert row.passed
    assert "^3" in str(row.values["relation"])


def test_the_bar_is_eleven_of_twelve() -> None:
    rows = [Row(f"case {i}", i > 0) for i in range(12)]
    assert meaning().verdict(rows).holds
    assert not meaning().verdict([replace(row, passed=False) if row.case == "case 1" else row for row in rows]).holds
