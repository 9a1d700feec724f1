"""`run_bench` from the outside: exit status, table, JSON, history."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from corpus.errors import BenchError
from corpus.language import Sentence, strings
from recommender.cli import app
from recommender.evaluate import history, list_benches, run_bench, show_history
from recommender.evaluate import registry as known
from recommender.evaluate._base import Options, Program, Row, Verdict
from recommender.evaluate.run import run_suite


@dataclass(frozen=True)
class Number:
    n: int

    @property
    def label(self) -> str:
        return f"n{self.n}"


class Doubling:
    """Asks the program to double; passes where it does."""

    name = "startup"  # borrows its strings
    needs_cases = False
    hello: Mapping[str, Any] | None = None
    columns = ("seconds",)
    numbers: Sequence[int] = range(4)

    def cases(self, options: Options) -> Sequence[Number]:
        return [Number(n) for n in self.numbers[: 2 if options.quick else None]]

    def run(self, case: Number, program: Program) -> Sequence[Row]:
        answer = program.ask({"n": case.n}, 20)
        return [Row(case.label, answer.value.get("double") == 2 * case.n, {"seconds": answer.seconds}, answer.failure)]

    def shown(self, rows: Sequence[Row]) -> Sequence[Row]:
        return rows

    def verdict(self, rows: Sequence[Row]) -> Verdict:
        return Verdict(all(row.passed for row in rows), Sentence.of("bench.startup_measured", seconds="1 s"), {"count": len(rows)})


class Failing(Doubling):
    """Needs no program and never holds."""

    def run(self, case: Number, program: Program) -> Sequence[Row]:
        if case.n == 2:
            raise BenchError("bench_no_cases", folder="x")
        return [Row(case.label, False, {"seconds": float("nan")})]


class Holding(Failing):
    def run(self, case: Number, program: Program) -> Sequence[Row]:
        return [Row(case.label, True, {"seconds": 1.0})]


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "BENCHES", {"good": {"startup": f"{__name__}:Holding"}, "bad": {"startup": f"{__name__}:Failing"}})
    monkeypatch.setattr("recommender.evaluate.run.BENCHES", known.BENCHES)


DOUBLE = "for request in requests:\n    if request['n'] == 1: os._exit(4)\n    reply({'double': 2 * request['n']})"


@pytest.mark.parametrize("jobs", [1, 3, 9])
def test_a_crash_is_a_row_and_rows_keep_their_order(script: Callable[[str], list[str]], jobs: int) -> None:
    suite = Doubling()
    rows = run_suite(suite, suite.cases(Options()), jobs, command=script(DOUBLE))
    assert [row.case for row in rows] == ["n0", "n1", "n2", "n3"]
    assert [row.passed for row in rows] == [True, False, True, True]
    assert rows[1].failure == "crash: exit status 4"


@pytest.mark.usefixtures("benches")
def test_exit_status_table_and_history(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_bench("good") == 0
    assert run_bench("bad", quick=True, seed=5) == 1
    printed = capsys.readouterr().out
    assert "Bar held:" in printed
    assert printed.rstrip().splitlines()[-1].startswith("Bar missed:")
    [line] = history.read("bad")
    assert (line["holds"], line["count"], line["seed"], line["quick"]) == (False, 2, 5, True)
    show_history("bad")
    assert line["digest"] in capsys.readouterr().out
    assert home.exists()


@pytest.mark.usefixtures("benches", "home")
def test_a_case_the_scorer_cannot_use_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_bench("bad") == 1
    assert "n2: There are no cases in x." in capsys.readouterr().out


@pytest.mark.usefixtures("benches", "home")
def test_json_holds_rows_and_circumstances(tmp_path: Path) -> None:
    run_bench("bad", json_file=tmp_path / "deep" / "out.json")
    found = json.loads((tmp_path / "deep" / "out.json").read_text())
    assert {"versions", "machine", "commit", "time", "results"} == set(found)
    rows = found["results"][0]["rows"]
    assert [row["case"] for row in rows] == ["n0", "n1", "n2", "n3"]
    assert rows[0]["values"]["seconds"] is None


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("nothing", {}, "formula bench list"),
        ("fit", {"suite": ["nothing"]}, "family"),
        ("tables", {}, "--cases"),
        ("fit", {}, "--suite"),
        ("startup", {"against": ["excel"]}, "lmfit"),
    ],
)
def test_what_cannot_be_run_says_what_can(name: str, more: dict[str, Any], words: str) -> None:
    with pytest.raises(BenchError, match=words):
        run_bench(name, **more)


def test_every_suite_has_its_strings_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    needed = {"case", "passed", "suite", "measured", "time", "commit", "seed", "cases"}
    for bench in known.BENCHES:
        needed |= {column for suite in known.suites(bench) for column in suite.columns}
    for language in ("en", "ja"):
        list_benches(language)
        assert "stress" in capsys.readouterr().out
        assert not {f"bench.column_{name}" for name in needed} - strings(language).keys()


@pytest.mark.usefixtures("benches", "home")
def test_the_command() -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["bench", "good"]).exit_code == 0
    assert runner.invoke(app, ["bench", "bad"]).exit_code == 1
    assert "good" in runner.invoke(app, ["bench", "list"]).output
    assert isinstance(runner.invoke(app, ["bench", "history"]).exception, BenchError)
    assert runner.invoke(app, ["bench", "history", "good"]).exit_code == 0
