"""When a bar holds."""

from __future__ import annotations

import math

import pytest

from recommender.evaluate._base import Row
from recommender.evaluate.fit_base import Bar
from recommender.evaluate.fit_coverage import coverage
from recommender.evaluate.fit_family import family
from recommender.evaluate.fit_race import RaceSuite
from recommender.evaluate.startup import Startup
from recommender.evaluate.tables import Tables


def table_rows(passed: int, failed: int, candidates: int = 5, failure: str = "") -> list[Row]:
    good = [Row(f"a{i}", True, {"candidates": candidates, "ratio": 1.0}) for i in range(passed)]
    bad = [Row(f"b{i}", False, {"candidates": 5, "ratio": 4.0}) for i in range(failed)]
    return good + bad + ([Row("c", False, {}, failure)] if failure else [])


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        (table_rows(6, 4), True),
        (table_rows(5, 5), False),
        (table_rows(10, 0, candidates=2), False),
        (table_rows(10, 0, candidates=3), True),
        (table_rows(10, 0, failure="crash: 9"), False),
        (table_rows(0, 0, failure="crash: 9"), False),
    ],
)
def test_tables(rows: list[Row], holds: bool) -> None:
    verdict = Tables().verdict(rows)
    assert verdict.holds is holds
    assert verdict.missed == tuple(row.case for row in rows if not row.passed)


def test_both_metrics_are_stated() -> None:
    rows = [Row("a", True, {"candidates": 5, "ratio": 9.0, "log_ratio": 1.0}), *table_rows(1, 0)]
    assert Tables().verdict(rows).numbers == {"crashes": 0, "fewest": 5, "share": 1.0, "share_plain": 0.5, "forms": 0}


def fit_rows(cpu: float, passed: int = 1000, failed: int = 0) -> list[Row]:
    shared = {"method": "ours", "group": "g", "cpu": cpu}
    return [Row(f"r{i}", i < passed, shared) for i in range(passed + failed)]


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        (fit_rows(0.05), True),
        (fit_rows(0.051), False),
        (fit_rows(0.01, 995, 5), True),
        (fit_rows(0.01, 994, 6), False),
        (fit_rows(0.01) + fit_rows(0.6, 60), False),
        (fit_rows(0.01) + [Row("x", False, {"method": "scipy", "group": "g", "cpu": 9.0})] * 500, True),
    ],
)
def test_family(rows: list[Row], holds: bool) -> None:
    assert family().verdict(rows).holds is holds


def test_a_fit_that_crashed_counts_as_missed() -> None:
    rows = [*fit_rows(0.01, 99), Row("gone", False, {"method": "ours", "group": "g", "cpu": math.nan}, "crash: 9")]
    verdict = family().verdict(rows)
    assert verdict.missed == ("gone",)
    assert verdict.numbers["share"] == 0.99


def test_a_bar_without_times_asks_for_none() -> None:
    numbers = {"share": 0.8, "median": 50.0, "mean": 60.0, "p95": 70.0, "max": 80.0, "per_minute": 1.0}
    assert Bar(share=0.8).holds(numbers)
    assert not Bar(share=0.8, per_minute=2.0).holds(numbers)


@pytest.mark.parametrize(("held", "holds"), [(91, False), (92, True), (97, True), (98, False)])
def test_coverage(held: int, holds: bool) -> None:
    rows = [Row("line seed 1", True, {"method": "ours", "cpu": 0.1, "held": held, "coefficients": 100})]
    assert coverage().verdict(rows).holds is holds


@pytest.mark.parametrize(("cpu", "lost", "holds"), [(0.1, 0, True), (0.11, 0, False), (0.01, 1, False)])
def test_race(cpu: float, lost: int, holds: bool) -> None:
    rows = [Row(f"r{i}", i >= lost, {"cpu": cpu}) for i in range(50)]
    assert RaceSuite().verdict(rows).holds is holds


def test_startup() -> None:
    rows = [Row("help", True, {"seconds": 0.4}), Row("first", False, {"seconds": 12.0})]
    assert not Startup().verdict(rows).holds
    assert Startup().verdict(rows[:1]).holds


def test_nothing_measured_holds_nothing() -> None:
    gone = Row("gone", False, {"method": "ours", "group": "g"}, "crash: 9")
    assert not family().verdict([gone]).holds
    assert not RaceSuite().verdict([Row("gone", False, {}, "crash: 9")]).holds
    assert not coverage().verdict([gone]).holds
