from __future__ import annotations

import pytest

from indexes import Query, Retriever
from indexes.texts import terms
from indexes.thesaurus import technical

ONLY_WORDS = {"words": 1.0}


def found(retriever: Retriever, text: str) -> list[str]:
    return [item.entry.id for item in retriever.with_weights(ONLY_WORDS).search(Query(text))]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("spring", "mechanics.spring"),
        ("springs", "mechanics.spring"),
        ("hooke", "mechanics.spring"),  # alias
        ("dk", "optics.tuning"),  # symbol of two letters
        ("熱", "heat.cooling"),  # one letter
        ("ばね", "mechanics.spring"),  # two kana, too short for a trigram
        ("抵抗", "circuits.ohm"),
        ("変換効率", "optics.tuning"),
        ("振り子の長さと揺れ", "mechanics.pendulum"),
        ("ＳＨＧ", "optics.tuning"),  # full-width
        ("mismat", "optics.tuning"),  # part of a word
    ],
)
def test_finds_by_word(retriever: Retriever, text: str, first: str) -> None:
    assert found(retriever, text)[0] == first


@pytest.mark.parametrize(("text", "first"), [("my tea goes cold", "heat.cooling"), ("ブランコの揺れ", "mechanics.pendulum")])
def test_everyday_words_find_technical_ones(retriever: Retriever, text: str, first: str) -> None:
    assert found(retriever, text)[0] == first


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        '"',
        "'; DROP TABLE entry; --",
        "a AND",
        "NEAR(",
        "*",
        "-x",
        "title:x",
        "%",
        "_",
        "~%",
        "\x00",
        "\ud800",
        "x" * 50_000,
        "の",
        "、。",
    ],
)
def test_no_text_is_an_error(retriever: Retriever, text: str) -> None:
    assert isinstance(found(retriever, text), list)
    assert found(retriever, "spring")[0] == "mechanics.spring"


def test_wildcards_are_letters(retriever: Retriever) -> None:
    assert found(retriever, "%") == []
    assert found(retriever, "_") == []


def test_the_reason_names_the_words(retriever: Retriever) -> None:
    best = retriever.with_weights(ONLY_WORDS).search(Query("phase mismatch of a crystal"))[0]
    (reason,) = best.reasons
    assert (reason.channel, reason.rank) == ("words", 1)
    assert "mismatch" in reason.detail
    assert "mismatch" in reason.text("en")
    assert "1位" in reason.text("ja")


def test_terms_of_mixed_text() -> None:
    assert terms("SHG素子長とホイール cooling") == ["shg", "素子", "子長", "素", "子", "長", "ホイー", "イール", "cool"]


def test_technical_words_need_the_whole_phrase() -> None:
    assert "boiling point" in technical("water is boiling")
    assert "barometric" in technical("it is colder higher up")
    assert "barometric" not in technical("higher doses")
    assert technical("zzz") == ()
