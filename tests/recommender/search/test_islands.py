"""The islands: what they find, that nothing but the seed decides it, and that a run goes on where it was left."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recommender.convergence import Convergence, Finds, is_still
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.progress import Progress
from recommender.recommendation import Recommendation
from recommender.search import Command
from recommender.table import Table

X = np.linspace(0.2, 5, 40)


@pytest.fixture(scope="module", autouse=True)
def few_finalists() -> Iterator[None]:
    """Evidence for twenty formulas takes longer than these searches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommender.racing.FINALISTS", 4)
        patch.setattr("recommender.running._SHOW_EVERY", 12)
        yield


@pytest.fixture(scope="module")
def problem() -> Problem:
    """A law that no elementary form is: the islands must put it together."""
    rng = np.random.default_rng(3)
    y = 2 + 3 * X * np.exp(-0.8 * X)
    return Problem.of(Table.of({"x": X, "y": y + rng.normal(0, 0.002, X.size)}), seed=5)


def searched(problem: Problem, **options: Any) -> Recommendation:
    return recommend(problem, **{"seconds": 0, "effort": 0.3, "steps": 24, "workers": 0, "limit": 3, **options})


@pytest.fixture(scope="module")
def calm(problem: Problem) -> Recommendation:
    """The run that nobody disturbs."""
    return searched(problem)


class Kept:
    """A journal in memory; after `most` new outcomes the process it stands for is gone."""

    def __init__(self, known: dict[tuple[str, str], str] | None = None, most: int = 10**9) -> None:
        self.known, self.most, self.asked = dict(known or {}), most, 0

    def find(self, kind: str, name: str) -> Any | None:
        told = self.known.get((kind, name))
        return None if told is None else json.loads(told)

    def write(self, kind: str, name: str, outcome: Any) -> None:
        if (kind, name) not in self.known:
            self.asked += 1
            if self.asked > self.most:
                raise KeyboardInterrupt
            self.known[(kind, name)] = json.dumps(outcome)

    @contextmanager
    def behind(self) -> Iterator[None]:
        yield


@pytest.fixture(scope="module")
def whole(problem: Problem) -> Kept:
    """Everything the undisturbed run does."""
    journal = Kept()
    searched(problem, journal=journal)
    return journal


class Said:
    """A person who says one thing at each look."""

    def __init__(self, *words: Sequence[Command]) -> None:
        self.words = list(words)
        self.number = 0

    def fresh(self) -> list[tuple[int, Command]]:
        self.number += 1
        return [(self.number, command) for command in (self.words.pop(0) if self.words else ())]


def test_they_find_what_no_known_form_is(problem: Problem, calm: Recommendation) -> None:
    before = searched(problem, steps=0)
    assert calm.formulas[0].number("accuracy", "held_out_nmse") < 0.1 * before.formulas[0].number("accuracy", "held_out_nmse")
    assert "islands" in {origin.proposer for origin in calm.formulas[0].origins}


def test_a_formula_tells_how_it_came_about(calm: Recommendation) -> None:
    assert calm.formulas[0].lineage
    assert all("→" in line.text() or "no change" in line.text() for line in calm.formulas[0].lineage)
    assert Recommendation.from_json(calm.to_json()) == calm


def test_their_convergence_is_told(calm: Recommendation) -> None:
    found = calm.convergence
    assert (found.steps, found.of, len(found.curves)) == (24, 3, 3)
    assert all(later[1] < earlier[1] for curve in found.curves for earlier, later in itertools.pairwise(curve))
    assert 0 <= found.chance <= 1
    assert "24" in found.told.text()
    assert "24" in found.told.text("ja")


@pytest.mark.parametrize("workers", [1, 2])
def test_the_answer_does_not_depend_on_the_workers(problem: Problem, calm: Recommendation, workers: int) -> None:
    assert searched(problem, workers=workers).to_json() == calm.to_json()


@pytest.mark.parametrize("share", [0.1, 0.6, 0.9])
def test_a_run_that_was_cut_off_goes_on_to_the_same_end(problem: Problem, calm: Recommendation, whole: Kept, share: float) -> None:
    most = int(share * whole.asked)
    cut = Kept(most=most)
    with pytest.raises(KeyboardInterrupt):
        searched(problem, journal=cut)
    after = Kept(cut.known)
    assert searched(problem, journal=after).to_json() == calm.to_json()
    assert after.asked == whole.asked - most  # nothing was done twice


def test_they_say_how_far_they_are_and_show_what_they_have(problem: Problem) -> None:
    heard: list[Progress] = []
    searched(problem, progress=heard.append)
    assert [p.done for p in heard if p.stage == "islands"] == list(range(1, 25))
    assert any(p.interim is not None for p in heard)


def test_a_search_comes_to_rest_when_good_finds_are_old_and_nobody_improves() -> None:
    finds = Finds()
    for key in ("a", "b", "c") * 40:
        finds.add(key, {"a": 1.0, "b": 4.0, "c": 9.0}[key])
    finds.add("poor", 99.0)
    assert (finds.best, sorted(finds.good()), finds.chance(), finds.unseen()) == ("a", ["a", "b", "c"], 0.0, 0.0)
    assert is_still([60, 70], 60, finds)
    assert not is_still([60, 59], 60, finds)
    finds.add("new", 2.0)
    assert finds.chance() > 0
    rest = Convergence(of=3, islands=3, since=70, steps=200, chance=0.0, families=3, fixed=True)
    assert not rest.is_trivial
    assert replace(rest, families=1).is_trivial
    assert "little" in replace(rest, families=1).told.text()


