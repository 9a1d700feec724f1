"""Refine: talk about the formulas of a run, change them, and see at once what a change does; with a model or without."""

from __future__ import annotations

import streamlit as st

from recommender.llm.discuss import Discussion
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from ui import dialogue, launch, pasting
from ui.entries import retriever
from ui.shield import shielded
from ui.words import language, plain, say


def draw() -> None:
    """The page."""
    st.title(say("ui_page.refine"), anchor=False)
    seen = launch.look()
    result = launch.ranking(seen)
    if seen is None or result is None or not result.formulas:
        launch.nothing_yet()
        return
    problem = launch.problem(seen)
    st.caption(say("ui_refine.words", target=plain(result.target.name)))
    discussion = _discussion(seen.run_id, problem, result)
    talk, paste = st.tabs([say("ui_refine.tab_talk"), say("ui_refine.tab_paste")], key=f"refine-{language()}", on_change="rerun")
    if paste.open:
        with paste:
            pasting.draw(discussion)
    else:
        with talk:
            dialogue.draw(discussion)


def _discussion(run_id: str, problem: Problem, result: Recommendation) -> Discussion:
    """One dialogue for a run in a session."""
    held = st.session_state.get("discussion")
    if held is None or held[0] != run_id:
        with st.spinner(say("ui_library.opening")):
            held = (run_id, Discussion.of(problem, result, retriever(), language()))
        st.session_state.discussion, st.session_state.said = held, []
    discussion: Discussion = held[1]
    discussion.language = language()
    return discussion


if __name__ == "__main__":
    shielded(draw)
