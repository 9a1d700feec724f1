"""Candidates: distinct families of formulas, best first; one in full, or two or three side by side."""

from __future__ import annotations

from typing import Any

import streamlit as st

from recommender.jobs import Look
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from ui import candidate, cards, downloads, launch, plots
from ui.shield import shielded
from ui.words import language, plain, say
from ui.work import work

_MOST = 3


def draw() -> None:
    """The page."""
    seen = launch.look()
    result = launch.ranking(seen)
    if seen is None or result is None:
        st.title(say("ui_page.candidates"), anchor=False)
        launch.nothing_yet()
        return
    problem = launch.problem(seen)
    st.title(say("ui_cards.title", target=plain(result.target.name)), anchor=False)
    _state(seen)
    if not result.formulas:
        st.warning(say("ui_cards.none"))
        return
    st.caption(say("ui_cards.found", count=len(result.formulas), candidates=result.counts["candidates"]))
    cards.cautions(result)
    _overview(problem, result)
    _chosen(problem, result)


def _state(seen: Look) -> None:
    if not seen.is_finished:
        st.info(say("ui_cards.still_running"))
        st.page_link("views/run.py", label=say("ui_cards.to_run"), icon=":material/play_circle:", query_params={"run": seen.run_id})


def _overview(problem: Problem, result: Recommendation) -> None:
    cards.summary(result)
    left, right = st.columns([3, 2], gap="large")
    drawing = plots.trade_off(plots.key_of(work().run, *result.formulas), language(), result)
    if drawing is not None:
        left.markdown(f"**{say('report.trade_off')}**", help=say("report.trade_off_help"))
        left.vega_lite_chart(drawing, on_select=_clicked, key="trade-off", alt=say("ui_cards.trade_alt"))
        left.caption(say("ui_cards.click"))
    with right:
        downloads.draw(problem, result)


def _clicked() -> None:
    """A dot was clicked: show that candidate."""
    event: Any = st.session_state.get("trade-off")
    picked = [row["place"] for row in (event or {}).get("selection", {}).get("picked", ()) if "place" in row]
    if picked:
        st.session_state["shown"] = picked[-_MOST:]


def _chosen(problem: Problem, result: Recommendation) -> None:
    ranks = [formula.rank for formula in result.formulas]
    kept = [rank for rank in st.session_state.get("shown") or () if rank in ranks][:_MOST]
    st.session_state["shown"] = kept or ranks[:1]
    label, words = say("ui_cards.show"), say("ui_cards.show_help")
    st.pills(label, ranks, selection_mode="multi", format_func=lambda rank: f"#{rank}", key="shown", help=words)
    chosen = st.session_state["shown"]
    shown = [formula for formula in result.formulas if formula.rank in chosen][:_MOST]
    if len(shown) == 1:
        candidate.draw(problem, result, shown[0])
        return
    candidate.side_by_side(problem, shown)


if __name__ == "__main__":
    shielded(draw)
