from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import BenchError
from recommender.evaluate.cases import Case, find_cases, held_out_rows
from tests.recommender.evaluate.conftest import CANARY, Write


def test_a_folder_is_understood_at_any_height(tmp_path: Path, write_case: Write) -> None:
    for name in ("08_measured/a", "08_measured/b", "11_composite/c"):
        write_case(tmp_path / "all" / name)
    assert [case.label for case in find_cases(tmp_path / "all", ("measured",))] == ["08_measured/a", "08_measured/b"]
    assert [case.label for case in find_cases(tmp_path / "all", ("other",))] == ["08_measured/a", "08_measured/b", "11_composite/c"]
    assert [case.label for case in find_cases(tmp_path / "all" / "11_composite", ("measured",))] == ["11_composite/c"]
    assert [case.label for case in find_cases(tmp_path / "all" / "11_composite" / "c", ())] == ["11_composite/c"]


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_folder_without_cases_says_so(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match=r"problem\.json"):
        find_cases(tmp_path / folder, ())


def test_no_folder_asks_for_one() -> None:
    with pytest.raises(BenchError, match="--cases"):
        find_cases(None, ())


@pytest.mark.parametrize("broken", ["{", "[]", '{"target": {}}'])
def test_a_broken_case_names_its_file(tmp_path: Path, write_case: Write, broken: str) -> None:
    folder = write_case(tmp_path / "s" / "a")
    (folder / "problem.json").write_text(broken)
    with pytest.raises(BenchError, match=r"problem\.json"):
        find_cases(tmp_path, ())


def test_a_table_without_a_feature_is_broken(tmp_path: Path, write_case: Write) -> None:
    folder = write_case(tmp_path / "a", {"data": "t,w\n1,2\n"})
    with pytest.raises(BenchError, match=r"data\.csv"):
        Case.read(folder).train  # noqa: B018


def test_the_question_holds_what_a_customer_says_and_nothing_else(tmp_path: Path, write_case: Write) -> None:
    question = Case.read(write_case(tmp_path / "a")).question
    assert question == {
        "about": "A capacitor is discharged.",
        "target": "v",
        "inputs": ["t"],
        "units": {"v": "V", "t": "s"},
        "descriptions": {"v": "voltage", "t": "time"},
    }
    assert CANARY not in json.dumps(question)


def test_rows_with_equal_inputs_stay_together(tmp_path: Path, write_case: Write) -> None:
    table = "t,v\n" + "".join(f"{i // 4},{i}\n" for i in range(80))
    case = Case.read(write_case(tmp_path / "a", {"data": table}))
    train, held = held_out_rows(case, case.train, 0.25, seed=3)
    assert sorted([*train, *held]) == list(range(80))
    assert len(held) == 20
    assert not {row // 4 for row in train.tolist()} & {row // 4 for row in held.tolist()}
    again = held_out_rows(case, case.train, 0.25, seed=3)
    assert np.array_equal(held, again[1])
    assert not np.array_equal(held, held_out_rows(case, case.train, 0.25, seed=4)[1])


def test_a_small_table_keeps_one_row_out(tmp_path: Path, write_case: Write) -> None:
    case = Case.read(write_case(tmp_path / "a", {"data": "t,v\n1,2\n2,3\n"}))
    _, held = held_out_rows(case, case.train, 0.25, seed=0)
    assert len(held) == 1


def test_cells_are_handed_on_as_written(tmp_path: Path, write_case: Write) -> None:
    text = 't,v,note\r\n1.50,2e0,"a, b"\r\n,3,\r\n'
    sheet = Case.read(write_case(tmp_path / "a", {"data": text})).train
    sheet.write(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().decode() == text
    assert np.isnan(sheet.column("t")[1])
