"""Who is asked in which role: chosen by what it was worth, in this run and in those before, and the history that editors are told."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpus.errors import SettingsError
from corpus.language import Sentence
from recommender import recommend
from recommender.assess import Fitted
from recommender.candidates import deduplicate
from recommender.cli import app
from recommender.context import gather
from recommender.fitting import fit
from recommender.llm import Answer, Caps, Ensemble, Member, Members, Reply, Request, talking
from recommender.llm.bandit import FLOOR, Record
from recommender.llm.evidence import Attempt, parents
from recommender.llm.given import members_of
from recommender.llm.history import BEST, attempts
from recommender.llm.ledger import HEARD, call_row
from recommender.llm.members import read_members
from recommender.llm.priors import past
from recommender.llm.replay import planned
from recommender.llm.roles import ROLES, roles_of
from recommender.past import forget
from recommender.problem import Problem
from recommender.proposers import Proposal
from recommender.store import CandidateRow, Event, RunStart, Store
from recommender.testing import example_problem
from tests.recommender.llm.server import GOOD

PROBLEM = example_problem()
CONTEXT = gather(PROBLEM, None)
LEADER = "T0 + a*exp(-time/tau)"
USEFUL = json.dumps({"formulas": [{"formula": LEADER}]})
USELESS = json.dumps({"formulas": [{"formula": "a*time"}]})


def proposed(text: str, parent: str = "", edit: str = "") -> Proposal:
    said = Sentence.of("llm.edit", words=edit)
    return Proposal(PROBLEM.parse(text), "test", said, parent=parent, edit=said)


LEADING = proposed(LEADER).key


class Plays:
    """One model that is good in one role only."""

    def __init__(self, good: str) -> None:
        self.good = good
        self.roles: Counter[str] = Counter()

    async def ask(self, request: Request) -> Reply:
        self.roles[request.member.role] += 1
        return Reply(request, USEFUL if request.member.role == self.good else USELESS, "m", 10, 10, None, 1.0)


def rounds(ensemble: Ensemble, count: int, history: bool = True) -> list[Answer]:
    """Rounds after each of which the good form leads the race."""
    told = [Attempt(LEADER, after=0.01, key=LEADING)] if history else []
    heard: list[Answer] = []
    with talking(ensemble, PROBLEM) as talk:
        for _ in range(count):
            if talk.wanted():
                talk.ask(CONTEXT, told)
            heard += talk.heard(wait=True)
    return heard


def roles_in(answers: list[Answer]) -> list[str]:
    return [answer.reply.request.member.role for answer in answers]


def anyone(calls: int = 1000, role: str = "any") -> Members:
    return Members((Member("m", "openai/a", role=role, max_calls=calls),), Caps(calls=1000, seconds=60))


def test_within_a_run_the_role_whose_answers_lead_is_asked_most() -> None:
    chat = Plays("physicist")
    rounds(Ensemble(anyone(), chat), 40)
    assert chat.roles.most_common(1)[0][0] == "physicist"
    assert len(chat.roles) > 2, "the others are not given up"


def test_the_same_seed_and_answers_give_the_same_choices() -> None:
    assert roles_in(rounds(Ensemble(anyone(), Plays("editor")), 10)) == roles_in(rounds(Ensemble(anyone(), Plays("editor")), 10))


def test_what_earlier_runs_saw_decides_the_first_choice() -> None:
    known = {("m", role): Record(40, 40 if role == "contrarian" else 0, 80.0) for role in ROLES}
    chosen: list[str] = []
    for seed in range(8):
        with talking(Ensemble(anyone(), Plays(""), past=known), Problem.of(PROBLEM.table, seed=seed)) as talk:
            talk.ask(CONTEXT)
            chosen += roles_in(talk.heard(wait=True))
    assert chosen.count("contrarian") >= 8 * (1 - 2 * FLOOR)


def test_a_run_taken_up_again_asks_as_on_record_and_then_goes_on_by_what_it_learned() -> None:
    told: list[Answer] = []
    heard: list[Event] = []

    def hear(point: int, answers: Sequence[Answer]) -> None:
        heard.append(Event(1, datetime.now(UTC), "run", HEARD, {"point": point, "places": [answer.place for answer in answers]}))

    begun = roles_in(rounds(Ensemble(anyone(), Plays("editor"), sink=told.append, hear=hear), 5))
    other = {("m", role): Record(40, 40 if role == "contrarian" else 0, 80.0) for role in ROLES}  # drawn anew it would be another role
    again = planned([call_row(answer) for answer in told], heard, goes_on=True)
    whole = roles_in(rounds(Ensemble(anyone(), Plays("editor"), plan=again, past=other), 8))
    assert whole[:5] == begun
    assert len(whole) == 8
    assert "contrarian" in whole[5:]


def test_of_many_members_only_some_are_asked_in_a_round() -> None:
    many = Members(tuple(Member(f"m{i}", "openai/a") for i in range(5)), Caps(together=2))
    with talking(Ensemble(many, Plays("")), PROBLEM) as talk:
        talk.ask(CONTEXT)
        assert len(talk.heard(wait=True)) == 2


def test_nobody_is_asked_again_whose_calls_are_used_up() -> None:
    answers = rounds(Ensemble(anyone(calls=2), Plays("")), 6)
    assert [answer.reply.failure.key for answer in answers if answer.reply.failure is not None] == ["llm.cap_calls"]
    with talking(Ensemble(anyone(calls=0), Plays("")), PROBLEM) as talk:
        talk.ask(CONTEXT)
        talk.heard(wait=True)
        assert not talk.wanted()


def test_editors_say_what_they_changed_and_are_asked_where_there_is_something_to_change() -> None:
    ensemble = Ensemble(anyone(role="proposer, editor"), Plays(""))
    assert set(roles_in(rounds(ensemble, 8, history=False))) == {"proposer"}
    answers = rounds(ensemble, 8)
    assert set(roles_in(answers)) == {"proposer", "editor"}
    edited = [one for answer in answers if answer.reply.request.member.role == "editor" for one in answer.proposals]
    assert {one.parent for one in edited} == {LEADING}
    assert all(one.edit is not None for one in edited)


def test_what_could_not_be_read_is_told_in_the_next_round() -> None:
    asked: list[str] = []

    class Stumbles:
        async def ask(self, request: Request) -> Reply:
            asked.append(request.messages[-1].text)
            return Reply(request, json.dumps({"formulas": [{"formula": "a*time +* b"}, {"formula": "c*time"}]}), "m")

    rounds(Ensemble(anyone(), Stumbles()), 2)
    assert ["a*time +* b" in text for text in asked] == [False, True]


# --- history -----------------------------------------------------------------------------------------------------------


def fitted(text: str, parent: str = "", edit: str = "") -> Fitted:
    (candidate,) = deduplicate([proposed(text, parent, edit)])
    return Fitted(candidate, fit(candidate.formula, PROBLEM.samples, budget=0.2), PROBLEM)


def test_a_change_is_told_with_what_it_did() -> None:
    line = fitted("a + b*time")
    child = fitted(LEADER, line.candidate.key, "a decay in place of the line")
    told = attempts([child, line], {child.candidate.key: 4e-5, line.candidate.key: 3e-2})
    assert [attempt.after for attempt in told] == [3e-2, 4e-5]
    best = told[-1]
    assert (best.before, best.held_out, best.key) == (3e-2, True, child.candidate.key)
    assert isinstance(best.change, Sentence)
    assert best.change.text() == "a decay in place of the line"
    training = attempts([child, line], {})[-1]
    assert not training.held_out
    assert training.before > training.after > 0


def test_a_change_that_led_to_none_of_the_best_is_told_and_is_no_merit() -> None:
    best = fitted(LEADER)
    powers = [fitted(f"a + b*time**{i}") for i in range(1, BEST)]
    vain = fitted("a*time + b*time**2", best.candidate.key, "two powers")
    told = attempts([best, *powers, vain], {})
    assert (told[0].key, told[-1].key) == ("", best.candidate.key)
    assert told[0].before < told[0].after


def test_editors_begin_with_the_best_whose_residual_is_known() -> None:
    first, second = parents(attempts([fitted(LEADER), fitted("a + b*time")], {}))
    assert first.error < second.error
    assert any("%" in fact.text() for fact in second.residual)
    assert parents([Attempt("a", after=math.nan)]) == []


# --- across runs -------------------------------------------------------------------------------------------------------


def test_runs_on_record_are_remembered_until_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path))
    monkeypatch.setenv("FORMULA_STORE_URL", str(tmp_path / "runs.sqlite"))
    answers = rounds(Ensemble(anyone(), Plays("physicist")), 12)
    with Store.open() as store:
        run_id = store.start_run(RunStart("t", "h", "temperature"))
        for answer in answers:
            store.add_call(run_id, call_row(answer))
        assert past(store) == {}, "a run counts once it has ended"
        store.finish_run(run_id, "done", {}, [CandidateRow(1, LEADING, "f", ("llm",), 1.0)])
        known = past(store)
        assert {role: record.calls for (_, role), record in known.items()} == Counter(roles_in(answers))
        assert {role for (_, role), record in known.items() if record.useful} == {"physicist"}
        assert "expected useful" in CliRunner().invoke(app, ["priors"]).output
        forget()
        assert past(store) == {}
    assert "expected useful" not in CliRunner().invoke(app, ["priors"]).output


# --- members as they are given -----------------------------------------------------------------------------------------


def test_roles_of_a_file() -> None:
    row = {"name": "m", "model": "openai/a"}
    assert read_members({"member": [row]}, "f").members[0].role == "any"
    assert [role.name for role in roles_of("editor, physicist,editor")] == ["editor", "physicist"]
    with pytest.raises(SettingsError):
        read_members({"member": [{**row, "role": "editor, jester"}]}, "f")


@pytest.mark.slow
def test_chat_models_of_ones_own_recommend() -> None:
    from langchain_core.language_models import FakeListChatModel

    model = FakeListChatModel(responses=[GOOD])
    result = recommend(PROBLEM, seconds=0, effort=0.1, limit=2, record=False, members={"mine": model})
    voices = {origin.proposer for formula in result.formulas for origin in formula.origins}
    assert "llm:langchain/FakeListChatModel" in voices


def test_members_are_given_in_many_ways(tmp_path: Path) -> None:
    from langchain_core.language_models import FakeListChatModel

    model = FakeListChatModel(responses=[GOOD])
    file = tmp_path / "members.toml"
    file.write_text('[[member]]\nname = "one"\nmodel = "openai/a"\n')
    names = [[member.name for member in members_of(given)[0].members] for given in (str(file), anyone(), model, [model, model], None)]
    assert names == [["one"], ["m"], ["FakeListChatModel"], ["FakeListChatModel 1", "FakeListChatModel 2"], []]
    with pytest.raises(SettingsError, match="no language model"):
        members_of([3])  # type: ignore[list-item]


def test_the_command_line_takes_members(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("t,y\n" + "".join(f"{i},{3 * i + 1}\n" for i in range(12)))
    missing = CliRunner().invoke(app, ["recommend", str(table), "--members", str(tmp_path / "none.toml")])
    assert isinstance(missing.exception, SettingsError)
    assert "none.toml" in str(missing.exception)
