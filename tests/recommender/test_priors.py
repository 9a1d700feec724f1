"""What earlier runs teach the next one: how the searches' time is divided, which curves are cheaper; and that it can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from corpus.formula import parse
from corpus.language import LANGUAGES, Sentence
from indexes import Retriever, open_index
from recommender.acceptance import Decision, take, turn_down
from recommender.cli import app
from recommender.context import Context, gather
from recommender.journal import PRIOR
from recommender.llm.discuss import fitted_as_typed
from recommender.llm.members import Members
from recommender.prior import LARGEST, SEARCHES, Prior, domain_of, kinds_of
from recommender.priors import ACCEPTED, learned, recalling
from recommender.problem import Problem
from recommender.progress import Progress
from recommender.proposers import searchers, shares, shares_told
from recommender.proposers.composed import Composed
from recommender.proposers.composed.shapes import Axis
from recommender.proposers.shares import KEPT, USUAL, WAVES
from recommender.ranking import rank
from recommender.recommendation import Origin, Recommendation
from recommender.session import Options, Surroundings, order, replay, work
from recommender.store import RunStart, Store
from recommender.summary import summarise
from recommender.table import Table
from recommender.testing import example_problem

X = np.linspace(0.2, 4, 24)


@dataclass(frozen=True)
class Answered:
    """A run that ended with one formula; the evolved search, where it is among the finders, had been told it."""

    table: str = "one"
    formula: str = "a*exp(-b*x)"
    finders: Sequence[str] = ("separable",)
    domain: str = "optics"
    tenant: str = "local"
    confidence: float = 0.8


@pytest.fixture(scope="module")
def empty() -> Recommendation:
    return summarise(_problem(), rank([], 1), (), {}, ())


def _problem() -> Problem:
    return Problem.of(Table.of({"x": X, "y": 3 * np.exp(-0.7 * X)}))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formula_home: Path) -> Iterator[Store]:
    (tmp_path / "index").symlink_to(formula_home / "index")
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path))
    monkeypatch.setenv("FORMULA_STORE_URL", str(tmp_path / "runs.sqlite"))
    with Store.open() as found:
        yield found


def recorded(store: Store, empty: Recommendation, run: Answered) -> tuple[str, Recommendation]:
    """Put it on record."""
    origins = tuple(Origin(name, Sentence.of("why.staged"), echo=name == "evolved") for name in run.finders)
    formula = replace(fitted_as_typed(_problem(), run.formula), confidence=run.confidence, origins=origins)
    result = replace(empty, formulas=(formula,), table_hash=run.table)
    run_id = store.start_run(RunStart(run.table, run.table, "y", tenant=run.tenant))
    store.append_event(run_id, PRIOR, {"name": SEARCHES, "outcome": Prior(run.domain).to_dict()})
    store.finish_run(run_id, "done", result.to_dict())
    return run_id, result


def accept(store: Store, found: tuple[str, Recommendation], folder: Path) -> None:
    take(store, *found, 1, Decision("me", "it fits"), folder)


def test_a_store_without_runs_divides_time_as_always(store: Store) -> None:
    assert learned(store) == {}
    assert (shares(Prior()), Prior().discounts, shares_told(Prior()), Prior().told) == (USUAL, {}, (), ())
    seconds = [[search.seconds for search in wave] for wave in searchers(8.0, shares(Prior()))]  # type: ignore[attr-defined]
    assert seconds == [[2.0], [4.0, 2.0], [2.0, 4.0]]


def test_what_was_found_in_a_domain_moves_time_and_costs_there_alone(store: Store, empty: Recommendation) -> None:
    for table in ("one", "two"):
        recorded(store, empty, Answered(table))
    prior = learned(store)["optics"]
    assert (prior.tables, prior.formulas, prior.wins, prior.kinds) == (2, 1.6, {"separable": 1.6}, {"exp": 1.6})
    assert shares(prior)["separable"] > USUAL["separable"]
    assert all(shares(prior)[name] < USUAL[name] for name in USUAL if name != "separable")
    assert set(prior.discounts) == {"exp"}
    assert "mechanics" not in learned(store)


def test_what_a_person_accepted_weighs_more_and_what_was_rejected_nothing(store: Store, empty: Recommendation, tmp_path: Path) -> None:
    found = recorded(store, empty, Answered())
    ranked = learned(store)["optics"]
    turn_down(store, *found, 1, Decision("me", "no"))
    assert learned(store)["optics"] == Prior("optics")
    accept(store, found, tmp_path / "inbox")
    accepted = learned(store)["optics"]
    assert accepted.formulas == ACCEPTED
    assert accepted.discounts["exp"] > ranked.discounts["exp"] > 0
    assert shares(accepted)["separable"] > shares(ranked)["separable"]


def test_a_table_teaches_once_and_never_a_run_about_itself_or_of_another_tenant(store: Store, empty: Recommendation) -> None:
    for run in (
        Answered(),
        Answered(),
        Answered("two", finders=("composed", "separable", "typed", "evolved")),
        Answered("three", tenant="acme"),
    ):
        recorded(store, empty, run)
    assert learned(store, "local")["optics"].wins == pytest.approx({"separable": 0.8 + 0.4, "composed": 0.4})
    assert learned(store, "local", table="two")["optics"].wins == {"separable": 0.8}
    assert learned(store, "acme")["optics"].tables == 1


@given(st.lists(st.floats(0, 1e4), min_size=5, max_size=5), st.floats(0, 1e4))
def test_no_search_is_given_up_no_wave_takes_longer_and_no_curve_is_free(wins: list[float], others: float) -> None:
    prior = Prior("optics", 3, sum(wins) + others, dict(zip(USUAL, wins, strict=True)), {"exp": sum(wins), "sin": others})
    found = shares(prior)
    assert all(found[name] >= KEPT * usual for name, usual in USUAL.items())
    usual, now = (sum(max(given[name] for name in wave) for wave in WAVES) for given in (USUAL, found))
    assert now <= usual * (1 + 1e-12)
    assert sum(found.values()) <= sum(USUAL.values()) * (1 + 1e-12)
    assert all(0 < nats <= LARGEST for nats in prior.discounts.values())
    plain, cheaper = Axis("x0", X), Axis("x0", X, discounts={"exp": LARGEST, "sin": LARGEST})
    for text in ("exp(k0*z)", "sin(k0*z)", "exp(-k0*z)*sin(z)", "z**2", "1/(1 + k0*z)"):
        one, other = (axis.factor(text, grid=np.ones(1)).cost for axis in (plain, cheaper))
        assert 0.5 * one <= other <= one
        assert (other < one) == bool(kinds_of(parse(text, ["z"]).root) & {"exp", "sin"})


def test_kinds_of_curves_are_known_by_what_they_are() -> None:
    told = {text: kinds_of(parse(text, ["x", "z"]).root) for text in ("a*x**2 + b/x", "x**p", "sqrt(x)", "a/(1 + b*x)", "2**x", "exp(a)*x")}
    assert [set(kinds) for kinds in told.values()] == [set(), {"x**p"}, {"root"}, {"1/(1 + x)"}, {"exp"}, set()]


def test_a_curve_that_was_met_before_is_preferred_where_the_data_leave_it_open() -> None:
    rng = np.random.default_rng(1)
    problem = Problem.of(Table.of({"x": X, "y": 2 * np.tanh(0.9 * X) + rng.normal(0, 0.15, X.size)}))

    def first(discounts: dict[str, float]) -> int:
        found = [proposal.formula.text for proposal in Composed(0.3).propose(problem, Context(discounts=discounts), ())]
        return next(i for i, text in enumerate(found) if "tanh" in text)

    assert first({"tanh": 1.0}) < first({})


def test_a_domain_is_the_field_most_of_what_was_found_speaks_for(retriever: Retriever) -> None:
    shg = Problem.of(Table.of({"phase mismatch [1/mm]": X, "efficiency": np.sinc(X)}), about="second-harmonic generation, phase matching")
    assert domain_of(gather(shg, retriever).retrieved) == "nonlinear_optics"
    assert domain_of(()) == ""


def test_what_was_accepted_holds_when_the_question_is_asked_again(store: Store, empty: Recommendation, tmp_path: Path) -> None:
    accept(store, recorded(store, empty, Answered()), tmp_path / "inbox")
    recorded(store, empty, Answered(formula="a/(1 + b*x)", finders=("composed",)))
    assert learned(store)["optics"].wins == {"separable": ACCEPTED}


def test_it_is_shown_and_can_be_forgotten(store: Store, empty: Recommendation) -> None:
    recorded(store, empty, Answered())
    for language in LANGUAGES:
        said = CliRunner().invoke(app, ["priors", "--lang", language]).output
        assert "separable 1" in said
        assert "exp 0." in said
    CliRunner().invoke(app, ["priors", "--reset"])
    assert learned(store) == {}
    assert "Nothing" in CliRunner().invoke(app, ["priors"]).output
    recorded(store, empty, Answered("two"))
    assert learned(store)["optics"].tables == 1, "what comes later counts again"


class Killed(BaseException):
    """The process is gone."""


def _killed(progress: Progress) -> None:
    if progress.stage == "searching":
        raise Killed


def test_a_run_keeps_what_it_began_with(store: Store, empty: Recommendation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.racing.FINALISTS", 2)
    problem = example_problem()
    domain = domain_of(gather(problem, open_index()).retrieved)
    with Store.open(str(tmp_path / "calm.sqlite")) as calm:
        recorded(calm, empty, Answered(domain=domain))
        undisturbed = work(calm, _ordered(calm, problem), Surroundings())
    found = recorded(store, empty, Answered(domain=domain))
    run_id = _ordered(store, problem)
    with pytest.raises(Killed):
        work(store, run_id, Surroundings(progress=_killed))
    accept(store, found, tmp_path / "inbox")
    assert recalling(store, store.run(run_id))(domain).formulas == ACCEPTED, "a run that began now would be taught otherwise"
    again = work(store, run_id, Surroundings())
    assert again == undisturbed
    assert [note.key for note in again.notes if "prior" in note.key] == ["note.prior_shares", "note.prior_kinds"]
    assert len(store.events(run_id, kind=PRIOR)) == 1
    assert learned(store)[domain].tables == 2, "now it teaches, too"
    assert replay(store.run(run_id), problem.table, (), store.events(run_id)).formulas == again.formulas


def _ordered(store: Store, problem: Problem) -> str:
    return order(store, problem, Options(limit=1, effort=0.05, seconds=0.2), Members(()))
