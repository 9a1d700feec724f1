"""A firm without an account: the prompt goes out by hand, the answer comes back by hand, and counts like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from corpus.errors import ProblemError
from recommender.cli import app
from recommender.context import Context
from recommender.llm.paste import Pasted, pasteable
from recommender.llm.roles import ROLES
from recommender.pipeline import recommend
from recommender.problem import Problem
from recommender.proposers import Elementary
from recommender.table import Table

ANSWER = """Sure! Here is my answer:
```json
{"formulas": [
 {"formula": "V = V0*(1 - exp(-t/tau)) + k*t^2", "parameters": [{"name": "tau", "meaning": "time constant", "unit": "s",
  "sign": "positive"}],
  "reasoning": "charging plus drift", "evidence": ["P1"]},
 {"formula": "frobnicate(t)", "parameters": [], "reasoning": "", "evidence": []},
]}
```"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    t = np.linspace(0.1, 8, 60)
    path = tmp_path_factory.mktemp("paste") / "charging.csv"
    rows = np.column_stack([t, 5 * (1 - np.exp(-t / 1.7)) + 0.03 * t**2])
    np.savetxt(path, rows, delimiter=",", header="t,V", comments="")
    return path


@pytest.mark.parametrize("role", ROLES)
def test_the_prompt_is_one_text_with_everything_in_it(table: Path, role: str) -> None:
    problem = Problem.of(Table.read(table), about="charging of a capacitor")
    text = pasteable(problem, Context(), role=role)
    assert "charging of a capacitor" in text
    assert '"formulas"' in text


def test_formulas_of_an_answer_join_the_recommendation(table: Path) -> None:
    problem = Problem.of(Table.read(table))
    result = recommend(problem, proposers=(Elementary(), Pasted(ANSWER)), waves=(), limit=3)
    best = result.formulas[0]
    assert {origin.proposer for origin in best.origins} == {"llm:pasted"}
    assert next(c.value for c in best.coefficients if c.name == "tau") == pytest.approx(1.7, rel=1e-6)
    assert next(c.meaning for c in best.coefficients if c.name == "tau").en == "time constant"


def test_what_cannot_be_read_is_said_and_an_answer_without_formulas_is_an_error(table: Path) -> None:
    problem = Problem.of(Table.read(table))
    ((text, reason),) = Pasted(ANSWER).read(problem).rejected
    assert "frobnicate" in text
    assert reason.text("ja")
    for nothing in ("", "I am sorry, I cannot help with that.", "{}"):
        with pytest.raises(ProblemError):
            Pasted(nothing).propose(problem, Context(), ())


def test_the_commands_print_the_prompt_and_take_the_answer_from_a_pipe(table: Path) -> None:
    printed = CliRunner().invoke(app, ["llm", "prompt", str(table), "--about", "charging of a capacitor", "--lang", "ja"])
    assert printed.exit_code == 0, printed.output
    assert "DATA はここまで" in printed.output
    joined = CliRunner().invoke(app, ["llm", "prompt", str(table), "--answer", "-", "--time", "0", "--top", "2"], input=ANSWER)
    assert joined.exit_code == 0, joined.output
    assert "1 formula(s) read" in joined.output
    assert "frobnicate" in joined.output
    assert "tau" in joined.output
