"""A sentence becomes a draft that a person confirms: what it says is found, what it does not say is left open."""

from __future__ import annotations

import numpy as np
import pytest

from recommender.llm.draft import Draft, Finding, completed, draft
from recommender.table import Table

ROWS = np.linspace(1, 5, 12)
LATIN = Table.of({"eta": ROWS**2, "L": ROWS, "P": ROWS[::-1], "T": np.sin(ROWS)})
JAPANESE = Table.of({"変換効率": ROWS**2, "素子長": ROWS, "パワー": ROWS[::-1]})


def read(text: str, table: Table = LATIN) -> tuple[object, ...]:
    found = draft(text, table)
    return found.target, found.inputs, found.pairs("unit"), found.pairs("known"), found.require


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("変換効率 eta が素子長 L とパワー P でどう決まるか知りたい。Lはmm", ("eta", ("L", "P"), {"L": "mm"}, {}, ())),
        ("How does eta depend on L and P? L is in mm, P in mW.", ("eta", ("L", "P"), {"L": "mm", "P": "mW"}, {}, ())),
        ("I want a formula for eta as a function of L. lambda = 1064 nm.", ("eta", ("L",), {}, {"lambda": "1064 nm"}, ())),
        ("effect of L and P on eta, ignoring T", ("eta", ("L", "P"), {}, {}, ())),
        ("etaをT以外で説明したい。eta は正で、Lとともに増える。", ("eta", ("L", "P"), {}, {}, ("positive", "increasing in L"))),
        ("L=0 のとき eta は 0。eta は L に依存する", ("eta", ("L",), {}, {}, ("0 at L = 0",))),
        ("T = 300 K でetaとLの関係を式にしたい", ("eta", ("L",), {}, {}, ())),
        ("eta [%] vs L [mm] at P (W)", ("eta", ("L", "P"), {"eta": "%", "L": "mm", "P": "W"}, {}, ())),
        ("Predict eta from P and T. It does not diverge.", ("eta", ("P", "T"), {}, {}, ("bounded",))),
        ("target: eta", ("eta", None, {}, {}, ())),
        ("Tell me what you see", (None, None, {}, {}, ())),
        ("", (None, None, {}, {}, ())),
    ],
)
def test_what_a_sentence_says(text: str, expected: tuple[object, ...]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "変換効率が素子長とパワーでどう決まるか。素子長はmm、パワーはmW。屈折率は2.2",
            ("変換効率", ("素子長", "パワー"), {"素子長": "mm", "パワー": "mW"}, {"屈折率": "2.2"}, ()),
        ),
        ("素子長とパワーが変換効率に与える影響を調べたい", ("変換効率", ("素子長", "パワー"), {}, {}, ())),
        ("変換効率の式を知りたい。必ず変換効率は正で、波長は 1.064 um", ("変換効率", None, {}, {"波長": "1.064 um"}, ("positive",))),
    ],
)
def test_japanese_names_need_no_spaces(text: str, expected: tuple[object, ...]) -> None:
    assert read(text, JAPANESE) == expected


def test_a_column_is_known_by_its_description_and_a_letter_inside_a_word_is_none() -> None:
    table = Table.of({"y": ROWS**2, "a": ROWS, "b": ROWS[::-1]}, descriptions={"y": "output voltage", "a": "gate length"})
    found = draft("How does the output voltage depend on the gate length of a big transistor?", table)
    assert (found.target, found.inputs) == ("y", ("a",))


def test_full_width_letters_and_units_are_read() -> None:
    assert read("ｅｔａがＬでどう変わるか。Ｌはｍｍ")[:3] == ("eta", ("L",), {"L": "mm"})


def test_a_draft_becomes_a_problem_only_when_asked_and_a_command_to_look_at() -> None:
    found = draft("How does eta depend on L? L is in mm. n = 2.2. eta must be positive", LATIN)
    problem = found.problem(LATIN)
    assert (problem.target.name, [c.name for c in problem.inputs]) == ("eta", ["L"])
    assert problem.inputs[0].unit is not None
    assert problem.inputs[0].unit.text == "mm"
    assert problem.known[0].name == "n"
    assert problem.require[0].kind == "positive"
    assert LATIN.find("L").unit is None
    assert found.command("t.csv").startswith("formula recommend t.csv --target eta --inputs L --unit L=mm --known n=2.2 --require positive")


def test_a_model_fills_only_what_the_rules_left_open() -> None:
    rules = draft("How does eta depend on L?", LATIN)
    model = [Finding("target", "T"), Finding("input", "P"), Finding("unit", "L", "mm"), Finding("known", "n", "2.2")]
    found = completed(rules, model)
    assert (found.target, found.inputs, found.pairs("unit"), found.pairs("known")) == ("eta", ("L",), {"L": "mm"}, {"n": "2.2"})
    assert [one.by for one in found.findings if one.kind == "unit"] == ["model"]
    open_ = completed(Draft("?", ()), [*model, Finding("input", "T")])
    assert (open_.target, open_.inputs) == ("T", ("P",))


@pytest.mark.parametrize(
    "text", ["eta" * 5000, "(((((" * 500, "eta は" * 800, "L=" * 900, "\x00\ue0000\ue001 eta", "how does " * 300 + "eta"]
)
def test_hostile_sentences_end_in_a_draft(text: str) -> None:
    assert draft(text, LATIN).about == draft(text, LATIN).about
