"""For firms without an API: the finished prompt to copy into any chat, and the answer pasted back."""

from __future__ import annotations

import streamlit as st

from corpus.errors import RecommenderError
from recommender.context import gather
from recommender.llm.discuss import TOOLS, Discussion, safely
from recommender.llm.paste import Pasted, pasteable
from ui.words import language, named, plain, say

ROLES = ("proposer", "physicist", "contrarian")


def draw(discussion: Discussion) -> None:
    """Out on the left, in on the right."""
    left, right = st.columns(2, gap="large")
    with left:
        _out(discussion)
    with right:
        _back(discussion)


def _out(discussion: Discussion) -> None:
    st.markdown(f"**{say('ui_refine.copy')}**")
    st.caption(say("ui_refine.copy_words"))
    st.session_state.setdefault("paste-role", ROLES[0])
    role = st.segmented_control(say("ui_refine.role"), ROLES, format_func=named("ui_refine.role_", ROLES), key="paste-role", required=True)
    with st.spinner(say("ui_refine.preparing")):
        context = gather(discussion.problem, discussion.retriever)
    st.code(pasteable(discussion.problem, context, role=str(role), language=language()), language=None, wrap_lines=True)


def _back(discussion: Discussion) -> None:
    st.markdown(f"**{say('ui_refine.back')}**")
    with st.form("answer", border=False):
        answer = st.text_area(say("ui_refine.answer"), height=300, max_chars=60_000, key="answer-text", persist_state="session")
        pressed = st.form_submit_button(say("ui_refine.read_answer"), type="primary")
    if pressed and (answer or "").strip():
        _read(discussion, answer or "")


def _read(discussion: Discussion, answer: str) -> None:
    """Every formula of an answer fitted; what cannot be used is said."""
    try:
        read = Pasted(answer).read(discussion.problem)
    except RecommenderError as error:
        st.error(plain(error.text(language())))
        return
    st.success(say("paste.read", count=len(read.offered)))
    for one in read.offered:
        with st.spinner(say("ui_refine.working")):
            st.text(safely(discussion, TOOLS["fit"], [one.text]))
    for text, reason in read.rejected:
        st.caption(f"{plain(text)}: {plain(reason.text(language()))}")
