"""Rows, splits and bounds that a person changes while a search goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from corpus.errors import RecommenderError
from corpus.formula import parse
from corpus.language import Sentence
from recommender.context import Context
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.recommendation import Recommendation
from recommender.repeat import question_told
from recommender.search import Command
from recommender.search.steering import scoped_after
from recommender.splits import SplitBy
from recommender.table import Table
from tests.recommender.search.test_islands import Kept, Said, searched

X = np.linspace(0.2, 5, 48)
KINK = 2.5


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Few finalists, and a look at every point of the search, so that no clock decides when a command is obeyed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.racing.FINALISTS", 4)
        patch.setattr("recommender.search.helm._LOOK", 0.0)
        yield


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Two laws: a line up to the kink, a decay beyond it; and a column of devices that is no input."""
    rng = np.random.default_rng(1)
    y = np.where(X < KINK, 1 + 2 * X, 6 * np.exp(-1.3 * (X - KINK)))
    table = Table.of({"x [mm]": X, "device": np.arange(X.size) % 4, "y": y + rng.normal(0, 0.01, X.size)})
    return Problem.of(table, "y", ["x"], seed=2)


def steered(problem: Problem, *words: Sequence[tuple[str, str]], **options: Any) -> tuple[Recommendation, Kept]:
    """Each of `words` is said at a look of its own."""
    journal = Kept()
    said = Said(*([Command.of(verb, text, problem) for verb, text in each] for each in words))
    return searched(problem, steering=said, journal=journal, **{"steps": 12, **options}), journal


class Asked:
    """A proposer that remembers about how many rows it was asked."""

    name = "asked"

    def __init__(self) -> None:
        self.rows: list[int] = []

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        self.rows.append(len(problem.rows))
        return [Proposal(parse("a + b*x0", ["x0"]), self.name, Sentence.of("why.typed", text=""))]


@pytest.fixture(scope="module")
def below(problem: Problem) -> tuple[Recommendation, Kept]:
    """Rows below the kink alone, said in the middle of the islands."""
    return steered(problem, *[()] * 5, [("range", "x 0 2.5 mm")])


def test_rows_of_a_range_are_all_that_counts(below: tuple[Recommendation, Kept]) -> None:
    result, _ = below
    assert result.rows == np.sum(X < KINK)
    slope, level = np.polyfit(X[X < KINK], 1 + 2 * X[X < KINK], 1)
    line = next(f for f in result.formulas if len(f.coefficients) == 2)
    assert np.allclose(line.predict({"x": [1.0, 2.0]}), [level + slope, level + 2 * slope], atol=0.02)
    assert all(f.number("accuracy", "held_out_nmse") < 1e-3 for f in result.formulas)
    assert any("23 of 48" in note.text() for note in result.notes)


