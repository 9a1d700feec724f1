from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus.errors import BenchError
from corpus.language import Sentence
from recommender.evaluate import history
from recommender.evaluate._base import Options, Verdict


def line(bench: str = "tables", labels: tuple[str, ...] = ("a", "b")) -> dict[str, object]:
    verdict = Verdict(True, Sentence.of("bench.tables_measured"), {"share": 0.5, "worst": float("inf")}, ("b",))
    return history.record(bench, bench, Options(seed=3, quick=True), labels, verdict)


def test_lines_are_appended_and_read_back(home: Path) -> None:
    history.append([line(), line("fit")])
    history.append([line()])
    assert history.history_file() == home / "bench" / "history.jsonl"
    found = history.read("tables")
    assert len(found) == 2
    assert found[0]["numbers"] == {"share": 0.5, "worst": None}
    assert (found[0]["seed"], found[0]["quick"], found[0]["missed"], found[0]["count"]) == (3, True, ["b"], 2)
    assert len(history.read("fit")) == 1


def test_only_runs_over_the_same_cases_have_the_same_digest() -> None:
    assert line(labels=("a", "b"))["digest"] == line(labels=("b", "a"))["digest"] != line(labels=("a", "c"))["digest"]


def test_lines_nobody_can_read_are_passed_over(home: Path) -> None:
    history.append([line()])
    with history.history_file().open("a") as file:
        file.write("{broken\n[]\n\n")
    assert len(history.read("tables")) == 1
    assert home.exists()


def test_no_history_is_an_empty_one(home: Path) -> None:
    assert history.read("tables") == []
    assert not home.exists()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="FORMULA_HOME"):
        history.append([line()], tmp_path / "file" / "history.jsonl")


def test_circumstances_are_plain_data() -> None:
    around = history.circumstances()
    assert json.loads(json.dumps(around)) == around
    assert {"time", "versions", "machine", "commit"} == set(around)
    assert {"python", "numpy", "formula-recommender"} <= set(around["versions"])
    assert around["machine"]["cores"] >= 1
