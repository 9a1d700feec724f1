"""A dialogue about formulas: the list so far, what was said, the tools as buttons, and a line for a language model where there is one."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from recommender.llm import Member
from recommender.llm.discuss import TOOLS, Discussion, safely
from recommender.recommendation import RankedFormula
from recommender.report import view
from ui import cards, launch
from ui.privacy import first_member
from ui.talker import Talker
from ui.words import language, named, plain, say

POLL_SECONDS = 1.0
_MOST_SAID = 60
_LAST = 3  # turns in sight
_SHOWN = ("fit", "compare", "probe", "add", "remove", "ban", "retrieve")


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
    name = st.pills(
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


def _say(asked: str, answer: str, note: str = "") -> None:
    st.session_state.said = [*st.session_state.said, (asked, answer, note)][-_MOST_SAID:]


def _dialogue(discussion: Discussion) -> None:
    member = first_member()
    if member is None:
        st.caption(say("ui_refine.no_model"))
    talker = None if member is None else _talker(discussion, member)
    _heard(st.session_state.said, talker.asked if talker is not None else "")
    if talker is not None and member is not None:
        if talker.is_busy:
            _waiting()
        words = st.chat_input(say("ui_refine.ask", name=member.name), key="ask", max_chars=2000, disabled=talker.is_busy)
        if words:
            talker.ask(words, language())
            st.rerun()


def _heard(said: list[tuple[str, str, str]], pending: str) -> None:
    """The last turns, and the question that waits for its answer. A box that scrolls could not be read from the keyboard."""
    with st.container(border=True, key="said"):
        if not said and not pending:
            st.caption(say("ui_refine.empty"))
        if len(said) > _LAST:
            with st.expander(say("ui_refine.earlier", count=len(said) - _LAST)):
                for turn in said[:-_LAST]:
                    _turn(*turn)
        for turn in said[-_LAST:]:
            _turn(*turn)
        if pending:
            st.chat_message("user").text(pending)


def _turn(asked: str, answer: str, note: str) -> None:
    st.chat_message("user").text(asked)
    with st.chat_message("assistant"):
        st.text(answer)
        if note:
            st.caption(plain(note))


def _talker(discussion: Discussion, member: Member) -> Talker:
    """The one of this dialogue, which remembers what was said."""
    held: Talker | None = st.session_state.get("talker")
    if held is None or held.discussion is not discussion or held.member != member:
        held = Talker(discussion, member)
        st.session_state.talker = held
    return held


@st.fragment(run_every=POLL_SECONDS)
def _waiting() -> None:
    """While a model thinks everything else can be used; whoever does not want to wait lets it go."""
    talker: Talker = st.session_state.talker
    answered = talker.take()
    if answered is not None:
        _say(answered.asked, answered.answer, answered.note)
    if not talker.is_busy:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        told = say("ui_refine.thinking", name=plain(talker.member.name), seconds=int(talker.seconds))
        st.markdown(f":material/progress_activity: {told}", width="stretch")
        st.button(say("ui_refine.let_go"), on_click=talker.let_go, key="let-go")
