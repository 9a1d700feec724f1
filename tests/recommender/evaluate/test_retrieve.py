from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from corpus.load import seed_entries
from recommender.evaluate._base import Row
from recommender.evaluate.cases import Case
from recommender.evaluate.retrieve_golden import GoldenQuestions
from recommender.evaluate.retrieve_hidden import Hidden, _bare
from recommender.evaluate.retrieve_truth import Law, true_entries


def case(folder: Path, expression: str) -> Case:
    rng = np.random.default_rng(0)
    mass, speed = rng.uniform(1, 5, (2, 40))
    rows = "\n".join(f"{m},{v},{0.5 * m * v * v}" for m, v in zip(mass, speed, strict=True))
    (folder / "data.csv").write_text(f"m,v,E\n{rows}\n", encoding="utf-8")
    features = [{"name": "m", "unit": "kg", "description": "mass"}, {"name": "v", "unit": "m/s", "description": "speed"}]
    problem = {"target": {"name": "E", "unit": "J"}, "features": features, "files": {"data": "data.csv"}, "context": "moving body"}
    (folder / "problem.json").write_text(json.dumps(problem), encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps({"expression": expression, "parameters": {}, "kind": "exact"}), encoding="utf-8")
    return Case.read(folder)


class Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder


def test_the_entries_that_are_a_law_are_found_by_computing(tmp_path: Path) -> None:
    few = [entry for entry in seed_entries() if entry.domain.startswith("mechanics")]
    assert "mechanics.kinetic_energy" in true_entries(Law.of(case(tmp_path, "0.5*m*v**2")), few)
    assert "mechanics.kinetic_energy" not in true_entries(Law.of(case(tmp_path, "m*v**2")), few)


def test_a_hidden_table_keeps_nothing_but_numbers_and_units(tmp_path: Path) -> None:
    request = _bare(case(tmp_path, "0.5*m*v**2"), Folder(tmp_path))  # type: ignore[arg-type]
    assert request["units"] == {"y": "J", "x0": "kg", "x1": "m/s"}
    assert (request["about"], request["descriptions"]) == ("", {})
    assert Path(request["table"]).read_text(encoding="utf-8").startswith("y,x0,x1\n")


def test_the_bars_of_the_hidden_tables() -> None:
    def rows(bare: int, told: int) -> list[Row]:
        asked = {"units and shape": bare, "with words": told}
        return [Row(f"c{i}", i < good, {"question": name, "rank": int(i < good)}) for name, good in asked.items() for i in range(20)]

    assert Hidden().verdict(rows(14, 19)).holds
    assert not Hidden().verdict(rows(13, 20)).holds
    assert not Hidden().verdict(rows(20, 18)).holds


def test_single_channels_are_shown_without_a_bar() -> None:
    poor = [
        Row(f"{channels} {i}", False, {"channels": channels, "language": "ja", "group": "known", "rank": 0})
        for channels in ("all", "words", "meaning")
        for i in range(3)
    ]
    assert {row.case: row.passed for row in GoldenQuestions().shown(poor)} == {
        "ja known all": False,
        "ja known meaning": True,
        "ja known words": True,
    }


def test_a_law_is_found_under_other_names_and_solved_for_another_quantity(tmp_path: Path) -> None:
    few = [entry for entry in seed_entries() if entry.id in ("mechanics.kinetic_energy", "mechanics.momentum", "mechanics.power")]
    law = Law.of(case(tmp_path, "0.5*m*v**2"))
    speeds = replace(
        law,
        values={"": law.values["v"], "a": law.values["m"], "b": law.values[""]},
        dimensions={"": law.dimensions["v"], "a": law.dimensions["m"], "b": law.dimensions[""]},
    )
    assert true_entries(speeds, few) == ["mechanics.kinetic_energy"]


def test_both_groups_of_questions_must_reach_the_bar() -> None:
    def rows(group: str, good: int) -> list[Row]:
        values = {"channels": "all", "language": "en", "group": group}
        return [Row(f"{group} {i}", i < good, {**values, "rank": int(i < good)}) for i in range(50)]

    suite = GoldenQuestions()
    assert suite.verdict([*rows("known", 48), *rows("held_out", 46)]).holds
    assert not suite.verdict([*rows("known", 50), *rows("held_out", 45)]).holds