def test_a_search_that_was_narrowed_goes_on_to_the_same_end(problem: Problem, below: tuple[Recommendation, Kept]) -> None:
    result, journal = below
    again = Kept(journal.known)
    assert searched(problem, steps=12, journal=again).to_json() == result.to_json()
    assert again.asked == 0  # nothing was done twice
    half = Kept({key: journal.known[key] for key in list(journal.known)[: len(journal.known) // 2]})
    late = Said(*[()] * 5, [Command("range", "x 0 2.5 mm")])  # the half that is known may hold the command, or not
    told = any(kind == "steered" for kind, _ in half.known)
    assert searched(problem, steps=12, journal=half, steering=None if told else late).to_json() == result.to_json()


def test_the_searches_begin_again_on_other_rows(problem: Problem) -> None:
    asked = Asked()
    steered(problem, *[()] * 4, [("range", "x 0 2.5")], waves=[[asked]], steps=4)
    assert asked.rows == [48, 23]


def test_a_range_is_lifted(problem: Problem) -> None:
    result, _ = steered(problem, [("range", "x 0 2.5")], [("range", "device 1 2")], [("range", "x")], steps=2)
    assert result.rows == 24


def test_formulas_are_judged_by_the_split_that_was_asked_for(problem: Problem) -> None:
    usual, _ = steered(problem, steps=2)
    for text in ("group device", "time x", "edges"):
        result, _ = steered(problem, [("split", text)], steps=2)
        assert result.rows == 48
        judged = {f.key: f.number("accuracy", "held_out_nmse") for f in result.formulas}
        assert any(judged.get(f.key, np.nan) != f.number("accuracy", "held_out_nmse") for f in usual.formulas)
        assert any("Held-out error" in note.text() for note in result.notes)
        if text == "edges":
            assert all(f.number("edge", "edge_nmse") == pytest.approx(judged[f.key]) for f in result.formulas)


def test_splits_hold_out_what_they_say(problem: Problem) -> None:
    devices, x = problem.table["device"].values, problem.samples.columns["x0"]
    groups = problem.scoped((), SplitBy.of("group device")).folds
    assert [set(devices[test]) for _, test in groups] == [{0.0}, {1.0}, {2.0}, {3.0}]
    stretches = problem.scoped((), SplitBy.of("time x")).folds
    assert all(np.ptp(np.searchsorted(x, x[test])) == len(test) - 1 for _, test in stretches)
    singly = problem.scoped((), SplitBy.of("random"))
    assert len(np.unique(singly.clusters)) == 48
    at_edges = problem.scoped((), SplitBy.of("edges")).folds
    assert [list(test) for _, test in at_edges] == [list(test) for _, test in problem.edges]


def test_a_coefficient_stays_within_its_bounds(problem: Problem) -> None:
    form = "b*x*exp(-x/w)"
    free, _ = steered(problem, [("pin", form)], steps=2)
    bound, journal = steered(problem, [("pin", form)], [("bound", f"w 0 1 mm in {form}")], steps=2)
    loose, _ = steered(problem, [("pin", form)], [("bound", f"w 0 1 mm in {form}")], [("bound", f"w in {form}")], steps=2)
    widths = [next(c.si for f in result.formulas if "w" in (n := {c.name: c for c in f.coefficients}) for c in [n["w"]])
              for result in (free, bound, loose)]  # fmt: skip
    assert abs(widths[0]) > 1e-3
    assert abs(widths[2]) == pytest.approx(abs(widths[0]))
    assert widths[1] == pytest.approx(1e-3)
    warned = next(f for f in bound.formulas if any(c.name == "w" for c in f.coefficients))
    assert any("bound" in warning.text() for warning in warned.warnings)
    assert searched(problem, steps=2, journal=Kept(journal.known)).to_json() == bound.to_json()


def test_whoever_looks_later_sees_the_same_rows(problem: Problem) -> None:
    said = [Command("range", "x 0 2.5"), Command("forbid", "exp"), Command("split", "group device")]
    later = scoped_after(said, problem)
    assert (len(later.rows), later.split.text) == (23, "group device")
    assert question_told(later)["split"] == "group device"


def test_a_question_may_begin_with_them() -> None:
    table = Table.of({"t [℃]": X, "device": np.arange(X.size) % 4, "y": np.exp(-X)})
    asked = Problem.of(table, "y", ["t"], ranges=["t 1 inf", "t 1 3"], split="group device")
    assert list(asked.rows) == list(np.flatnonzero((X >= 1) & (X <= 3)))
    assert [one.told(table) for one in asked.ranges] == ["t 1 3 ℃"]
    assert asked.split.text == "group device"
    later = scoped_after([Command("range", "device 0 2")], asked)
    assert (len(later.ranges), later.split.text) == (2, "group device")
    assert scoped_after([Command("range", "t")], asked).ranges == ()


@pytest.mark.parametrize(
    ("verb", "text", "says"),
    [
        ("range", "", "no range"),
        ("range", "x 3 1", "lower one first"),
        ("range", "x 1", "no range"),
        ("range", "z 1 3", "no column"),
        ("range", "x 0 2.5 kg", "unit like"),
        ("range", "x 1000 2000", "0 rows"),
        ("split", "by hand", "group COLUMN"),
        ("split", "group", "group COLUMN"),
        ("split", "group colour", "colour"),
        ("split", "time colour", "colour"),
        ("bound", "w 0 1", "names no formula"),
        ("bound", "q 0 1 in a + b*x", "no free coefficient"),
        ("bound", "w 0 1 in a*exp(-x/w)", "has a unit"),
        ("bound", "w 0 1 kg in a*exp(-x/w)", "unit like"),
    ],
)
def test_a_scope_that_makes_no_sense_says_what_to_write(problem: Problem, verb: str, text: str, says: str) -> None:
    with pytest.raises(RecommenderError, match=says):
        Command.of(verb, text, problem)


def test_ranges_that_leave_nothing_together_are_refused_in_the_answer(problem: Problem) -> None:
    result, _ = steered(problem, [("range", "x 0 1")], [("range", "device 1 1")], steps=2)
    assert result.rows == np.sum(X <= 1)
    assert any("Could not follow" in note.text() for note in result.notes)
