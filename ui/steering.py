"""Steering a run while it works: pause and stop, and what a person knows that the program does not."""

from __future__ import annotations

import hashlib

import streamlit as st

from corpus.errors import RecommenderError
from recommender.jobs import Look
from recommender.problem import Problem
from recommender.recommendation import RankedFormula
from ui.access import person, tenant
from ui.launch import jobs
from ui.words import language, named, plain, say
from ui.work import work

VERBS = ("hint", "pin", "improve", "add", "require", "ban", "forbid", "allow", "range", "split", "bound")
_WRITTEN = ("pin", "improve", "add", "require", "ban", "bound")  # these take formulas


def controls(seen: Look) -> None:
    """Pause or go on, and stop."""
    with st.container(horizontal=True):
        if seen.state == "paused":
            st.button(say("ui_run.resume"), on_click=_asked, args=("resume",), key="resume", icon=":material/play_arrow:")
        elif seen.state == "running":
            st.button(
                say("ui_run.pause"), on_click=_asked, args=("pause",), key="pause", icon=":material/pause:", help=say("ui_run.pause_help")
            )
        st.button(say("ui_run.stop"), on_click=_asked, args=("stop",), key="stop", icon=":material/stop:", help=say("ui_run.stop_help"))


def of_formula(formula: RankedFormula) -> None:
    """What can be asked of one formula of the ranking so far. A button belongs to its formula, wherever in the ranking that moves."""
    body = formula.body
    mark = hashlib.sha256(formula.key.encode()).hexdigest()[:12]
    with st.container(horizontal=True, gap="small"):
        for verb, icon in (("pin", "push_pin"), ("improve", "auto_fix_high"), ("ban", "block")):
            st.button(
                say(f"ui_run.short_{verb}"),
                on_click=_asked,
                args=(verb, body),
                key=f"{verb}-{mark}",
                icon=f":material/{icon}:",
                help=say(f"ui_run.{verb}_help"),
                type="tertiary",
            )


def draw(problem: Problem) -> None:
    """A line to tell the search something."""
    st.subheader(say("ui_run.steer"), anchor=False)
    names = list(problem.names.values())
    with st.container(border=True, key="steering"):
        left, right = st.columns([2, 5], gap="small")
        verb = str(left.selectbox(say("ui_run.verb"), VERBS, format_func=named("ui_run.verb_", VERBS), key="steer-verb"))
        with right.form("steer", clear_on_submit=True, border=False):
            example = say(f"ui_run.hint_{verb}", x=names[0], column=problem.inputs[0].name)
            told = st.text_input(say("ui_run.what"), placeholder=example, max_chars=400, key="steer-text")
            pressed = st.form_submit_button(say("ui_run.send"), icon=":material/send:")
        st.caption(say(f"ui_run.about_{verb}") + (f" {say('ui_run.what_help', names=plain(', '.join(names)))}" if verb in _WRITTEN else ""))
    if pressed and (told or "").strip():
        _told(verb, (told or "").strip())


def _told(verb: str, text: str) -> None:
    try:
        _send(verb, text)
    except RecommenderError as error:
        st.error(plain(error.text(language())))
    else:
        st.toast(say("ui_run.sent"))


def _asked(verb: str, text: str = "") -> None:
    """As a button does it: what cannot be done any more, of a run that has just ended, is said beside the page."""
    try:
        _send(verb, text)
    except RecommenderError as error:
        st.toast(plain(error.text(language())))


def _send(verb: str, text: str = "") -> None:
    jobs().steer(work().run, verb, text, author=person() or "person", tenant=tenant())


def log(seen: Look) -> None:
    """What was asked so far, and what it did."""
    if not seen.commands:
        return
    with st.expander(say("ui_run.log", count=len(seen.commands))):
        for one in seen.commands:
            effect = say("ui_run.obeyed", point=plain(one.point)) if one.point else say("ui_run.no_effect_yet")
            st.markdown(f"- **{say(f'ui_run.verb_{one.command.verb}')}** {plain(one.command.text)} — {effect}")
