"""What the language models of a run did and cost, from its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from corpus.language import Language, text
from recommender.report.document import Grid, Paragraph, Section
from recommender.store import CallRow

_HEADS = ("member", "model", "calls", "failed", "offered", "tokens_in", "tokens_out", "cost")


def models_section(calls: Sequence[CallRow], language: Language = "en") -> tuple[Section, ...]:
    """One line for each model that was asked; nothing if none was."""
    ordered = sorted(calls, key=lambda call: (call.member, call.model))
    groups = [(who, list(rows)) for who, rows in groupby(ordered, key=lambda call: (call.member, call.resolved_model or call.model))]
    if not groups:
        return ()
    heads = tuple(text(f"report.models_{head}", language) for head in _HEADS)
    grid = Grid(heads, tuple((*who, *_sums(rows)) for who, rows in groups), frozenset(range(2, len(_HEADS))), wide=1)
    total = _money([call.cost for call in calls])
    return (Section(text("report.models", language), (grid, Paragraph(total, lead=text("report.models_total", language)))),)


def _sums(calls: Sequence[CallRow]) -> tuple[str, ...]:
    failed, offered = sum(call.failure is not None for call in calls), sum(len(call.offered) for call in calls)
    tokens = [f"{sum(n or 0 for n in column):,}" for column in ([c.tokens_in for c in calls], [c.tokens_out for c in calls])]
    return f"{len(calls)}", f"{failed}", f"{offered}", *tokens, _money([call.cost for call in calls])


def _money(costs: Sequence[float | None]) -> str:
    """US dollars; a dash where no price is known, ≥ where only some are."""
    known = [cost for cost in costs if cost is not None]
    if not known:
        return "–"
    return f"{'' if len(known) == len(costs) else '≥ '}{sum(known):.4f}"
