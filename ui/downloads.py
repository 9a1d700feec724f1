"""What can be taken away: the report in every kind, the result as data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from corpus.errors import RecommenderError
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.report import SUFFIXES, check_report, report_download
from ui.words import language, named, plain, say

_KINDS = (*(suffix[1:] for suffix in SUFFIXES), "json")
_MIME = {
    ".html": "text/html",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def draw(problem: Problem, result: Recommendation) -> None:
    """One button; a picker says of what kind the report is to be."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="downloads"):
        kind = st.selectbox(
            say("ui_cards.report_kind"),
            _KINDS,
            format_func=named("ui_cards.kind_", _KINDS),
            key="report-kind",
            width=240,
            persist_state="session",
        )
        make, name = _maker(problem, result, f".{kind}")
        if make is not None:
            mime = _MIME.get(f".{kind}", "application/octet-stream")
            label = say("ui_cards.download")
            st.download_button(label, make, name, mime, type="primary", key="report", on_click="ignore", icon=":material/download:")


def _maker(problem: Problem, result: Recommendation, kind: str) -> tuple[Callable[[], bytes] | None, str]:
    """What makes the file when it is asked for, and the file's name; None, with the reason said, where it cannot be made."""
    tongue, name = language(), f"{result.table}{kind}"
    if kind == ".json":
        return lambda: result.to_json().encode(), name
    try:
        check_report(path := Path(name))
    except RecommenderError as error:
        st.caption(plain(error.text(tongue)))
        return None, name
    zipped = kind in (".tex", ".md")
    shown = f"{result.table}.zip" if zipped else name
    return lambda: report_download(result, problem, path.name, tongue)[1], shown
