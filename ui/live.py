"""A run while it works: state, progress of every stage, the ranking so far; and how it ended."""

from __future__ import annotations

import math

import streamlit as st

from corpus.language import strings
from recommender.jobs import Look
from recommender.recommendation import RankedFormula
from recommender.report import view
from ui import cards, launch, steering
from ui.words import language, plain, say

POLL_SECONDS = 1.0
_ICONS = {"queued": "hourglass_top", "running": "progress_activity", "paused": "pause_circle"}


@st.fragment(run_every=POLL_SECONDS)
def watch() -> None:
    """Drawn again and again; the whole page when the run has ended."""
    seen = launch.look()
    if seen is None or seen.is_finished:
        st.rerun()
        return
    launch.wake()
    with st.container(border=True, key="live"):
        _head(seen)
        _stages(seen)
        steering.controls(seen)
    if seen.interim is not None and seen.interim.formulas:
        st.subheader(say("ui_run.so_far"), anchor=False)
        for formula in seen.interim.formulas:
            _card(formula)
    elif seen.best:
        st.caption(say("ui_run.best"))
        st.code(seen.best, language=None, wrap_lines=True)
    steering.log(seen)


def _head(seen: Look) -> None:
    words = say(f"ui_run.state_{seen.state}", place=seen.place)
    st.progress(
        min(1.0, seen.share), f":material/{_ICONS[seen.state]}: {words} · {say('ui_run.elapsed', seconds=int(seen.seconds))}{_left(seen)}"
    )


def _left(seen: Look) -> str:
    """The time left, once enough is behind to tell."""
    if seen.state != "running" or not 0.15 < seen.share < 1:
        return ""
    return " · " + say("ui_run.left", seconds=math.ceil(seen.seconds * (1 - seen.share) / seen.share))


def _stages(seen: Look) -> None:
    """Every stage that has been heard of, with how far it is; one of a single step is over when the next has begun."""
    with st.container(horizontal=True, key="stages"):
        for stage, (steps, total) in seen.stages.items():
            label = plain(strings(language()).get(f"stage.{stage}", stage).rstrip(".…"))
            done = steps >= total or (total == 1 and stage != seen.stage)
            count = f" {steps}/{total}" if total > 1 else ""
            icon = ":material/check:" if done else ":material/more_horiz:"
            st.badge(f"{label}{count}", color="green" if done else "blue", icon=icon)


def _card(formula: RankedFormula) -> None:
    """One line of the ranking so far."""
    with st.container(border=True, key=f"live-{formula.rank}"):
        left, right = st.columns([4, 2], vertical_alignment="center")
        left.markdown(f"**{formula.rank} · {cards.name(formula)}**")
        with left:
            cards.equation(formula)
        held_out, _, _, count = view.summary_row(formula)
        right.caption(
            f"{say('report.confidence')}: {plain(view.confidence(formula, language()))}  \n"
            f"{say('report.held_out')}: {plain(held_out)}  \n{say('report.parameters')}: {count}"
        )
        with right:
            steering.of_formula(formula)


def outcome(seen: Look) -> None:
    """How it ended, and where to go on."""
    if seen.error is not None:
        st.error(plain(seen.error.text(language())))
        return
    if seen.result is None:
        st.info(say("ui_run.cancelled"))
        return
    if not seen.result.formulas:
        st.warning(say("ui_cards.none"))
        return
    ended = say("ui_run.stopped" if seen.state == "stopped" else "ui_run.done", count=len(seen.result.formulas), seconds=int(seen.seconds))
    st.success(ended, icon=":material/check_circle:")
    if st.button(say("ui_run.to_candidates"), type="primary", key="to-candidates", icon=":material/function:"):
        launch.go("candidates")
    if seen.convergence is not None and seen.convergence.steps:
        st.caption(plain(seen.convergence.told.text(language())))
    cards.summary(seen.result)
    steering.log(seen)
