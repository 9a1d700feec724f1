"""A recorded run taken up again: its table and its question back on the data page, to be changed."""

from __future__ import annotations

import streamlit as st

from recommender.problem import Problem
from ui import columns
from ui.work import Question, work


def take_up(problem: Problem, run_id: str) -> None:
    """Table, roles, words and conditions of a run, as if they had just been entered."""
    mine = work()
    mine.table, mine.key, mine.about, mine.run = problem.table, f"run-{run_id}", problem.about, ""
    chosen = [column.name for column in problem.inputs]
    known = {quantity.name: quantity.shown for quantity in problem.known if quantity.name not in problem.table.names}
    require = tuple(requirement.text for requirement in problem.require)
    group = None if problem.grouping is None else problem.grouping.name
    mine.question = Question(problem.table, problem.target.name, tuple(chosen), None, group, problem.about, problem.typed, known, require)
    _into_widgets(problem, mine.question)


def _into_widgets(problem: Problem, asked: Question) -> None:
    table, state = problem.table, st.session_state
    for name in table.names:
        state[columns.key(table, name, "role")] = "input" if name in asked.inputs else "out"
    state[columns.key(table, asked.target, "role")] = "target"
    if asked.group is not None:
        state[columns.key(table, asked.group, "role")] = "group"
    lines = {"known": [f"{name} = {value}" for name, value in asked.known.items()], "require": asked.require, "typed": asked.typed}
    for what, told in lines.items():
        state[f"{work().mark}-{what}"] = "\n".join(told)
