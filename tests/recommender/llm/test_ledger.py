"""What is on record of calls, and a run again from it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from corpus.errors import SettingsError
from recommender.cli import app
from recommender.llm import Answer, Caps, Ensemble, Member, Members, Reply, Request
from recommender.llm.ledger import Ledger, call_row, stats
from recommender.llm.replay import Recording, Replayed, cassette, replaying
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Elementary
from recommender.recommendation import Recommendation
from recommender.repeat import same_answer
from recommender.session import run
from recommender.store import CandidateRow, RunStart, Store
from recommender.table import Table
from recommender.testing import example_problem
from tests.recommender.llm.server import BAD, GOOD

MEMBERS = Members((Member("one", "openai/a"), Member("two", "openai/b", role="physicist"), Member("three", "openai/c")), Caps(seconds=30))
TABLE = Path(__file__).parents[3] / "examples" / "cooling_coffee.csv"


class Answers:
    """Each member says its own thing, the third nothing that can be read."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.calls = 0

    async def ask(self, request: Request) -> Reply:
        self.calls += 1
        return Reply(request, self.texts[request.member.name], "resolved-1", 100, 20, 0.001, 0.5)


def recommended(problem: Problem, ensemble: Ensemble) -> Recommendation:
    return recommend(problem, proposers=(Elementary(),), waves=(), effort=0.2, limit=2, ensemble=ensemble)


def same(one: Recommendation, other: Recommendation) -> bool:
    return same_answer(json.loads(one.to_json()), json.loads(other.to_json()))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Recommendation]]:
    url = str(tmp_path_factory.mktemp("ledger") / "runs.sqlite")
    texts = {"one": GOOD, "two": f"Sure:\n```json\n{GOOD}\n```", "three": BAD}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMULA_STORE_URL", url)
        with Store.open(url) as store:
            run_id = store.start_run(RunStart("t", "h", "temperature"))
            ledger = Ledger(store, run_id)
            result = recommended(example_problem(), Ensemble(MEMBERS, Answers(texts), ledger.write, ledger.heard))
            rows = [CandidateRow(f.rank, f.key, f.text, ("llm",), f.score) for f in result.formulas]
            store.finish_run(run_id, "done", result.to_dict(), rows)
        yield url, result


def test_every_call_is_on_record(recorded: tuple[str, Recommendation]) -> None:
    with Store.open(recorded[0]) as store:
        ((_, calls),) = store.calls().items()
    assert [(call.member, call.turn) for call in calls] == [("one", 0), ("two", 0), ("three", 0), ("three", 1)]
    first, second, third, _ = calls
    assert (first.resolved_model, first.tokens_in, first.cost, first.json_valid) == ("resolved-1", 100, 0.001, True)
    assert (second.json_valid, second.repairs, len(second.offered)) == (False, ("fence", "prose"), 1)
    assert third.offered == ()
    assert third.rejected[0][1]["key"] == "error.formula_unreadable"
    assert json.loads(first.prompt)[0]["role"] == "system"


def test_texts_are_kept_once(recorded: tuple[str, Recommendation]) -> None:
    with closing(sqlite3.connect(recorded[0])) as raw:
        assert raw.execute("SELECT count(*) FROM texts WHERE text = ?", [GOOD]).fetchone() == (1,)
        assert raw.execute("SELECT count(*), count(DISTINCT hash) FROM texts").fetchone()[0] >= 5
        assert raw.execute("SELECT count(*) FROM calls").fetchone() == (4,)


def test_votes_reach_the_ranking(recorded: tuple[str, Recommendation]) -> None:
    voices = {origin.proposer for formula in recorded[1].formulas for origin in formula.origins}
    assert {"llm:openai/a", "llm:openai/b"} <= voices
    assert any(note.key == "llm.unusable" for note in recorded[1].notes)


def test_the_record_says_what_members_were_worth(recorded: tuple[str, Recommendation]) -> None:
    with Store.open(recorded[0]) as store:
        calls = store.calls()
        rows = {row.member: row for row in stats(calls, {run_id: store.run(run_id).candidates for run_id in calls})}
    assert (rows["one"].json_valid, rows["one"].parsed, rows["one"].useful, rows["one"].p50) == (1.0, 1.0, 1.0, 0.5)
    assert rows["two"].json_valid == 0.0
    assert (rows["three"].parsed, rows["three"].useful, rows["three"].calls) == (0.0, 0.0, 2)
    assert rows["one"].cost_per_100 == pytest.approx(0.1)


