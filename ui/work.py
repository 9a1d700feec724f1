"""What a session holds beside its widgets: the table at hand, the question about it, the run that is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from recommender.problem import Problem
from recommender.table import Table


@dataclass(frozen=True)
class Question:
    """Everything asked about a table, not yet checked; the table is the edited one."""

    table: Table
    target: str
    inputs: tuple[str, ...]
    sigma: str | None = None
    group: str | None = None
    about: str = ""
    typed: tuple[str, ...] = ()
    known: Mapping[str, str] = field(default_factory=dict)
    require: tuple[str, ...] = ()

    def problem(self) -> Problem:
        """The question, checked. ProblemError or FormulaError if it does not fit the table."""
        problem = Problem.of(
            self.table,
            self.target,
            self.inputs,
            sigma=self.sigma,
            group=self.group,
            about=self.about,
            typed=self.typed,
            known=self.known,
            require=self.require,
        )
        for formula in self.typed:
            problem.parse(formula)
        return problem


@dataclass
class Work:
    """key: which upload or example the table is; about: what is known about an example; run: id of the run looked at."""

    table: Table | None = None
    key: str = ""
    about: str = ""
    question: Question | None = None
    run: str = ""

    @property
    def mark(self) -> str:
        """Begins the keys of all widgets that belong to the table at hand."""
        return f"{self.key}-{self.table.content_hash}" if self.table is not None else ""


def work() -> Work:
    """Of this session."""
    if "work" not in st.session_state:
        st.session_state.work = Work()
    held: Work = st.session_state.work
    return held
