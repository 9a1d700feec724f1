"""What is known that may fit a problem: formulas found by words and by dimension, and plain facts about the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from corpus.entry import Entry
from recommender.probes import Probes, probe
from recommender.problem import Problem
from recommender.settings import Settings

if TYPE_CHECKING:
    from indexes import Query, Retrieved, Retriever


SHAPES = "shapes."


@dataclass(frozen=True)
class Context:
    """Retrieved entries (best first), generic shapes that fit any quantity, and probes of the data; hints: what a person has said since;
    discounts: nats off the cost of kinds of curves that earlier runs in this domain have met (see `recommender.prior`)."""

    retrieved: Sequence[Retrieved] = field(default=())
    generic: Sequence[Entry] = field(default=())
    probes: Probes = field(default_factory=Probes)
    hints: tuple[str, ...] = ()
    discounts: Mapping[str, float] = field(default_factory=dict)


def gather(problem: Problem, retriever: Retriever | None, limit: int = 40, tenant: str = "") -> Context:
    """Ask the index; without one the context holds only the probes. tenant: whose entries may be seen beside everyone's, "" for that of
    the settings."""
    if retriever is None:
        return Context((), (), probe(problem.samples))
    found = retriever.search(question(problem, limit, tenant))
    return Context(tuple(found), tuple(retriever.entries(SHAPES)), probe(problem.samples))


def hinted(problem: Problem, context: Context, hints: Sequence[str], retriever: Retriever | None, tenant: str = "") -> Context:
    """The context with what the index knows for more words; what was found before stays first."""
    more = gather(replace(problem, about=" ".join(hints)), retriever, tenant=tenant)
    there = {found.entry.id for found in context.retrieved}
    new = [found for found in more.retrieved if found.entry.id not in there]
    return replace(context, retrieved=(*context.retrieved, *new), hints=(*context.hints, *hints))


def question(problem: Problem, limit: int, tenant: str = "") -> Query:
    """What the index is asked: the words, the units and the shape of the table; never what was learned from this very table."""
    from indexes import ColumnHint, Query, shape_of

    hints = [
        ColumnHint(c.name, None if c.unit is None else c.unit.dimension, c.description, c.unit.text if c.unit else "")
        for c in (problem.target, *problem.inputs)
    ]
    words = " ".join(filter(None, [problem.about, *(f"{c.name} {c.description}" for c in (problem.target, *problem.inputs))]))
    return Query(
        text=words,
        target=hints[0],
        inputs=tuple(hints[1:]),
        tenant=tenant or Settings.load().tenant,
        exclude_tables=frozenset({problem.table.content_hash}),
        limit=limit,
        shape=shape_of(list(problem.samples.columns.values()), problem.samples.target),
    )
