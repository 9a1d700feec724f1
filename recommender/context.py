"""What is known that may fit a problem: formulas found by words and by dimension, and plain facts about the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from corpus.entry import Entry
from recommender.probes import Probes, probe
from recommender.problem import Problem

if TYPE_CHECKING:
    from indexes import Retrieved, Retriever


SHAPES = "shapes."


@dataclass(frozen=True)
class Context:
    """Retrieved entries (best first), generic shapes that fit any quantity, and probes of the data."""

    retrieved: Sequence[Retrieved] = field(default=())
    generic: Sequence[Entry] = field(default=())
    probes: Probes = field(default_factory=Probes)


def gather(problem: Problem, retriever: Retriever | None, limit: int = 40) -> Context:
    """Ask the index; without one the context holds only the probes."""
    if retriever is None:
        return Context((), (), probe(problem.samples))
    from indexes import ColumnHint, Query

    hints = [
        ColumnHint(c.name, None if c.unit is None else c.unit.dimension, c.description, c.unit.text if c.unit else "")
        for c in (problem.target, *problem.inputs)
    ]
    words = " ".join(filter(None, [problem.about, *(f"{c.name} {c.description}" for c in (problem.target, *problem.inputs))]))
    query = Query(text=words, target=hints[0], inputs=tuple(hints[1:]), limit=limit)
    return Context(tuple(retriever.search(query)), tuple(retriever.entries(SHAPES)), probe(problem.samples))
