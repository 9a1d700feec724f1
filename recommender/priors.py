"""What the runs on record teach the next one about structure searches and kinds of curves, by domain (see `recommender.prior`).

A formula that a person accepted counts ACCEPTED; where there is none the first formula counts its confidence, unless it was rejected. Each
question about a table teaches once, by the latest run of which something was accepted, else by the latest; and a run is never taught by
its own table: it would hear its own answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from recommender.journal import PRIOR
from recommender.past import decisions, past_runs
from recommender.prior import SEARCHES, Prior, Recall, kinds_of
from recommender.proposers.shares import USUAL
from recommender.recommendation import RankedFormula, Recommendation
from recommender.store import RunRecord, Store

ACCEPTED = 3.0
_Believed = Sequence[tuple[RankedFormula, float]]


def learned(store: Store, tenant: str | None = None, before: datetime | None = None, table: str = "") -> dict[str, Prior]:
    """By domain, from the past runs that began before a time; table: content hash of the one that does not teach."""
    lessons: dict[tuple[str, str], tuple[str, _Believed]] = {}
    for run in past_runs(store, tenant, before):
        record = store.run(run.id)
        domain = _domain(store, run.id) if record.result and record.start.table_hash != table else None
        if domain is not None:
            question, lesson = (record.start.table_hash, record.start.target), (domain, _believed(store, record))
            if question not in lessons or _is_accepted(lesson[1]) > _is_accepted(lessons[question][1]):
                lessons[question] = lesson
    found: dict[str, Prior] = {}
    for domain, believed in lessons.values():
        found[domain] = _taught(found.get(domain, Prior(domain)), believed)
    return found


def recalling(store: Store, record: RunRecord) -> Recall:
    """For a run on record: what those before it teach."""

    def recall(domain: str) -> Prior:
        return learned(store, record.start.tenant, record.started, record.start.table_hash).get(domain, Prior(domain))

    return recall


def _domain(store: Store, run_id: str) -> str | None:
    """The domain of a run, None for those of older versions."""
    told: Sequence[Mapping[str, Any]] = [event.payload for event in store.events(run_id, kind=PRIOR)]
    return next((str(one["outcome"]["domain"]) for one in told if one["name"] == SEARCHES), None)


def _believed(store: Store, record: RunRecord) -> _Believed:
    """Formulas of a run with their weights."""
    formulas = Recommendation.from_dict(record.result or {}).formulas
    decided = {key: str(one["kind"]) for key, one in decisions(store, record.id).items()}
    accepted = [(formula, ACCEPTED) for formula in formulas if decided.get(formula.key) == "accepted"]
    first = [(formula, formula.confidence) for formula in formulas[:1] if decided.get(formula.key) != "rejected"]
    return accepted or [(formula, weight) for formula, weight in first if math.isfinite(weight)]


def _is_accepted(believed: _Believed) -> bool:
    return any(weight == ACCEPTED for _, weight in believed)


def _taught(prior: Prior, believed: _Believed) -> Prior:
    """One more table; searches that found the same formula, and had not been told it, share its weight."""
    wins, kinds = dict(prior.wins), dict(prior.kinds)
    for formula, weight in believed:
        finders = sorted({origin.proposer for origin in formula.origins if not origin.echo} & set(USUAL))
        for name in finders:
            wins[name] = wins.get(name, 0.0) + weight / len(finders)
        for kind in sorted(kinds_of(formula.formula.root)):
            kinds[kind] = kinds.get(kind, 0.0) + weight
    weights = sum(weight for _, weight in believed)
    return replace(prior, tables=prior.tables + bool(believed), formulas=prior.formulas + weights, wins=wins, kinds=kinds)
