"""One page: a table and a question on the left, ranked formulas on the right."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from corpus.errors import RecommenderError
from corpus.language import text
from recommender.problem import Problem
from recommender.table import Table
from ui.cards import show_result
from ui.charts import preview_chart
from ui.data import SUFFIXES, column_frame, example_words, examples, preview_frame, read_upload, with_edits
from ui.jobs import Job
from ui.words import language, plain, say

POLL_SECONDS = 0.5
_NAMES = {"ja": "日本語", "en": "English"}
_STYLE = """<style>
.stMainBlockContainer {{ max-width: 1240px; padding: 2.5rem 2.5rem 5rem; }}
[data-testid=stFileUploaderDropzone] button p, [data-testid=stFileUploaderDropzoneInstructions] span {{ font-size: 0; }}
[data-testid=stFileUploaderDropzone] button p::after {{ font-size: 0.875rem; content: "{button}"; }}
[data-testid=stFileUploaderDropzoneInstructions] span::after {{ font-size: 0.8rem; content: "{limit}"; }}
</style>"""  # Streamlit speaks English only: its two texts are replaced by ours
_ICON = str(Path(__file__).with_name("icon.png"))  # a file of ours: named icons are fetched from the network
_log = logging.getLogger(__name__)


def main() -> None:
    """The page, from top to bottom."""
    st.set_page_config(page_title=say("title"), page_icon=_ICON, layout="wide", initial_sidebar_state=340)
    st.html(_STYLE.format(button=say("upload_button"), limit=say("upload_limit")))
    _header()
    with st.sidebar:
        table = _choose_table()
    if table is None:
        _empty()
        return
    try:
        _work_on(table)
    except RecommenderError as error:
        st.error(plain(error.text(language())))


def _header() -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(say("title"), anchor=False, width="content")
        _switch("language", _NAMES, language())
    st.caption(say("tagline"))


def _switch(key: str, names: dict[str, str], default: str) -> str:
    """One of a few choices, always in sight; a button elsewhere may have set it before it is drawn."""
    st.session_state.setdefault(key, default)
    st.segmented_control(say(key), list(names), format_func=names.__getitem__, key=key, required=True, label_visibility="collapsed")
    return str(st.session_state[key])


def _empty() -> None:
    st.subheader(say("empty_title"), anchor=False)
    st.markdown("\n".join(f"{i}. {say(f'empty_{i}')}" for i in (1, 2, 3)))
    st.caption(say("privacy"))
    known = examples()
    if known and st.session_state.get("source") != "example":
        st.subheader(say("gallery"), anchor=False)
        for place, name in zip(cycle(st.columns(3)), known, strict=False):
            words = example_words(name, language())
            place.button(words, on_click=_take_example, args=(name,), width="stretch", wrap=True, key=f"try-{name}")


def _take_example(name: str) -> None:
    st.session_state.update(source="example", example=name)


# --- the table --------------------------------------------------------------------------------------------------------


def _choose_table() -> Table | None:
    """A table from a file or an example; None while there is none, an error said where it is not one."""
    st.subheader(say("step_data"), anchor=False)
    known = examples()
    source = _switch("source", {"file": say("source_file"), "example": say("source_example")}, "file") if known else "file"
    try:
        return _example(known) if source == "example" else _upload()
    except RecommenderError as error:
        st.error(plain(error.text(language())))
    except Exception as error:  # a file may break its reader in ways nobody foresaw; the person gets a sentence
        _log.exception("table not read")
        st.error(say("unexpected", kind=type(error).__name__))
    return None


def _example(known: dict[str, Path]) -> Table | None:
    words = {name: example_words(name, language()) for name in known}
    name = st.selectbox(
        say("example"),
        list(known),
        index=None,
        format_func=words.__getitem__,
        placeholder=say("example_choose"),
        key="example",
    )
    return None if name is None else _kept(f"example:{name}", lambda: Table.read(known[name]), words[name])


def _upload() -> Table | None:
    file = st.file_uploader(say("upload"), type=[suffix[1:] for suffix in SUFFIXES], help=say("upload_help"), key="upload")
    return None if file is None else _kept(f"file:{file.file_id}", lambda: read_upload(file.name, file.getvalue()))


def _kept(key: str, read: Callable[[], Table], about: str = "") -> Table:
    """The table of this session, read once, and what is known about it; with another table the old run is given up."""
    state = st.session_state
    if state.get("table_key") != key:
        state.table, state.table_key, state.table_about = read(), key, about
        if "job" in state:
            state.pop("job").stop()
    table: Table = state.table
    return table


def _columns(table: Table) -> Table:
    """The table as edited."""
    with st.expander(say("columns"), expanded="job" not in st.session_state):
        st.caption(f"{plain(table.name)} · {say('rows', rows=len(table))} · {say('columns_help')}")
        config: dict[str, Any] = {
            "name": st.column_config.TextColumn(say("column_name"), disabled=True),
            "unit": st.column_config.TextColumn(say("column_unit"), width="small"),
            "meaning": st.column_config.TextColumn(say("column_meaning"), width="large"),
            "range": st.column_config.TextColumn(say("column_range"), disabled=True),
            "missing": st.column_config.NumberColumn(say("column_missing"), disabled=True, width="small"),
        }
        edits = st.data_editor(column_frame(table), column_config=config, hide_index=True, key=f"columns-{table.content_hash}")
        for note in table.notes:
            st.caption(plain(note.text(language())))
    return with_edits(table, pd.DataFrame(edits))


def _preview(table: Table, target: str, inputs: list[str]) -> None:
    with st.container(border=True):
        st.subheader(say("preview"), anchor=False)
        left, right = st.columns([3, 2], gap="medium")
        if inputs:
            left.altair_chart(preview_chart(table, target, inputs))
        right.dataframe(preview_frame(table), hide_index=True, height=300)


# --- the question and the run -----------------------------------------------------------------------------------------


def _work_on(table: Table) -> None:
    edited = _columns(table)
    with st.sidebar:
        target, inputs, about, typed, pressed = _question(table)
    job: Job | None = st.session_state.get("job")
    if pressed:
        _start(edited, target, inputs, about, typed)
    elif job is None:
        _preview(edited, target, inputs)
    elif not job.is_finished:
        _live()
    else:
        _outcome(job)


def _question(table: Table) -> tuple[str, list[str], str, str, bool]:
    names, mark = list(table.names), table.content_hash
    st.subheader(say("step_question"), anchor=False)
    target = st.selectbox(say("target"), names, index=len(names) - 1, key=f"target-{mark}")
    others = [name for name in names if name != target]
    inputs = st.multiselect(say("inputs"), others, others, placeholder=say("inputs_choose"), key=f"inputs-{mark}-{target}")
    hint = say("about_placeholder")
    known = st.session_state.table_about
    about = st.text_area(say("about"), known, help=say("about_help"), placeholder=hint, height=90, key=f"about-{mark}", max_chars=2000)
    typed = st.text_input(say("typed"), help=say("typed_help"), key=f"typed-{mark}", max_chars=500)
    pressed = st.button(say("run"), type="primary", width="stretch", key="run", disabled=_is_running())
    st.caption(say("privacy"))
    return target, inputs, about, typed, pressed


def _is_running() -> bool:
    job: Job | None = st.session_state.get("job")
    return job is not None and not job.is_finished


def _start(table: Table, target: str, inputs: list[str], about: str, typed: str) -> None:
    """A run on its way; ProblemError or FormulaError if the question does not fit the table."""
    problem = Problem.of(table, target, inputs, about=about.strip(), typed=(typed.strip(),) if typed.strip() else ())
    for formula in problem.typed:
        problem.parse(formula)
    st.session_state.job = Job.start(problem)
    st.rerun()


@st.fragment(run_every=POLL_SECONDS)
def _live() -> None:
    """How far the run is; the whole page is drawn again when it ends."""
    job: Job = st.session_state.job
    job.look()
    if job.is_finished:
        st.rerun()
    with st.container(border=True):
        st.progress(job.share, _stage(job))
        if job.latest.best:
            st.caption(say("best_so_far"))
            st.code(job.latest.best, language=None, wrap_lines=True)
        if job.stopped:
            st.caption(say("stopping"))
        elif st.button(say("stop"), help=say("stop_help"), key="stop"):
            job.stop()
            st.rerun(scope="fragment")


def _stage(job: Job) -> str:
    if place := job.place_in_line:
        return say("stage_waiting", place=place)
    stage = "indexing" if job.latest.stage == "waiting" else job.latest.stage
    return f"{text(f'stage.{stage}', language())} · {say('elapsed', seconds=int(job.seconds))}"


def _outcome(job: Job) -> None:
    if job.cancelled:
        del st.session_state.job
        st.rerun()
    if job.error is not None:
        st.error(plain(job.error.text(language())))
    elif job.trouble:
        st.error(say("unexpected", kind=plain(job.trouble)))
    else:
        show_result(job)
