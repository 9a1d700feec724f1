"""Library: the formulas we know, searched and browsed; one tried on the table at hand; new ones; what the nightly job did."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from corpus.errors import RecommenderError, UnitError
from indexes import Retrieved
from recommender.problem import Problem
from ui import entries, ingestion, launch, propose
from ui.shield import shielded
from ui.words import cell, language, plain, say
from ui.work import work


def draw() -> None:
    """The page."""
    st.title(say("ui_page.library"), anchor=False)
    parts = {"find": _find, "new": propose.draw, "nightly": ingestion.draw}
    tabs = st.tabs([say(f"ui_library.tab_{name}") for name in parts], key=f"library-{language()}", on_change="rerun")
    for tab, (name, part) in zip(tabs, parts.items(), strict=True):
        if tab.open or name != "nightly":  # what is being written in the others must not be lost
            with tab:
                part()


def _find() -> None:
    with st.spinner(say("ui_library.opening")):
        count = len(entries.everything())
    st.caption(say("ui_library.size", count=f"{count:,}", domains=len(entries.domains())))
    left, middle, right = st.columns([3, 2, 1], gap="small")
    hint = say("ui_library.search_hint")
    words = left.text_input(say("ui_library.search"), key="library-words", placeholder=hint, max_chars=300, persist_state="session") or ""
    domain = middle.selectbox(
        say("ui_library.domain"),
        entries.domains(),
        index=None,
        format_func=entries.domain_words,
        placeholder=say("ui_library.all_domains"),
        key="library-domain",
        persist_state="session",
    )
    unit = (
        right.text_input(say("ui_library.with_unit"), key="library-unit", placeholder="W/m^2", max_chars=40, persist_state="session") or ""
    )
    try:
        found = entries.search(words.strip(), domain, unit.strip())
    except UnitError as error:
        st.error(plain(error.text(language())))
        return
    _results(found)


def _results(found: list[Retrieved]) -> None:
    if not found:
        st.info(say("ui_library.nothing"))
        return
    with st.container(key="found"):
        left, right = st.columns([5, 6], gap="medium")
    tongue = language()
    with left:
        names = [cell(one.entry.name.of(tongue)) for one in found]
        frame = pd.DataFrame(
            {say("ui_library.name"): names, say("ui_library.domain"): [entries.domain_words(entries.field(f.entry)) for f in found]}
        )
        widths = {frame.columns[1]: st.column_config.TextColumn(width=130)}
        event = st.dataframe(
            frame, hide_index=True, height=560, on_select="rerun", selection_mode="single-row", key="library-rows", column_config=widths
        )
        rows = event.selection.rows
        st.caption(say("ui_library.pick_first" if len(found) == entries.BROWSED else "ui_library.pick", count=len(found)))
    with right:
        one = found[rows[0]] if rows and rows[0] < len(found) else found[0]
        entries.show(one)
        _try(one)


def _try(one: Retrieved) -> None:
    problem = _problem_at_hand()
    if problem is None:
        st.caption(say("ui_library.try_needs"))
    elif st.button(say("ui_library.try", table=plain(problem.table.name)), key="try-entry", icon=":material/science:"):
        entries.show_tried(one.entry, problem)


def _problem_at_hand() -> Problem | None:
    """What is asked on the data page; of a session that has only followed the address of a run, what that run was asked."""
    asked = work().question
    try:
        if asked is not None:
            return asked.problem()
        seen = launch.look()
        return None if seen is None else launch.problem(seen)
    except RecommenderError:  # the page of the question says what is wrong with it
        return None


if __name__ == "__main__":
    shielded(draw)
