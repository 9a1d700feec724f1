"""The best forms are edited, and a population evolves from them."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from corpus.errors import ProblemError
from corpus.formula import parse
from corpus.language import Sentence
from recommender.context import gather
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.proposers.evolved import Evolved
from recommender.proposers.evolved.nesting import nests
from recommender.proposers.evolved.operon import expanded, free_numbers
from recommender.table import Table
from recommender.testing import check_proposer, example_problem

RNG = np.random.default_rng(11)
A, B = RNG.uniform(1, 4, 100), RNG.uniform(1, 4, 100)


def problem_of(y: np.ndarray, **units: str) -> Problem:
    return Problem.of(Table.of({units.get("a", "a"): A, units.get("b", "b"): B, units.get("y", "y"): y}))


def earlier(text: str) -> Proposal:
    return Proposal(parse(text, ["x0", "x1"]), "typed", Sentence.of("why.typed", text=text))


def best_error(problem: Problem, proposals: list[Proposal]) -> float:
    y = problem.samples.target
    values = [p.formula.evaluate(problem.samples.columns, {**p.known, **p.starts}) for p in proposals]
    return min(float(np.sqrt(np.mean((v - y) ** 2)) / np.std(y)) for v in values)


@pytest.mark.parametrize(
    ("before", "y"),
    [
        ("p*x0 + q", 2 * A + 3 * np.sin(2 * B)),
        ("p*x0 + q*log(x1)", 2 * A + 3 * B),
        ("p*x0 + q*x1 + r*x0*x1 + s", 2 * A + 1 + B),
        ("p*exp(q*x0)", 2 * np.exp(-0.7 * A) * (1 + 0.5 * B)),
    ],
)
def test_an_edit_mends_what_is_nearly_right(before: str, y: np.ndarray) -> None:
    problem = problem_of(y)
    edits = [p for p in Evolved(1.0).propose(problem, gather(problem, None), (earlier(before),)) if p.why.key == "why.evolved_edit"]
    assert best_error(problem, edits) < 1e-8


def test_a_population_evolves() -> None:
    pytest.importorskip("pyoperon")
    problem = problem_of(A * np.exp(-B) + A)
    found = list(Evolved(3.0).propose(problem, gather(problem, None), ()))
    assert {p.why.key for p in found} == {"why.evolved"}
    assert best_error(problem, found) < 1e-3


def test_what_evolves_has_no_function_of_the_data_inside_another() -> None:
    pytest.importorskip("pyoperon")
    problem = problem_of(np.tanh(np.tanh(A - B) + 0.3 * np.sin(A)))
    found = [p.formula for p in Evolved(3.0).propose(problem, gather(problem, None), ())]
    assert found
    assert not [formula.text for formula in found if nests(formula.root)]
    assert nests(parse("p*tanh(tanh(x0))", ["x0"]).root)
    assert not any(nests(parse(text, ["x0"]).root) for text in ("p*exp(-q*abs(x0))", "p*exp(-q*log(x0)**2)", "p*exp(-q*exp(-r*x0))"))


def test_nested_numbers_meet() -> None:
    root = expanded(parse("2*(3*(x0 + 0.5) + 1)", ["x0"]).root)
    form = free_numbers(root)
    assert sorted(form.starts.values()) == [5.0, 6.0]


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    problem = problem_of(A * np.exp(-B))
    with pytest.raises(ProblemError, match="pyoperon"):
        list(Evolved(0.1).propose(problem, gather(problem, None), ()))


def test_the_contract() -> None:
    pytest.importorskip("pyoperon")
    check_proposer(Evolved(0.05), example_problem())
