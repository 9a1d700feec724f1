"""The question in the person's own words, what is known beside the table, and what must hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from corpus.errors import ProblemError, RecommenderError
from recommender.llm.draft import Draft, Finding, draft
from recommender.quantities import Quantity
from recommender.requirements import Requirement
from recommender.settings import Settings
from recommender.table import Table
from ui.columns import Edited, headers, set_cell, set_role
from ui.privacy import first_member
from ui.words import language, plain, say
from ui.work import Question, work

_LINES = 600


def draw(table: Table) -> None:
    """Free words, read into a draft that waits for a yes."""
    mine = f"{work().mark}-about"
    st.session_state.setdefault(mine, work().about)
    st.text_area(
        say("ui_data.request"),
        key=mine,
        help=say("ui_data.request_help"),
        placeholder=say("ui_data.request_placeholder"),
        height=96,
        max_chars=2000,
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(say("ui_data.read_request"), key="read-request", help=say("ui_data.read_request_help")):
            st.session_state.draft = (work().mark, _drafted(st.session_state[mine], table))
        member = first_member()
        if member is not None:
            st.checkbox(say("ui_data.ask_model", name=plain(member.name)), key="ask-model", persist_state="session")
    mark, found = st.session_state.get("draft", ("", None))
    if found is not None and mark == work().mark:
        _confirm(table, found)


def _drafted(words: str, table: Table) -> Draft:
    found = draft(words, table)
    if st.session_state.get("ask-model"):
        from recommender.llm.draft_model import ask

        found, failure = ask(found, table, Path(Settings.load().members))
        if failure is not None:
            st.warning(plain(failure.text(language())))
    return found


def _confirm(table: Table, found: Draft) -> None:
    if not found.findings:
        st.info(say("ui_data.draft_empty"), icon=":material/info:")
        return
    with st.container(border=True, key="draft"):
        st.markdown(f"**{say('ui_data.draft_title')}**")
        for one in found.findings:
            said = say(f"draft.{one.kind}", name=plain(one.name), value=plain(one.value))
            st.markdown(f"- {said} &ensp; :gray[{say(f'draft.by_{one.by}', words=plain(one.words))}]")
        with st.container(horizontal=True):
            st.button(
                say("ui_data.draft_take"),
                type="primary",
                on_click=_take,
                args=(table, found),
                key="draft-take",
            )
            st.button(say("ui_data.draft_leave"), on_click=_leave, key="draft-leave")


def _leave() -> None:
    st.session_state.pop("draft", None)


def _take(table: Table, found: Draft) -> None:
    """Into the widgets, where the person may change it further."""
    if found.target is not None:
        set_role(table, found.target, "target")
    if found.inputs is not None:
        for name in headers(table):
            if name not in table.texts and name != found.target:
                set_role(table, name, "input" if name in found.inputs else "out")
    for one in found.findings:
        _take_one(table, one)
    _leave()


def _take_one(table: Table, one: Finding) -> None:
    if one.kind == "unit":
        set_cell(table, one.name, "unit", one.value)
    elif one.kind == "known":
        _append("known", f"{one.name} = {one.value}")
    elif one.kind == "require":
        _append("require", one.value)


def _append(what: str, line: str) -> None:
    mine = f"{work().mark}-{what}"
    lines = (st.session_state.get(mine) or "").splitlines()
    if line not in lines:
        st.session_state[mine] = "\n".join([*lines, line])


# --- what else is known -----------------------------------------------------------------------------------------------


def draw_more(edited: Edited) -> None:
    """Known quantities, what must hold, formulas of one's own; a line that cannot be read is said beside it."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _lines("known", "L = 10 mm\nT = 300 K")
        for problem in _known()[1]:
            st.error(plain(problem))
    with middle:
        _lines("require", "positive\n0 at x = 0")
        for problem in _require(edited)[1]:
            st.error(plain(problem))
    with right:
        _lines("typed", "A*exp(-t/tau) + c")


def _lines(what: str, hint: str) -> None:
    mine = f"{work().mark}-{what}"
    words = say(f"ui_data.{what}_help")
    label = say(f"ui_data.{what}")
    st.text_area(label, key=mine, help=words, placeholder=hint, height=96, max_chars=_LINES, persist_state="session")


def _told(what: str) -> list[str]:
    text = st.session_state.get(f"{work().mark}-{what}") or ""
    return [line.strip() for line in text.splitlines() if line.strip()]


def _known() -> tuple[Mapping[str, str], list[str]]:
    """Quantities beside the table, and the lines that are none."""
    found, wrong = {}, []
    for line in _told("known"):
        name, _, value = line.replace("＝", "=").partition("=")
        try:
            Quantity.of(name.strip(), value.strip())
        except ProblemError as error:
            wrong.append(error.text(language()))
        else:
            found[name.strip()] = value.strip()
    return found, wrong


def _require(edited: Edited) -> tuple[list[str], list[str]]:
    found: list[str] = []
    wrong: list[str] = []
    target = edited.one("target")
    if target is None:
        return found, wrong
    inputs = [edited.table[name] for name in edited.names("input")]
    for line in _told("require"):
        try:
            Requirement.of(line, edited.table[target], inputs)
        except RecommenderError as error:
            wrong.append(error.text(language()))
        else:
            found.append(line)
    return found, wrong


def question(edited: Edited) -> Question | None:
    """Everything together; None while there is no target or no input."""
    target, inputs = edited.one("target"), edited.names("input", "constant")
    if target is None or not edited.names("input"):
        return None
    about = (st.session_state.get(f"{work().mark}-about") or "").strip()
    known, require = _known()[0], tuple(_require(edited)[0])
    typed = tuple(_told("typed"))
    return Question(edited.table, target, inputs, edited.one("sigma"), edited.one("group"), about, typed, known, require)
