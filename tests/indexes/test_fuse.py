from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexes.fuse import Hit, fuse


def hits(*rows: int, strength: float = 1.0) -> list[Hit]:
    return [Hit(row, -float(place), strength, "") for place, row in enumerate(rows)]


def order(lists: dict, weights: dict) -> list[int]:
    return [item.row for item in fuse(lists, weights)]


def test_what_two_channels_find_beats_what_one_finds() -> None:
    assert order({"meaning": hits(1, 2, 3), "words": hits(2, 4)}, {"meaning": 1, "words": 1})[0] == 2


def test_a_heavier_channel_decides() -> None:
    lists = {"meaning": hits(1, 2), "words": hits(2, 1)}
    assert order(lists, {"meaning": 1, "words": 3}) == [2, 1]
    assert order(lists, {"meaning": 3, "words": 1}) == [1, 2]


def test_a_list_of_poor_matches_cannot_outvote_a_good_one() -> None:
    assert order({"meaning": hits(1), "words": hits(2, strength=0.2)}, {"meaning": 1, "words": 1.5})[0] == 1


def test_ties_share_their_rank() -> None:
    tied = [Hit(row, 1.0, 1.0, "") for row in (5, 3, 4)]
    fused = fuse({"dimensions": tied}, {})
    assert [item.row for item in fused] == [3, 4, 5]
    assert len({item.score for item in fused}) == 1
    assert {item.reasons[0].rank for item in fused} == {1}


def test_every_channel_that_found_it_is_a_reason() -> None:
    best = fuse({"meaning": hits(1), "words": hits(2, 1)}, {})[0]
    assert {(reason.channel, reason.rank) for reason in best.reasons} == {("meaning", 1), ("words", 2)}


@given(st.lists(st.lists(st.integers(0, 30), unique=True), max_size=3))
def test_nothing_is_lost_or_doubled(lists: list[list[int]]) -> None:
    named = dict(zip(("meaning", "words", "dimensions"), (hits(*rows) for rows in lists), strict=False))
    rows = order(named, {})
    assert len(rows) == len(set(rows))
    assert set(rows) == {row for part in lists for row in part}
