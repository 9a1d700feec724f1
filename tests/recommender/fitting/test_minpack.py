"""The last bits of a refit do not hang on what happens to lie in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from corpus.functions import Array
from recommender.fitting.minpack import levenberg_marquardt

RNG = np.random.default_rng(5)
X, Z = RNG.uniform(0.5, 3, (2, 64))
Y = X**2 * np.exp(-Z / 2) + 0.05 * RNG.standard_normal(64)
START = np.array([1.02, 1.9, 1.3])


def value(p: Array) -> Array:
    """Of the first and the third coefficient only the ratio p0/p2**2 can be known: two columns of the Jacobian are dependent."""
    return np.asarray(p[0] * X**2 * np.exp(-Z / p[1]) / p[2] ** 2)


def jacobian(p: Array) -> Array:
    v = value(p)
    return np.stack([v / p[0], v * Z / p[1] ** 2, -2 * v / p[2]], axis=1)


def fitted() -> Array:
    return levenberg_marquardt(lambda p: value(p) - Y, jacobian, START, 60)


def test_it_finds_the_minimum() -> None:
    p = fitted()
    slope = jacobian(p).T @ (value(p) - Y)
    assert p[1] == pytest.approx(2.0, rel=0.1)
    assert np.linalg.norm(slope) < 1e-3


def test_fewer_rows_than_coefficients_are_refused() -> None:
    with pytest.raises(ValueError, match="less than"):
        levenberg_marquardt(lambda p: p[:1], lambda p: np.ones((1, 3)), START, 60)


def test_foreign_memory_does_not_choose_the_answer() -> None:
    """glibc fills fresh memory with the byte of MALLOC_PERTURB_; elsewhere this only says that two processes agree."""
    code = "from tests.recommender.fitting.test_minpack import fitted; print(fitted().tobytes().hex())"
    answers = set()
    for byte in ("1", "85", "200"):
        environment = {**os.environ, "MALLOC_PERTURB_": byte}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3], env=environment
        )
        answers.add(done.stdout)
    assert len(answers) == 1
