"""Charts of a candidate as finished drawings, made once for all sessions: building and checking one takes longer than a page may."""

from __future__ import annotations

from typing import Any, TypeAlias

import streamlit as st

from corpus.language import Language
from recommender.prediction import Predictor, with_errors_of
from recommender.problem import Problem
from recommender.recommendation import RankedFormula, Recommendation
from ui.charts import band_chart, candidate_charts, trade_off_chart

Drawing: TypeAlias = "dict[str, Any]"
Key: TypeAlias = "tuple[str, ...]"
_KEPT = 500


@st.cache_data(show_spinner=False, max_entries=_KEPT)
def fit_and_rest(of: Key, language: Language, _problem: Problem, _formula: RankedFormula) -> tuple[Drawing, Drawing]:
    """Data with the formula, and residuals. of: what the drawings are of, see `key_of`."""
    del of
    fit, rest = candidate_charts(_problem, _formula, language)
    return fit.to_dict(), rest.to_dict()


@st.cache_data(show_spinner=False, max_entries=_KEPT)
def band(of: Key, along: str, _problem: Problem, _predictor: Predictor) -> Drawing:
    """The formula along one input and beyond, with its bands."""
    del of
    drawing: Drawing = band_chart(_problem, _predictor, along).to_dict()
    return drawing


@st.cache_resource(show_spinner=False, max_entries=_KEPT)
def predictor(of: Key, _problem: Problem, _result: Recommendation, _formula: RankedFormula) -> Predictor:
    """What a formula predicts, with the errors its run has found."""
    del of
    return Predictor.of(with_errors_of(_problem, _result), _formula)


@st.cache_data(show_spinner=False, max_entries=_KEPT)
def trade_off(of: Key, language: Language, _result: Recommendation) -> Drawing | None:
    """Error against length, each dot to be clicked."""
    del of
    chart = trade_off_chart(_result, language)
    return None if chart is None else chart.to_dict()


def key_of(run: str, *formulas: RankedFormula) -> Key:
    """Equal for the same formulas of a run with the same coefficients: an interim ranking changes under its run."""
    return (run, *(f"{f.rank} {f.text} {sorted(f.values.items())}" for f in formulas))
