"""A person's decision on a candidate: into the inbox with its provenance, or only into the record."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from corpus.entry import violations
from corpus.errors import EntryError, ProblemError, StoreError
from corpus.inbox import Acceptance, Inbox
from corpus.language import LANGUAGES
from recommender.acceptance import Decision, entry_of, take, turn_down
from recommender.cli import app
from recommender.ingest_config import inbox_folder
from recommender.llm.discuss import fitted_as_typed
from recommender.past import decisions
from recommender.problem import Problem
from recommender.ranking import rank
from recommender.recommendation import Recommendation
from recommender.store import RunStart, Store
from recommender.summary import summarise
from recommender.table import Table

DECISION = Decision("yamada@example.co.jp", "agrees with the data sheet", "acme", name_ja="素子の効率")


LENGTH = np.linspace(5, 40, 24)
EFFICIENCY = 3 * (LENGTH / 10) ** 2 * (1 + 0.01 * np.random.default_rng(0).standard_normal(24))
TABLE = Table.from_frame(pd.DataFrame({"素子長 [mm]": LENGTH, "効率 [%]": EFFICIENCY}), name="crystal")


@pytest.fixture(scope="module")
def answer():
    problem = Problem.of(TABLE)
    formula = fitted_as_typed(problem, "k*素子長**2")
    empty = summarise(problem, rank([], 1), (), {}, ())
    return Recommendation.from_dict({**empty.to_dict(), "formulas": [row(formula, empty)]})


def row(formula, empty):
    """A candidate as JSON."""
    from dataclasses import replace

    return replace(empty, formulas=(formula,)).to_dict()["formulas"][0]


@pytest.fixture
def recorded(answer, tmp_path):
    with Store.open(str(tmp_path / "runs.sqlite")) as store:
        run = store.start_run(RunStart("crystal", answer.table_hash, "効率"))
        store.finish_run(run, "done", answer.to_dict(), ())
        yield store, run


def test_a_discovery_is_a_valid_entry_whatever_the_letters_of_the_columns(answer):
    entry = entry_of(answer, answer.formulas[0], DECISION)
    assert list(violations(entry)) == []
    assert entry.name.ja == "素子の効率"
    assert entry.variables[0].quantity.ja == "素子長"
    assert entry.variables[0].unit == "mm"


def test_a_discovery_says_where_it_was_found(answer, recorded, tmp_path):
    (item,) = Inbox(take(*recorded, answer, 1, DECISION, tmp_path / "inbox").parent).collect()
    entry = item.entry
    low, high = answer.target.range
    assert (entry.variables[0].range, entry.target.range) == ((5.0, 40.0), (low, high))
    for language in LANGUAGES:
        assert "24" in entry.validity.of(language)
        assert "素子長 5…40 mm" in entry.validity.of(language)
        assert f"効率 {low:.6g}…{high:.6g} %" in entry.validity.of(language)


def test_a_discovery_of_a_steered_run_says_which_rows_counted(answer):
    problem = Problem.of(TABLE, ranges=["素子長 10 30 mm"])
    formula = fitted_as_typed(problem, "k*素子長**2")
    result = summarise(problem, rank([], 1), (), {}, ())
    entry = entry_of(result, formula, DECISION)
    low, high = entry.variables[0].range
    assert 10 <= low < 12 < 28 < high <= 30
    assert [f"{result.rows}" in words and "素子長 10 30 mm" in words for words in (entry.validity.en, entry.validity.ja)] == [True, True]


def test_an_input_that_a_discovery_does_not_speak_of_is_no_variable_of_it_and_part_of_where_it_was_found():
    problem = Problem.of(Table.of({"L [mm]": LENGTH, "idle": np.cos(LENGTH), "P [W]": 3 * LENGTH}))
    entry = entry_of(summarise(problem, rank([], 1), (), {}, ()), fitted_as_typed(problem, "k*L"), DECISION)
    assert list(violations(entry)) == []
    assert [v.symbol for v in entry.variables] == ["L"]
    assert entry.homogeneous
    assert "idle -" in entry.validity.en
    assert "idle" not in entry.description.en


def test_a_record_of_an_older_version_tells_no_ranges(answer):
    old = answer.to_dict()
    for variable in (old["target"], *old["inputs"], old["formulas"][0]["target"], *old["formulas"][0]["variables"]):
        del variable["range"]
    entry = entry_of(Recommendation.from_dict(old), Recommendation.from_dict(old).formulas[0], DECISION)
    assert (entry.validity, entry.target.range) == (None, None)
    assert list(violations(entry)) == []


def test_an_accepted_formula_waits_in_the_inbox_with_all_that_is_known_of_it(answer, recorded, tmp_path):
    store, run = recorded
    path = take(store, run, answer, 1, DECISION, tmp_path / "inbox")
    (item,) = Inbox(path.parent).collect()
    told = Acceptance.of(item.entry)
    assert (item.state, told.person, told.run, told.tenant) == ("complete", DECISION.person, run, "acme")
    assert told.tables == (answer.table_hash,)
    assert "agrees with the data sheet" in told.evidence
    assert [(one["kind"], one["person"]) for one in decisions(store, run).values()] == [("accepted", DECISION.person)]


def test_what_is_turned_down_stays_out(answer, recorded, tmp_path):
    store, run = recorded
    turn_down(store, run, answer, 1, DECISION)
    assert [one["kind"] for one in decisions(store, run).values()] == ["rejected"]


@pytest.mark.parametrize("decision", [Decision("", "good"), Decision("me", " ")])
def test_nobody_decides_for_no_reason(answer, recorded, decision, tmp_path):
    with pytest.raises(EntryError):
        take(*recorded, answer, 1, decision, tmp_path)
    assert decisions(*recorded) == {}


def test_a_rank_that_is_not_there_is_said(answer, recorded):
    with pytest.raises(ProblemError):
        turn_down(*recorded, answer, 7, DECISION)


def test_the_command_line_does_the_same(answer, tmp_path, monkeypatch):
    monkeypatch.setenv("FORMULA_STORE_URL", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path))
    with Store.open() as store:
        run = store.start_run(RunStart("crystal", answer.table_hash, "効率"))
        store.finish_run(run, "done", answer.to_dict(), ())
    said = CliRunner().invoke(app, ["accept", run[:8], "1", "--person", "me", "--reason", "it fits", "--lang", "ja"])
    assert said.exit_code == 0, said.output
    assert len(list(inbox_folder().glob("*.yaml"))) == 1
    assert CliRunner().invoke(app, ["reject", run[:8], "1", "--person", "me", "--reason", "no"]).exit_code == 0


@pytest.mark.parametrize("words", [("accept", "1"), ("reject", "1"), ("show",), ("steer", "stop")])
def test_nobody_decides_on_or_sees_the_run_of_another_tenant(words, answer, tmp_path, monkeypatch):
    monkeypatch.setenv("FORMULA_STORE_URL", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path))
    with Store.open() as store:
        run = store.start_run(RunStart("crystal", answer.table_hash, "効率", tenant="acme"))
        store.finish_run(run, "done", answer.to_dict(), ())
        verb, *rest = words
        decided = ["--person", "me", "--reason", "it fits"] if verb in ("accept", "reject") else []
        said = CliRunner().invoke(app, [verb, run[:8], *rest, *decided])
        assert isinstance(said.exception, StoreError)
        assert not list(store.events(run))