def test_a_run_is_replayed_with_the_same_answers_at_the_same_points(recorded: tuple[str, Recommendation]) -> None:
    url, result = recorded
    with Store.open(url) as store:
        record = store.run(store.runs(1)[0].id)
        calls, events = store.calls(record.id)[record.id], store.events(record.id)
    heard: list[Answer] = []
    ensemble = replace(replaying(MEMBERS, calls, events), hear=lambda point, answers: heard.extend(answers))
    again = recommended(example_problem(), ensemble)
    assert [call_row(answer) for answer in heard] == calls
    assert same(again, result)
    assert again.notes == result.notes


def test_another_question_is_not_in_the_record(recorded: tuple[str, Recommendation]) -> None:
    with Store.open(recorded[0]) as store:
        ((_, calls),) = store.calls().items()
    other = replace(example_problem(), about="something else")
    result = recommended(other, Ensemble(MEMBERS, Replayed.of_calls(calls)))
    assert [note.key for note in result.notes if note.key.startswith("llm.")] == ["llm.not_recorded"] * 3


def test_the_command_line_shows_the_record(recorded: tuple[str, Recommendation], tmp_path: Path) -> None:
    cli = CliRunner()
    out = cli.invoke(app, ["llm", "stats", "--json", str(tmp_path / "s.json")])
    assert out.exit_code == 0, out.output
    assert "physicist" in out.output
    assert {row["member"] for row in json.loads((tmp_path / "s.json").read_text())} == {"one", "two", "three"}
    assert "役割" in cli.invoke(app, ["llm", "stats", "--lang", "ja"]).output


@pytest.mark.slow
def test_a_run_of_a_file_is_replayed_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = str(tmp_path / "runs.sqlite")
    monkeypatch.setenv("FORMULA_STORE_URL", url)
    problem = Problem.of(Table.read(TABLE))
    x, y = next(iter(problem.names.values())), problem.target_symbol
    chat = Answers(dict.fromkeys(("one", "two", "three"), json.dumps({"formulas": [{"formula": f"{y} = a + b*exp(-{x}/tau)"}]})))
    run(problem, seconds=0, effort=0.2, limit=2, members=MEMBERS, chat=chat, store_url=url)
    with Store.open(url) as store:
        run_id = store.runs(1)[0].id
    done = CliRunner().invoke(app, ["llm", "replay", run_id[:8], str(TABLE)])
    assert done.exit_code == 0, done.output[-300:]
    assert "same formulas as recorded" in done.output
    other = CliRunner().invoke(app, ["llm", "replay", run_id[:8], str(TABLE.with_name("diode_iv.csv"))])
    assert other.exit_code != 0


def test_a_cassette_answers_in_place_of_a_network(tmp_path: Path) -> None:
    path = tmp_path / "cassette.jsonl"
    live = Answers(dict.fromkeys(("one", "two", "three"), GOOD))
    first = recommended(example_problem(), Ensemble(MEMBERS, Recording(live, path)))
    second = recommended(example_problem(), Ensemble(MEMBERS, cassette(path)))
    assert same(first, second)
    assert live.calls == len(path.read_text().splitlines()) == 3


@pytest.mark.parametrize("text", ["{", '{"text": "x"}', "3"])
def test_a_file_that_is_no_cassette_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.jsonl"
    path.write_text(text)
    with pytest.raises(SettingsError):
        cassette(path)


@pytest.mark.slow
def test_without_members_one_line_says_so(tmp_path: Path) -> None:
    result = run(example_problem(), seconds=0, effort=0.2, limit=2, store_url=str(tmp_path / "runs.sqlite"))
    assert [note.key for note in result.notes if note.key.startswith("llm.")] == ["llm.no_members"]
    assert result.formulas


def test_the_list_says_when_there_is_nobody() -> None:
    assert "none is configured" in " ".join(CliRunner().invoke(app, ["llm", "list"]).output.split())


def test_the_command_line_starts_without_the_libraries_of_models() -> None:
    code = "import sys, recommender.cli, recommender.pipeline; print({m.split('.')[0] for m in sys.modules} & {'litellm', 'openai'})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.strip() == "set()"
