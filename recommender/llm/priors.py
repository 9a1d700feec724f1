"""What earlier runs saw of members in roles: where the bandit of the next run begins. Learned from the ledger (see `recommender.past`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from datetime import datetime

from recommender.journal import PRIOR, Journal
from recommender.llm.bandit import Arm, Record
from recommender.llm.ledger import was_useful
from recommender.past import past_runs
from recommender.store import Store

_NAME = "members"


def past(store: Store, tenant: str | None = None, before: datetime | None = None) -> dict[Arm, Record]:
    """Calls, useful ones and their cost by member and role, from those of the past runs that began before a time.

    Useful is a call of which a form that had not been told before reached the ranking.
    """
    found = dict[Arm, Record]()
    for run in past_runs(store, tenant, before):
        _learn(found, store, run.id)
    return found


def begun_with(journal: Journal, store: Store, tenant: str, before: datetime) -> Mapping[Arm, Record]:
    """What a run began with, as it is on its record; if it begins now, what is known by now is put there."""
    told = journal.find(PRIOR, _NAME)
    if told is None:
        told = [[*arm, *astuple(record)] for arm, record in past(store, tenant, before).items()]
        journal.write(PRIOR, _NAME, told)
    return {(member, role): Record(*counts) for member, role, *counts in told}


def _learn(found: dict[Arm, Record], store: Store, run_id: str) -> None:
    calls = [call for call in store.calls(run_id).get(run_id, ()) if call.attempts]
    keys = {candidate.key for candidate in store.run(run_id).candidates} if calls else set()
    for call in calls:
        found.setdefault((call.member, call.role), Record()).add(was_useful(call, keys), call.seconds, call.cost)
