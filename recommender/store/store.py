"""The verbs of the record: start a run, append events, finish it, read it back."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, Select, and_, func, insert, select, update

from corpus.errors import StoreError
from recommender.store import schema
from recommender.store.calls import call_values, calls_by_run
from recommender.store.connect import address, connect, shown, writer
from recommender.store.records import CallRow, CandidateRow, EndStatus, Event, JsonObject, RunRecord, RunStart, RunSummary
from recommender.store.trouble import told


class Store:
    """The record of runs in one database.

    Safe for several threads and several processes at once, each process with a Store of its own (open it after a fork).
    Every method is one transaction: what it returned from is on the disk. Every failure is a StoreError.
    A server that serves several tenants passes `tenant` to the reading methods; without it, they see every tenant's runs.
    """

    def __init__(self, engine: Engine, where: str) -> None:
        self.where = where
        self._engine = engine
        self._writer = writer(engine)

    @classmethod
    def open(cls, url: str | None = None) -> Store:
        """The store at a path or URL (by default the one of the settings), made or brought to today's schema if needed."""
        parsed = address(url)
        return cls(connect(parsed), shown(parsed))

    def close(self) -> None:
        """Give back every connection; may be called twice."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def start_run(self, start: RunStart) -> str:
        """Record that a run begins; gives its id."""
        run_id = str(uuid.uuid4())
        values = {name: getattr(start, name) for name in RunStart.__dataclass_fields__}
        with self._writing() as connection:
            connection.execute(insert(schema.runs).values(**values, id=run_id, started=_now(), status="running"))
        return run_id

    def append_event(self, run_id: str, kind: str, payload: JsonObject, author: str = "program") -> int:
        """Record one event, also after the run has finished (a person's remark, say); gives its number within the run."""
        with self._writing() as connection:
            # The row lock makes writers of one run queue up on a server, so that no number is given twice.
            if connection.execute(select(schema.runs.c.id).where(schema.runs.c.id == run_id).with_for_update()).first() is None:
                raise StoreError("store_run_unknown", run=run_id)
            last = connection.execute(
                select(func.coalesce(func.max(schema.events.c.seq), 0)).where(schema.events.c.run_id == run_id)
            ).scalar_one()
            row = {"run_id": run_id, "seq": last + 1, "time": _now(), "author": author, "kind": kind, "payload": payload}
            connection.execute(insert(schema.events).values(row))
        return int(last) + 1

    def finish_run(self, run_id: str, status: EndStatus, result: JsonObject, candidates: Sequence[CandidateRow] = ()) -> None:
        """Record how a run ended, with its candidates, all or nothing. StoreError if it is unknown or has finished before."""
        change = update(schema.runs).where(schema.runs.c.id == run_id, schema.runs.c.status == "running")
        with self._writing() as connection:
            if connection.execute(change.values(status=status, finished=_now(), result=result)).rowcount == 0:
                known = connection.execute(select(schema.runs.c.id).where(schema.runs.c.id == run_id)).first()
                raise StoreError("store_run_finished" if known else "store_run_unknown", run=run_id)
            if candidates:
                connection.execute(insert(schema.candidates), [_candidate_values(run_id, row) for row in candidates])

    def runs(self, limit: int = 20, tenant: str | None = None) -> list[RunSummary]:
        """The latest runs, newest first."""
        best = and_(schema.candidates.c.run_id == schema.runs.c.id, schema.candidates.c.rank == 1)
        columns = (schema.runs.c[name] for name in RunSummary.__dataclass_fields__ if name != "best")
        query = select(*columns, schema.candidates.c.formula.label("best")).outerjoin(schema.candidates, best)
        with self._reading() as connection:
            found = connection.execute(_of_tenant(query, tenant).order_by(schema.runs.c.started.desc(), schema.runs.c.id).limit(limit))
            return [RunSummary(**row) for row in found.mappings()]

    def run(self, run_id: str, tenant: str | None = None) -> RunRecord:
        """One run, by its id or a beginning of it that no other run shares. StoreError if there is none, or more than one."""
        with self._reading() as connection:
            row = _find(connection, run_id, tenant)
            ranked = select(schema.candidates).where(schema.candidates.c.run_id == row.id).order_by(schema.candidates.c.rank)
            return _record(row, [_candidate(found) for found in connection.execute(ranked)])

    def events(self, run_id: str, tenant: str | None = None, after: int = 0) -> list[Event]:
        """The events of a run in their order, from number `after` + 1 on; the id may be shortened as for `run`."""
        with self._reading() as connection:
            row = _find(connection, run_id, tenant)
            query = select(schema.events).where(schema.events.c.run_id == row.id, schema.events.c.seq > after).order_by(schema.events.c.seq)
            return [Event(e.seq, e.time, e.author, e.kind, e.payload) for e in connection.execute(query)]

    def add_call(self, run_id: str, call: CallRow) -> None:
        """Record one call of a language model, also of a run that has finished."""
        with self._writing() as connection:
            connection.execute(insert(schema.calls).values(call_values(connection, run_id, call)))

    def calls(self, run_id: str | None = None, tenant: str | None = None) -> dict[str, list[CallRow]]:
        """Calls by the id of their run, each run's in the order of asking; of one run (its id may be shortened as for `run`), or of all."""
        with self._reading() as connection:
            one = None if run_id is None else str(_find(connection, run_id, tenant).id)
            return calls_by_run(connection, one, tenant)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told(self.where), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with told(self.where), self._writer.begin() as connection:
            yield connection


def _now() -> datetime:
    return datetime.now(UTC)


def _of_tenant(query: Select[Any], tenant: str | None) -> Select[Any]:
    return query if tenant is None else query.where(schema.runs.c.tenant == tenant)


def _find(connection: Connection, run_id: str, tenant: str | None) -> Row[Any]:
    query = select(schema.runs).where(schema.runs.c.id.startswith(run_id.strip().lower(), autoescape=True)).limit(2)
    found = connection.execute(_of_tenant(query, tenant)).all() if run_id.strip() else []
    if len(found) != 1:
        raise StoreError("store_run_ambiguous" if found else "store_run_unknown", run=run_id)
    return found[0]


def _record(row: Row[Any], ranked: list[CandidateRow]) -> RunRecord:
    known = {name: getattr(row, name) for name in RunStart.__dataclass_fields__}
    start = RunStart(**{**known, "inputs": tuple(row.inputs)})
    return RunRecord(row.id, row.status, row.started, row.finished, start, row.result, tuple(ranked))


def _candidate_values(run_id: str, row: CandidateRow) -> dict[str, object]:
    score = row.score if row.score is not None and math.isfinite(row.score) else None
    return {**asdict(row), "run_id": run_id, "score": score}


def _candidate(row: Row[Any]) -> CandidateRow:
    return CandidateRow(row.rank, row.key, row.formula, tuple(row.proposers), row.score, row.evidence)