# --- steering ---------------------------------------------------------------------------------------------------------


def steered(problem: Problem, *commands: tuple[str, str], **options: Any) -> tuple[Recommendation, Kept]:
    journal = Kept()
    words = [Command.of(verb, text, problem) for verb, text in commands]
    return searched(problem, steering=Said(words), journal=journal, **options), journal


def proposed(journal: Kept) -> list[dict[str, Any]]:
    """What the islands have proposed."""
    return [child["proposal"] for (kind, _), told in journal.known.items() if kind == "step" for child in json.loads(told)]


def test_a_function_that_is_forbidden_is_in_no_formula(problem: Problem, calm: Recommendation) -> None:
    assert any("exp" in formula.text for formula in calm.formulas)
    result, journal = steered(problem, ("forbid", "exp"))
    assert result.formulas
    assert not any("exp" in formula.text for formula in result.formulas)
    assert proposed(journal)
    assert not any("exp" in child["formula"][0] for child in proposed(journal))


def test_a_term_that_is_required_is_in_every_formula(problem: Problem) -> None:
    result, _ = steered(problem, ("require", "exp(-k*x)"))
    assert result.formulas
    assert all("exp(" in formula.text for formula in result.formulas)


def test_a_form_that_is_banned_is_not_shown_nor_a_parent(problem: Problem, calm: Recommendation) -> None:
    best = calm.formulas[0]
    result, journal = steered(problem, ("ban", best.text.split("=", 1)[1]))
    assert best.key not in {formula.key for formula in result.formulas}
    assert best.key not in {child["parent"] for child in proposed(journal)}


def test_a_pinned_formula_is_shown_wherever_it_stands(problem: Problem) -> None:
    result, _ = steered(problem, ("pin", "a + b*atan(x)"), limit=2)
    assert any("atan" in formula.text for formula in result.formulas)


def test_a_formula_to_improve_is_the_parent_of_an_island(problem: Problem) -> None:
    text = "a + b*x*exp(-c*x**2)"
    result, journal = steered(problem, ("improve", text))
    key = problem_key(problem, text)
    assert sum(child["parent"] == key for child in proposed(journal)) >= 5
    assert result.formulas


def test_weights_change_the_order(problem: Problem, calm: Recommendation) -> None:
    simple, _ = steered(
        problem, ("weigh", "simplicity=10"), ("weigh", "accuracy=0"), ("weigh", "extrapolation=0"), ("weigh", "stability=0")
    )
    assert len(simple.formulas[0].coefficients) == min(len(formula.coefficients) for formula in simple.formulas)
    assert [formula.score for formula in simple.formulas] != [formula.score for formula in calm.formulas]


def test_a_paused_search_goes_on_when_told(problem: Problem, calm: Recommendation) -> None:
    pause, go = Command("pause"), Command("resume")
    said = Said([pause], (), [go])
    result = searched(problem, steering=said)
    assert said.number >= 3
    assert [f.key for f in result.formulas] == [f.key for f in calm.formulas]


def test_a_pause_is_not_waited_for_again(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Kept()
    result = searched(problem, steering=Said([Command("pause")], (), [Command("resume")]), journal=journal, steps=2)
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail(f"waited {seconds} s"))
    assert searched(problem, journal=Kept(journal.known), steps=2).to_json() == result.to_json()


def test_a_search_that_is_told_to_stop_gives_what_it_has(problem: Problem) -> None:
    result, journal = steered(problem, ("stop", ""))
    assert result.formulas
    assert not proposed(journal)


def test_what_was_asked_is_in_the_notes(problem: Problem) -> None:
    result, _ = steered(problem, ("forbid", "sin"))
    assert any("forbid sin" in note.text() for note in result.notes)


def test_commands_are_obeyed_again_where_they_were(problem: Problem) -> None:
    result, journal = steered(problem, ("forbid", "exp"))
    again = searched(problem, journal=Kept(journal.known))
    assert again.to_json() == result.to_json()


def test_a_hint_brings_laws_of_its_field(problem: Problem, retriever: Any) -> None:
    words = "Gaussian beam radius along the axis"
    before = searched(problem, retriever=retriever, steps=0)
    result = searched(problem, retriever=retriever, steps=0, steering=Said([Command.of("hint", words, problem)]))
    assert result.counts["proposals"] > before.counts["proposals"]


@pytest.mark.parametrize(
    ("verb", "text", "says"),
    [
        ("dance", "", "no command"),
        ("forbid", "frobnicate", "no function"),
        ("weigh", "beauty=2", "simplicity=2"),
        ("weigh", "simplicity=much", "simplicity=2"),
        ("hint", "  ", "few words"),
        ("pin", "a*x +", "read"),
    ],
)
def test_a_command_that_makes_no_sense_says_what_to_write(problem: Problem, verb: str, text: str, says: str) -> None:
    from corpus.errors import RecommenderError

    with pytest.raises(RecommenderError, match=says):
        Command.of(verb, text, problem)


def problem_key(problem: Problem, text: str) -> str:
    from recommender.proposers import Typed

    return Typed().read(problem, text).key
