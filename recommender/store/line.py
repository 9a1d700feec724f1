"""Runs that wait for a worker: who is next, who works on what, and who has died at it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from recommender.store import schema
from recommender.store.records import ALIVE


def claim(connection: Connection, worker: str, now: datetime, patience: timedelta) -> str | None:
    """The id of the oldest run that waits, or whose worker has not been heard of for `patience`; it is the caller's from now on."""
    runs = schema.runs.c
    query = select(runs.id).where(or_(runs.status == "queued", _lost(now - patience))).order_by(runs.started, runs.id).limit(1)
    found = connection.execute(query.with_for_update(skip_locked=True)).scalar()
    if found is not None:
        take(connection, found, worker, now)
    return None if found is None else str(found)


def take(connection: Connection, run_id: str, worker: str, now: datetime) -> None:
    """The run is this worker's from now on."""
    change = update(schema.runs).where(schema.runs.c.id == run_id)
    connection.execute(change.values(status="running", worker=worker, beat=now))


def ahead(connection: Connection, run_id: str) -> int:
    """How many of those that wait come before this one, itself counted; 0 if it does not wait."""
    runs = schema.runs.c
    me = connection.execute(select(runs.status, runs.started).where(runs.id == run_id)).one()
    if me.status != "queued":
        return 0
    before = or_(runs.started < me.started, and_(runs.started == me.started, runs.id <= run_id))
    return int(connection.execute(select(func.count()).where(runs.status == "queued", before)).scalar_one())


def waiting(connection: Connection, since: datetime | None = None) -> int:
    """How many wait; with a time also those whose worker has not been heard of since."""
    queued = schema.runs.c.status == "queued"
    return int(connection.execute(select(func.count()).where(queued if since is None else or_(queued, _lost(since)))).scalar_one())


def _lost(since: datetime) -> ColumnElement[bool]:
    """Runs whose worker has not been heard of since."""
    runs = schema.runs.c
    return and_(runs.status.in_(ALIVE[1:]), runs.worker.is_not(None), or_(runs.beat.is_(None), runs.beat < since))
