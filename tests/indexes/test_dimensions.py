from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from corpus.dimension import Dimension
from corpus.entry import Entry
from corpus.units import parse_unit
from indexes import ColumnHint, Query, Retriever, assignments


def column(name: str, unit: str | None) -> ColumnHint:
    return ColumnHint(name, None if unit is None else parse_unit(unit).dimension)


def found(retriever: Retriever, target: ColumnHint, *inputs: ColumnHint) -> list[str]:
    return [item.entry.id for item in retriever.with_weights({"dimensions": 1.0}).search(Query(target=target, inputs=inputs))]


@pytest.mark.parametrize(
    ("target", "inputs", "first"),
    [
        ("V", ["A", "ohm"], "circuits.ohm"),
        ("kV", ["kohm", "uA"], "circuits.ohm"),  # units do not matter, dimensions do
        ("A", ["V", "ohm"], "circuits.ohm"),  # rearranged
        ("degC", ["min"], "heat.cooling"),
        ("N", ["cm"], "mechanics.spring"),
        ("N", ["N/m", "cm"], "mechanics.spring"),  # a column plays the parameter
        ("1", ["1/cm"], "optics.tuning"),
        ("m", ["s"], "mechanics.pendulum"),  # the length from the period
    ],
)
def test_finds_by_units_alone(retriever: Retriever, target: str, inputs: list[str], first: str) -> None:
    hidden = [column(f"c{i}", unit) for i, unit in enumerate(inputs)]
    assert found(retriever, column("y", target), *hidden)[0] == first


def test_a_column_of_unknown_unit_may_be_anything(retriever: Retriever) -> None:
    assert found(retriever, column("y", "V"), column("a", None), column("b", "ohm"))[0] == "circuits.ohm"


def test_no_known_unit_tells_nothing(retriever: Retriever) -> None:
    assert found(retriever, column("y", None), column("x", None)) == []
    assert found(retriever, column("y", "N")) == []


def test_a_unit_nobody_has_finds_only_what_fits_everything(retriever: Retriever) -> None:
    odd = ColumnHint("y", Dimension.of(cd=3, kg=2))
    assert set(found(retriever, odd, column("x", "m"))) <= {"shapes.line"}


def test_the_reason_tells_who_plays_what(retriever: Retriever) -> None:
    query = Query(target=column("U", "V"), inputs=(column("i", "A"), column("r", "ohm")))
    (reason,) = retriever.with_weights({"dimensions": 1.0}).search(query)[0].reasons
    assert reason.detail == "V=U: I=i, R=r"


def test_assignments_are_complete_and_best_first(corpus: list[Entry]) -> None:
    ohm = next(entry for entry in corpus if entry.id == "circuits.ohm")
    best, *others = assignments(ohm, column("U", "V"), [column("i", "A"), column("r", "ohm"), column("T", "K")])
    assert (best.target, dict(best.columns)) == ("V", {"I": "i", "R": "r"})
    assert (best.unused, best.missing, best.rearranged) == (("T",), (), False)
    assert all(other.score <= best.score for other in others)


def test_rearranged_assignment_says_so(corpus: list[Entry]) -> None:
    ohm = next(entry for entry in corpus if entry.id == "circuits.ohm")
    (best,) = assignments(ohm, column("r", "ohm"), [column("U", "V"), column("i", "A")])
    assert (best.target, best.rearranged, dict(best.columns)) == ("R", True, {"V": "U", "I": "i"})


def test_columns_of_one_dimension_are_dealt_in_every_way(make_entry: Callable[..., Entry]) -> None:
    lens = make_entry(
        "optics.lens",
        ("Lens", "レンズ"),
        ("Image distance.", "像距離。"),
        "f*u/(u - f)",
        ("v", "image distance", "像距離", "mm"),
        [("u", "object distance", "物体距離", "mm"), ("f", "focal length", "焦点距離", "mm")],
    )
    found = assignments(lens, column("y", "m"), [column("a", "m"), column("b", "m")])
    straight = [tuple(sorted(item.columns.items())) for item in found if not item.rearranged]
    assert straight == [(("f", "a"), ("u", "b")), (("f", "b"), ("u", "a"))]
    assert len(found) == 6


def test_nothing_fits_a_target_of_another_dimension(corpus: Sequence[Entry]) -> None:
    ohm = next(entry for entry in corpus if entry.id == "circuits.ohm")
    assert assignments(ohm, column("y", "kg"), [column("x", "A")]) == []


def test_many_columns_do_not_explode(retriever: Retriever, corpus: Sequence[Entry]) -> None:
    many = [column(f"x{i}", unit) for i, unit in enumerate(["m", "s", None, "kg", "V"] * 40)]
    assert found(retriever, column("y", "V"), *many)
    assert all(len(assignments(entry, column("y", "V"), many[:12], limit=5)) <= 5 for entry in corpus)
