"""The run of a session: ordered, found again by its address, its problem and its result."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from corpus.errors import RecommenderError
from recommender.jobs import Jobs, Look, RunOptions, ensure_worker
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.settings import Settings, home
from recommender.store import Store
from recommender.table import Table
from ui.access import tenant
from ui.words import named, say
from ui.work import work

EFFORTS = {"quick": RunOptions(seconds=8.0), "usual": RunOptions(steps=40), "long": RunOptions(seconds=60.0, steps=400)}
_PATIENCE = 20.0  # seconds between two calls for a worker
_ASKED = 64  # problems kept in memory, for all sessions together


@st.cache_resource(show_spinner=False)
def _jobs(url: str | None) -> Jobs:
    return Jobs(url)


@st.cache_resource(show_spinner=False)
def _store(url: str | None) -> Store:
    return Store.open(url)


def jobs() -> Jobs:
    """The order book of this installation, opened once."""
    return _jobs(Settings.load().store_url)


def store() -> Store:
    """The record of runs, opened once."""
    return _store(Settings.load().store_url)


def choose_effort() -> None:
    """How long to search."""
    names = list(EFFORTS)
    st.segmented_control(
        say("ui_run.effort"),
        names,
        format_func=named("ui_run.effort_", names),
        default="usual",
        required=True,
        key="effort",
        help=say("ui_run.effort_help"),
        persist_state="session",
    )


def start() -> None:
    """Order a run of the question at hand and go to where it can be watched. ProblemError if it does not fit its table."""
    asked = work().question
    if asked is None:
        return
    _order(asked.problem())


def start_with(asked: Problem, formulas: tuple[str, ...]) -> None:
    """Order the same question once more, with formulas that must be fitted beside the others."""
    typed = tuple(dict.fromkeys((*asked.typed, *formulas)))
    _order(replace(asked, typed=typed))


def _order(asked: Problem) -> None:
    options = EFFORTS[str(st.session_state.get("effort", "usual"))]
    work().run = jobs().submit(asked, options, tenant=tenant())
    wake()
    go("run")


def wake() -> None:
    """See to it that somebody works on what waits in line."""
    _woken(Settings.load().store_url, str(home()), ahead=False)


def expect() -> None:
    """Somebody has brought a table and may ask soon: a worker loads meanwhile."""
    _woken(Settings.load().store_url, str(home()), ahead=True)


@st.cache_data(ttl=_PATIENCE, show_spinner=False)
def _woken(url: str | None, place: str, *, ahead: bool) -> None:
    """A worker takes seconds to come up, so it is not called again at once, by whichever session."""
    del place
    ensure_worker(url, ahead=ahead)


def go(page: str) -> None:
    """To another page, with the run in its address."""
    st.switch_page(f"views/{page}.py", query_params={"run": work().run} if work().run else None)


def current() -> str:
    """Id of the run of this page: the address says it, else the session does; "" if there is none."""
    told = st.query_params.get("run", "")
    if told:
        work().run = told
    elif work().run:
        st.query_params["run"] = work().run
    return work().run


def look() -> Look | None:
    """How far the run of this page is; None if there is none. StoreError if it is unknown, or somebody else's."""
    run = current()
    return jobs().look(run, tenant=tenant()) if run else None


def problem(seen: Look) -> Problem:
    """What a run was asked, as steered by now. StoreError as `look`, or if its table was not kept."""
    scope = tuple(one.event for one in seen.commands if one.point and one.command.verb in ("range", "split"))
    return _problem(seen.run_id, scope, tenant(), Settings.load().store_url)


@st.cache_resource(show_spinner=False, max_entries=_ASKED)
def _problem(run_id: str, scope: tuple[int, ...], owner: str, url: str | None) -> Problem:
    del url, scope  # they tell kept ones apart
    return jobs().problem(run_id, tenant=owner)


def table_at_hand() -> Table | None:
    """That of the session; of one that has only followed the address of a run, the table of that run."""
    held, run = work().table, st.query_params.get("run", "") or work().run
    if held is not None or not run:
        return held
    try:
        return _problem(run, (), tenant(), Settings.load().store_url).table
    except RecommenderError:  # the page says what is wrong with the run
        return None


def ranking(seen: Look | None) -> Recommendation | None:
    """The formulas of a run, those so far if it still works; None while there are none."""
    return None if seen is None else seen.result or seen.interim


def nothing_yet() -> None:
    """What to do on a page that needs formulas."""
    st.info(say("ui.no_run"))
    with st.container(horizontal=True):
        st.page_link("views/data.py", label=say("ui.to_data"), icon=":material/table_chart:")
        st.page_link("views/runs.py", label=say("ui.to_runs"), icon=":material/history:")
