"""The verbs of the record: start a run, append events, finish it, read it back."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, Select, and_, func, insert, select, update

from corpus.errors import StoreError
from recommender.store import line, schema
from recommender.store.calls import add_call, calls_by_run, kept_text
from recommender.store.connect import address, connect, shown, writer
from recommender.store.records import (
    ALIVE,
    BeginStatus,
    CallRow,
    CandidateRow,
    EndStatus,
    Event,
    JsonObject,
    RunRecord,
    RunStart,
    RunSummary,
    Status,
)
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

    def start_run(self, start: RunStart, status: BeginStatus = "running") -> str:
        """Record that a run begins, or waits for a worker; gives its id."""
        run_id = str(uuid.uuid4())
        values = {name: getattr(start, name) for name in RunStart.__dataclass_fields__}
        with self._writing() as connection:
            connection.execute(insert(schema.runs).values(**values, id=run_id, started=_now(), status=status))
        return run_id

    def keep_text(self, content: str) -> str:
        """Keep a text, once however often it is given; gives its SHA-256."""
        with self._writing() as connection:
            return kept_text(connection, content)

    def text(self, digest: str) -> str:
        """A text that was kept. StoreError if there is none."""
        with self._reading() as connection:
            found = connection.execute(select(schema.texts.c.text).where(schema.texts.c.hash == digest)).scalar()
        if found is None:
            raise StoreError("store_text_unknown", hash=digest[:12])
        return str(found)

    def claim(self, worker: str, patience: float) -> str | None:
        """The id of the next run that waits, or whose worker has said nothing for `patience` seconds; it is this worker's from now on."""
        with self._writing() as connection:
            return line.claim(connection, worker, _now(), timedelta(seconds=patience))

    def take(self, run_id: str, worker: str) -> None:
        """This worker goes on with a run, whoever had it."""
        with self._writing() as connection:
            line.take(connection, _find(connection, run_id, None).id, worker, _now())

    def ahead(self, run_id: str) -> int:
        """The place of a run in the line, 1 if it is next, 0 if it does not wait."""
        with self._reading() as connection:
            return line.ahead(connection, run_id)

    def waiting(self, patience: float | None = None) -> int:
        """How many runs wait for a worker; with patience also those whose worker has said nothing for so many seconds."""
        with self._reading() as connection:
            return line.waiting(connection, None if patience is None else _now() - timedelta(seconds=patience))

    def beat(self, run_id: str, interim: JsonObject | None = None, status: Status | None = None) -> None:
        """A run that has not ended says that it lives, and what it knows or does by now."""
        news = {"beat": _now()} | ({} if interim is None else {"interim": interim}) | ({} if status is None else {"status": status})
        change = update(schema.runs).where(schema.runs.c.id == run_id, schema.runs.c.status.in_(ALIVE))
        with self._writing() as connection:
            connection.execute(change.values(**news))

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
        change = update(schema.runs).where(schema.runs.c.id == run_id, schema.runs.c.status.in_(ALIVE))
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

    def events(self, run_id: str, tenant: str | None = None, after: int = 0, kind: str | None = None) -> list[Event]:
        """The events of a run in their order, from number `after` + 1 on, all or of one kind; the id may be shortened as for `run`."""
        with self._reading() as connection:
            row = _find(connection, run_id, tenant)
            query = select(schema.events).where(schema.events.c.run_id == row.id, schema.events.c.seq > after).order_by(schema.events.c.seq)
            query = query if kind is None else query.where(schema.events.c.kind == kind)
            return [Event(e.seq, e.time, e.author, e.kind, e.payload) for e in connection.execute(query)]

    def add_call(self, run_id: str, call: CallRow) -> None:
        """Record one call of a language model, also of a run that has finished; a run that was taken up again may make a call once more."""
        with self._writing() as connection:
            add_call(connection, run_id, call)

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
    return RunRecord(row.id, row.status, row.started, row.finished, start, row.result, tuple(ranked), row.interim, row.beat)


def _candidate_values(run_id: str, row: CandidateRow) -> dict[str, object]:
    score = row.score if row.score is not None and math.isfinite(row.score) else None
    return {**asdict(row), "run_id": run_id, "score": score}


def _candidate(row: Row[Any]) -> CandidateRow:
    return CandidateRow(row.rank, row.key, row.formula, tuple(row.proposers), row.score, row.evidence)
