"""Data: a table from a file, the clipboard or the gallery; its columns, what is asked of it, and a first look."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import cycle

import streamlit as st

from corpus.errors import RecommenderError
from recommender.table import Table
from ui import asking, columns, computed, cures
from ui.charts import scatter_matrix
from ui.data import SUFFIXES, example_table, example_words, examples, preview_frame, read_pasted, read_upload
from ui.launch import choose_effort, expect, start
from ui.shield import shielded
from ui.words import language, named, plain, say
from ui.work import work

_WAYS = ("file", "paste", "example")
_FEW = 2  # columns whose plot leaves room beside it
_log = logging.getLogger(__name__)


def draw() -> None:
    """The page."""
    st.title(say("ui_page.data"), anchor=False)
    table = work().table
    if table is None:
        st.caption(say("ui.tagline"))
        _bring()
        return
    with st.expander(say("ui_data.another"), icon=":material/upload_file:"):
        _bring()
    table = work().table or table
    expect()
    columns.prepare(table)
    _ask(table)


def _ask(table: Table) -> None:
    st.subheader(say("ui_data.step_question"), anchor=False)
    asking.draw(table)
    st.subheader(say("ui_data.step_columns"), anchor=False)
    edited = columns.draw(table)
    cures.draw(table, edited)
    with st.expander(say("ui_data.more"), icon=":material/add_circle:"):
        asking.draw_more(edited)
    work().question = asking.question(edited)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choose_effort()
        pressed = st.button(say("ui.run"), type="primary", key="run", disabled=work().question is None, icon=":material/play_arrow:")
    if pressed:
        start()
    _look(edited)


def _look(edited: columns.Edited) -> None:
    st.subheader(say("ui_data.preview"), anchor=False)
    names = [*edited.names("input")[:4], *filter(None, [edited.one("target")])]
    with st.container(key="preview"):
        plots, rows = st.columns([3, 2], gap="medium") if len(names) <= _FEW else (st.container(), st.container())
    if len(names) > 1:
        alt = say("ui_data.matrix_alt", names=", ".join(names))
        plots.altair_chart(scatter_matrix(edited.table, names), width="content", alt=alt)
        plots.caption(say("ui_data.matrix_help"))
    rows.dataframe(preview_frame(edited.table), hide_index=True, height=420, placeholder="–")


# --- where a table comes from -----------------------------------------------------------------------------------------


def _bring() -> None:
    """The ways in; what cannot be read is one sentence with its cure."""
    known = _WAYS if examples() else _WAYS[:2]
    way = st.segmented_control(
        say("ui_data.source"), known, format_func=named("ui_data.source_", known), default="file", required=True, key="source"
    )
    try:
        {"file": _upload, "paste": _paste, "example": _gallery}[str(way)]()
    except RecommenderError as error:
        st.error(plain(error.text(language())))
    except Exception as error:  # a file may break its reader in ways nobody foresaw; the person gets a sentence
        _log.exception("table not read")
        st.error(say("ui.unexpected", kind=type(error).__name__))
    if way == "file" and work().table is None:
        _first_steps()


def _first_steps() -> None:
    st.subheader(say("ui_data.first_title"), anchor=False)
    st.markdown("\n".join(f"{i}. {say(f'ui_data.first_{i}')}" for i in (1, 2, 3)))
    if examples():
        st.subheader(say("ui_data.gallery"), anchor=False)
        _gallery()
        with st.expander(say("ui_data.computed"), icon=":material/calculate:"):
            computed.draw()


def _upload() -> None:
    kinds = [suffix[1:] for suffix in SUFFIXES]
    file = st.file_uploader(say("ui_data.upload"), type=kinds, help=say("ui_data.upload_help"), key="upload")
    if file is not None:
        _keep(f"file-{file.file_id}", lambda: read_upload(file.name, file.getvalue()))


def _paste() -> None:
    with st.form("paste", border=False):
        cells = st.text_area(say("ui_data.paste"), height=200, key="pasted", placeholder="x [mm]\ty [V]\n1.0\t0.52\n2.0\t1.07")
        pressed = st.form_submit_button(say("ui_data.paste_read"), type="primary")
    if pressed and (cells or "").strip():
        _keep(f"paste-{hash(cells)}", lambda: read_pasted(cells))


def _gallery() -> None:
    for place, name in zip(cycle(st.columns(3, gap="small")), examples(), strict=False):
        words = example_words(name, language())
        place.button(words, on_click=_take_example, args=(name,), width="stretch", wrap=True, key=f"try-{name}")


def _take_example(name: str) -> None:
    _keep(f"example-{name}", lambda: example_table(name), example_words(name, language()), again=False)


def _keep(key: str, read: Callable[[], Table], about: str = "", *, again: bool = True) -> None:
    """Make a table the one at hand; a run of the former one goes on and is found on its page."""
    mine = work()
    if mine.key == key:
        return
    table = read()
    mine.table, mine.key, mine.about, mine.question, mine.run = table, key, about or table.title, None, ""
    if again:
        st.rerun()


if __name__ == "__main__":
    shielded(draw)
