"""Formulas behind a table of measurements: proposed, fitted, ranked by evidence, explained.

    from recommender import recommend
    recommend("cooling.csv", target="temperature", about="coffee left to cool")

Names load when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from corpus.errors import RecommenderError
    from recommender.calls import fit, recommend
    from recommender.estimator import FormulaRegressor
    from recommender.problem import Problem
    from recommender.recommendation import Recommendation
    from recommender.table import Table

_HOMES = {
    "FormulaRegressor": "recommender.estimator",
    "Problem": "recommender.problem",
    "Recommendation": "recommender.recommendation",
    "RecommenderError": "corpus.errors",
    "Table": "recommender.table",
    "fit": "recommender.calls",
    "recommend": "recommender.calls",
}

__all__ = ["FormulaRegressor", "Problem", "Recommendation", "RecommenderError", "Table", "fit", "recommend"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
