"""A dialogue about formulas: the list so far, what was said, the tools as buttons, and a line for a language model where there is one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from corpus.errors import RecommenderError
from recommender.llm import Member
from recommender.llm.discuss import TOOLS, Discussion, safely
from recommender.recommendation import RankedFormula
from recommender.report import view
from ui import cards, launch
from ui.privacy import first_member
from ui.words import language, named, plain, say

_MOST_SAID = 60
_SHOWN = ("fit", "compare", "probe", "add", "remove", "ban", "retrieve")
_log = logging.getLogger(__name__)


def draw(discussion: Discussion) -> None:
    """Formulas and tools on the left, the dialogue on the right."""
    left, right = st.container(key="dialogue").columns([3, 2], gap="medium")
    with left:
        ordered = listed(discussion)
        _tools(discussion, ordered)
        _search_on(discussion, ordered)
    with right:
        _dialogue(discussion)


def listed(discussion: Discussion) -> list[RankedFormula]:
    """The formulas of this dialogue, best first, numbered as the tools count them; drawn as a table."""
    ordered = [formula for _, formula in discussion.ordered()]
    rows = [
        [f"{i}", cards.typeset(cards.right_side(f)), plain(view.summary_row(f)[0]), view.summary_row(f)[3]]
        for i, f in enumerate(ordered, 1)
    ]
    heads = [say("ui_refine.number"), say("ui_refine.formula"), say("report.held_out"), say("report.parameters")]
    with st.container(key="listed"):
        st.table(pd.DataFrame(rows, columns=heads), border="horizontal", hide_index=True)
    st.caption(say("ui_refine.ordered"))
    return ordered


def _tools(discussion: Discussion, ordered: list[RankedFormula]) -> None:
    st.markdown(f"**{say('ui_refine.tools')}**")
    st.session_state.setdefault("tool", "add")
    name = st.segmented_control(
        say("ui_refine.tool"),
        _SHOWN,
        format_func=named("ui_refine.do_", _SHOWN),
        key="tool",
        label_visibility="collapsed",
        required=True,
        wrap=True,
    )
    tool = TOOLS[str(name)]
    words = say(f"discuss.help_{name}")
    st.caption(words[:1].upper() + words[1:])
    with st.form("tool-form", border=False, clear_on_submit=True):
        given = {argument: _argument(argument, ordered) for argument in tool.arguments}
        pressed = st.form_submit_button(say("ui_refine.do"), type="primary", icon=":material/play_arrow:")
    if pressed and (tool.optional or all(given.values())):
        told = [value for value in given.values() if value]
        with st.spinner(say("ui_refine.working")):
            _say(f"{say(f'ui_refine.do_{name}')}: {'; '.join(told)}", safely(discussion, tool, told))
        st.rerun()


def _argument(argument: str, ordered: list[RankedFormula]) -> str:
    """A formula is picked by its number or written; terms and words are written."""
    label = say(f"ui_refine.arg_{argument}")
    if argument in ("formula", "first", "second"):
        numbers = [str(i) for i in range(1, len(ordered) + 1)]
        place = min(len(numbers) - 1, int(argument == "second"))
        names: Mapping[str, str] = {number: f"{number} · {f.text}" for number, f in zip(numbers, ordered, strict=True)}
        picked = st.selectbox(
            label, numbers, index=place, format_func=lambda one: names.get(one, one), accept_new_options=True, key=f"arg-{argument}"
        )
        return str(picked or "")
    return (st.text_input(label, key=f"arg-{argument}", max_chars=300) or "").strip()


def _search_on(discussion: Discussion, ordered: list[RankedFormula]) -> None:
    """A new run that begins with what was found here."""
    if st.button(say("ui_refine.search_on"), key="search-on", icon=":material/rocket_launch:", help=say("ui_refine.search_on_help")):
        formulas = tuple(f.body for f in ordered[:8])
        launch.start_with(discussion.problem, formulas)


# --- what was said ----------------------------------------------------------------------------------------------------


def _say(asked: str, answer: str) -> None:
    st.session_state.said = [*st.session_state.said, (asked, answer)][-_MOST_SAID:]


def _dialogue(discussion: Discussion) -> None:
    member = first_member()
    if member is None:
        st.caption(say("ui_refine.no_model"))
    with st.container(height=520, key="said", autoscroll=True):
        if not st.session_state.said:
            st.caption(say("ui_refine.empty"))
        for asked, answer in st.session_state.said:
            with st.chat_message("user"):
                st.text(asked)
            with st.chat_message("assistant"):
                st.text(answer)
    if member is not None:
        words = st.chat_input(say("ui_refine.ask", name=member.name), key="ask", max_chars=2000)
        if words:
            with st.spinner(say("ui_refine.thinking", name=plain(member.name))):
                _say(words, _talk(discussion, member)(words))
            st.rerun()


def _talk(discussion: Discussion, member: Member) -> Callable[[str], str]:
    """The agent of this dialogue, which remembers what was said; what goes wrong is a sentence."""
    held = st.session_state.get("agent")
    if held is None or held[0] is not discussion:
        from recommender.llm.client import chat_model
        from recommender.llm.discuss import agent

        held = (discussion, agent(discussion, chat_model(member)))
        st.session_state.agent = held
    talk: Callable[[str], str] = held[1]

    def safe(words: str) -> str:
        try:
            return talk(words)
        except RecommenderError as error:
            return error.text(language())
        except Exception as error:  # a model's library may raise anything
            _log.exception("dialogue failed")
            return say("ui_refine.failed", name=member.name, kind=type(error).__name__)

    return safe
