"""Structure searches side by side: what they find joins the race, and none of them can hurt the others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from corpus.formula import parse
from corpus.language import Sentence
from recommender.context import Context
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.progress import Progress
from recommender.proposers import Proposal, Proposer
from recommender.table import Table

X = np.linspace(0.3, 4, 40)
Y = 2 * np.exp(-0.5 * X) * np.sin(3 * X) + 0.1 * X


class Says:
    """Proposes given texts, then does something."""

    def __init__(self, name: str, *texts: str, then: str = "end") -> None:
        self.name = name
        self.texts = texts
        self.then = then

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        for text in self.texts:
            yield Proposal(parse(text, ["x0"]), self.name, Sentence.of("why.elementary"))
        if self.then == "raise":
            raise ValueError("a bad day")
        if self.then == "die":
            os._exit(3)
        while self.then == "hang":
            time.sleep(0.05)


class Repeats(Says):
    """Proposes what the best of the history is, plus a line."""

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        best = history[0].formula.text
        yield Proposal(parse(f"{best} + slope*x0", ["x0"]), self.name, Sentence.of("why.elementary"))


RIGHT = Says("right", "a*exp(-b*x0)*sin(c*x0) + d*x0")


def ask(waves: Sequence[Sequence[Proposer]], **options: object) -> object:
    problem = Problem.of(Table.of({"x": X, "y": Y}))
    return recommend(problem, waves=waves, effort=0.1, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_search_finds_is_ranked(workers: int) -> None:
    result = ask([[Says("other", "a*x0**2"), RIGHT]], workers=workers)
    assert result.formulas[0].origins[0].proposer == "right"


def test_workers_do_not_change_the_answer() -> None:
    waves = [[Says("one", "a*sin(b*x0)"), RIGHT], [Repeats("two")]]
    assert ask(waves, workers=0).to_json() == ask(waves, workers=2).to_json()


def test_searches_beside_another_thread_give_the_same_answer() -> None:
    waves = [[Says("one", "a*sin(b*x0)"), RIGHT]]
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        beside = ask(waves, workers=2).to_json()
    finally:
        done.set()
        thread.join()
    assert beside == ask(waves, workers=0).to_json()


def test_the_next_wave_knows_the_best_of_the_last() -> None:
    result = ask([[Says("half", "a*exp(-b*x0)*sin(c*x0)")], [Repeats("adds")]])
    assert result.formulas[0].origins[0].proposer == "adds"
    assert result.formulas[0].number("accuracy", "held_out_nmse") < 1e-9


@pytest.mark.parametrize(("then", "said"), [("raise", "a bad day"), ("die", "exit status 3")])
def test_a_search_that_fails_is_noted_and_hurts_nobody(then: str, said: str) -> None:
    result = ask([[Says("unlucky", "a*x0", then=then), RIGHT]], workers=2)
    assert result.formulas[0].origins[0].proposer == "right"
    assert any("unlucky" in note.text() and said in note.text() for note in result.notes)


def test_stopping_ends_a_search_that_hangs() -> None:
    told: list[Progress] = []
    result = ask(
        [[Says("stuck", then="hang"), RIGHT]],
        workers=2,
        progress=told.append,
        stop=lambda: any(step.stage == "searching" for step in told),
    )
    assert result.formulas


def test_an_interim_ranking_comes_before_the_searches() -> None:
    told: list[Progress] = []
    ask([[RIGHT]], progress=told.append)
    stages = [step.stage for step in told if step.stage == "searching" or step.interim is not None]
    first = next(step.interim for step in told if step.interim is not None)
    assert stages[0] == "racing"
    assert first.formulas[0].rank == 1


class Knows(Says):
    """Proposes the law with its coefficients."""

    def propose(self, problem: Problem, context: Context, history: Sequence[Proposal]) -> Iterable[Proposal]:
        starts = {"a": 2.0, "b": 0.5, "c": 3.0, "d": 0.1}
        yield Proposal(parse("a*exp(-b*x0)*sin(c*x0) + d*x0", ["x0"]), self.name, Sentence.of("why.elementary"), starts=starts)


@pytest.mark.parametrize("workers", [0, 2])
def test_nobody_waits_for_searches_behind_the_one_that_finds_the_law_of_exact_rows(workers: int) -> None:
    result = ask([[Knows("knows"), Says("never ends", "a*x0**2", then="hang")], [Says("too late", "a*x0**3")]], workers=workers)
    assert result.formulas[0].origins[0].proposer == "knows"
    assert {origin.proposer for formula in result.formulas for origin in formula.origins} <= {"knows", "elementary", "typed", "retrieved"}


def test_searches_before_the_one_that_finds_the_law_still_count() -> None:
    waves = [[Says("before", "a*x0**2 + b*x0**3"), Knows("knows")]]
    assert ask(waves, workers=0, limit=20).to_json() == ask(waves, workers=2, limit=20).to_json()
    assert ask(waves, workers=2).counts["proposals"] == ask([[Knows("knows"), *waves[0][:1]]], workers=2).counts["proposals"] + 1
