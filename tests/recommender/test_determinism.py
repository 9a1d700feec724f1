"""The same seed gives the same answer, bit for bit: in another process, with other hashes, other memory and other workers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys
import numpy as np
from recommender import Problem, Table
from recommender.session import run

if __name__ == "__main__":
    rng = np.random.default_rng(1)
    a, b = rng.uniform(1, 5, 60), rng.uniform(0.5, 3, 60)
    y = a**2 / (b + 0.7) + 0.3 * np.sin(2 * b) + rng.normal(0, 0.05, 60)
    problem = Problem.of(Table.of({"a": a, "b": b, "y": y}))
    print(run(problem, seconds=0.5, effort=0.3, limit=3, record=False, workers=int(sys.argv[1])).to_json())
"""


@pytest.mark.slow
def test_two_processes_give_the_same_answer(tmp_path: Path, formula_home: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(CODE)
    answers = []
    for workers, seed in (("1", "1"), ("2", "77")):
        own = {"PYTHONHASHSEED": seed, "MALLOC_PERTURB_": seed, "FORMULA_HOME": str(formula_home), "OMP_NUM_THREADS": "1"}
        environment = {**os.environ, **own, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run([sys.executable, str(script), workers], capture_output=True, text=True, check=True, env=environment)
        answers.append(done.stdout)
    assert len(answers[0]) > 1000
    assert answers[0] == answers[1]
