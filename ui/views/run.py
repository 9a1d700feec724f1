"""Run: order one, watch the formulas come, steer; it goes on when this page is closed and is found again by its address."""

from __future__ import annotations

import streamlit as st

from recommender.problem import Problem
from ui import launch, live, steering
from ui.again import take_up
from ui.shield import shielded
from ui.words import plain, say
from ui.work import Question, work


def draw() -> None:
    """The page."""
    st.title(say("ui_page.run"), anchor=False)
    seen = launch.look()
    if seen is None:
        _order()
        return
    problem = launch.problem(seen)
    _asked(problem)
    if not seen.is_finished:
        live.watch()
        steering.draw(problem)
    else:
        live.outcome(seen)
        _again(problem, seen.run_id)


def _asked(problem: Problem) -> None:
    """The question in one line."""
    inputs = plain(", ".join(column.name for column in problem.inputs))
    words = say("ui_run.asked", target=plain(problem.target.name), inputs=inputs, table=plain(problem.table.name), rows=len(problem.rows))
    st.caption(words)


def _order() -> None:
    asked = work().question
    if asked is None:
        launch.nothing_yet()
        return
    _told(asked)
    launch.choose_effort()
    if st.button(say("ui.run"), type="primary", key="run", icon=":material/play_arrow:"):
        launch.start()


def _told(asked: Question) -> None:
    rows = {"target": asked.target, "inputs": ", ".join(asked.inputs), "group": asked.group, "sigma": asked.sigma, "about": asked.about}
    rows["known"] = ", ".join(f"{name} = {value}" for name, value in asked.known.items())
    rows |= {"require": ", ".join(asked.require), "typed": ", ".join(asked.typed)}
    with st.container(border=True, key="asked"):
        st.markdown("\n".join(f"- {say(f'ui_run.{name}')}: **{plain(words)}**" for name, words in rows.items() if words))


def _again(problem: Problem, run_id: str) -> None:
    """The same question once more, or changed on the data page first."""
    if st.button(say("ui_run.again"), key="again", icon=":material/replay:", help=say("ui_run.again_help")):
        take_up(problem, run_id)
        launch.go("data")


if __name__ == "__main__":
    shielded(draw)
