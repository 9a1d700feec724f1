from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest

from corpus.entry import Entry
from corpus.units import parse_unit
from indexes import ColumnHint, Query, Retriever
from indexes.second import table_units

FORCE = ColumnHint("F", parse_unit("kN").dimension)
LENGTH = ColumnHint("x", parse_unit("cm").dimension)


class Remembered:
    """Counts as the store would give them."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.found = counts
        self.asked: list[tuple[str, str]] = []

    def counts(self, domain: str, units: str) -> Mapping[str, int]:
        self.asked.append((domain, units))
        return self.found


def ids(retriever: Retriever, query: Query) -> list[str]:
    return [item.entry.id for item in retriever.search(query)]


@pytest.fixture(scope="module")
def springs(build: Callable[[Sequence[Entry]], Retriever], corpus: list[Entry], make_entry: Callable[..., Entry]) -> Retriever:
    """Two laws that units, words and meaning cannot tell apart."""
    extra = [
        make_entry(
            f"mechanics.pull_{i}",
            ("Pull", "引く力"),
            ("Pull over a distance.", "距離と引く力。"),
            formula,
            ("F", "pull", "引く力", "N"),
            [("x", "distance", "距離", "m")],
            [("k", "stiffness", "剛性", "N/m"), ("s", "scale", "尺度", "m")],
        )
        for i, formula in enumerate(["k*s*tanh(x/s)", "k*s*sinh(x/s)"])
    ]
    return build([*corpus, *extra])


def test_what_was_accepted_before_comes_first(springs: Retriever) -> None:
    asked = Query("pull", target=FORCE, inputs=(LENGTH,))
    first, second = ids(springs, asked)[:2]
    assert {first, second} == {"mechanics.pull_0", "mechanics.pull_1"}
    memory = Remembered({second: 4})
    found = springs.with_successes(memory).search(asked)
    assert found[0].entry.id == second
    assert memory.asked == [("mechanics", "kg*m/s**2<-m")]
    reason = next(reason for reason in found[0].reasons if reason.channel == "success")
    assert "4" in reason.text("en")
    assert reason.text("ja")


def test_past_success_brings_in_nothing_that_does_not_fit(springs: Retriever) -> None:
    asked = Query("pull", target=FORCE, inputs=(LENGTH,))
    known = springs.with_successes(Remembered({"no.such_entry": 9}))
    assert ids(known, asked) == ids(springs, asked)


def test_without_units_past_success_is_silent(springs: Retriever) -> None:
    memory = Remembered({"mechanics.pull_1": 9})
    springs.with_successes(memory).search(Query("pull"))
    assert memory.asked == []


def test_the_leading_field_is_a_reason(retriever: Retriever) -> None:
    found = retriever.search(Query("spring force and swing of a pendulum"))
    spoken = {item.entry.id: [reason.text("ja") for reason in item.reasons if reason.channel == "domain"] for item in found}
    assert "力学" in spoken["mechanics.spring"][0]
    assert not spoken.get("optics.tuning")


def test_the_units_of_a_table_do_not_depend_on_the_order_of_columns() -> None:
    time = ColumnHint("t", parse_unit("min").dimension)
    assert table_units(FORCE, [LENGTH, time]) == table_units(FORCE, [time, LENGTH]) == "kg*m/s**2<-m,s"
    assert table_units(FORCE, [ColumnHint("q")]) == "kg*m/s**2<-?"
    assert table_units(ColumnHint("y"), [ColumnHint("x")]) == ""
