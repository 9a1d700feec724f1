"""What the data leave open is said, with the reading that would tell."""

from __future__ import annotations

import re

import numpy as np
import pytest

from recommender import Problem, Recommendation, Table
from recommender.pipeline import recommend
from recommender.proposers import Typed

GROWTH = "a*P + b*P**2"
SATURATING = "a*P*tanh(P) + b*P**2"
ROOT = "a*sqrt(P) + b*P"


def answer(noise: float, *typed: str, low: float = 2.0) -> Recommendation:
    rng = np.random.default_rng(0)
    P = rng.uniform(low, 8, 60)
    growth = 0.6 * P - 0.08 * P**2 + noise * rng.standard_normal(60)
    return recommend(Problem.of(Table.of({"P": P, "growth": growth}), "growth", typed=typed), proposers=[Typed()], seconds=0)


def told(found: Recommendation) -> str:
    return "" if found.undecided is None else found.undecided.text()


def place(found: Recommendation, function: str) -> str:
    return next(f"#{formula.rank}" for formula in found.formulas if function in formula.text)


def test_rivals_that_fit_alike_are_named_with_a_reading_that_tells_them_apart() -> None:
    found = answer(0.05, GROWTH, SATURATING)
    words = told(found)
    assert place(found, "tanh") in words
    assert "#1" in words
    (at,) = re.findall(r"reading at P = ([\d.]+)", words)
    assert float(at) < 1.5, "beyond the data, where tanh(P) is not yet 1"


def test_what_the_data_decide_is_not_left_open() -> None:
    found = answer(0.002, GROWTH, SATURATING, ROOT, low=0.1)
    assert place(found, "P**2") == "#1"
    assert not told(found)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_is_said_in_both_languages(language: str) -> None:
    found = answer(0.05, GROWTH, SATURATING)
    assert Recommendation.from_json(found.to_json()) == found
    assert found.undecided is not None
    words = found.undecided.text("ja" if language == "ja" else "en")
    assert "{" not in words
    assert "#1" in words
