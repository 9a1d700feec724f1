"""How a database gets from any earlier schema to today's: numbered steps, each done once, all in one transaction.

A step is SQL that both databases understand and is never edited after a release: it must not follow `schema`, which moves on.
To change the schema, append a step here, change `schema`, and add a database of the old version to the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, inspect, select

from corpus.errors import StoreError
from recommender.store.schema import schema_version

Step = Callable[[Connection], None]
_LOCK = 0x466F726D  # any number no other program on the server is likely to lock


def _first_schema(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE runs (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, started TEXT NOT NULL, finished TEXT, "
        "status TEXT NOT NULL, table_name TEXT NOT NULL, table_hash TEXT NOT NULL, target TEXT NOT NULL, inputs TEXT NOT NULL, "
        "about TEXT NOT NULL, seed BIGINT NOT NULL, settings TEXT NOT NULL, versions TEXT NOT NULL, result TEXT)",
        "CREATE TABLE candidates (run_id TEXT NOT NULL REFERENCES runs (id), rank INTEGER NOT NULL, key TEXT NOT NULL, "
        "formula TEXT NOT NULL, proposers TEXT NOT NULL, score DOUBLE PRECISION, evidence TEXT NOT NULL, PRIMARY KEY (run_id, rank))",
        "CREATE TABLE events (run_id TEXT NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, time TEXT NOT NULL, "
        "author TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (run_id, seq))",
        "CREATE INDEX runs_by_tenant ON runs (tenant, started)",
        "CREATE INDEX runs_by_table ON runs (table_hash)",
        "CREATE INDEX candidates_by_key ON candidates (key)",
    ):
        connection.exec_driver_sql(statement)


def _calls_of_models(connection: Connection) -> None:
    for statement in (
        "CREATE TABLE texts (hash TEXT NOT NULL PRIMARY KEY, text TEXT NOT NULL)",
        "CREATE TABLE calls (run_id TEXT NOT NULL REFERENCES runs (id), round INTEGER NOT NULL, number INTEGER NOT NULL, "
        "turn INTEGER NOT NULL, time TEXT NOT NULL, member TEXT NOT NULL, role TEXT NOT NULL, model TEXT NOT NULL, "
        "purpose TEXT NOT NULL, request_hash TEXT NOT NULL, prompt_hash TEXT NOT NULL REFERENCES texts (hash), "
        "reply_hash TEXT NOT NULL REFERENCES texts (hash), resolved_model TEXT NOT NULL, tokens_in INTEGER, tokens_out INTEGER, "
        "cost DOUBLE PRECISION, seconds DOUBLE PRECISION NOT NULL, attempts INTEGER NOT NULL, failure TEXT, json_valid INTEGER NOT NULL, "
        "repairs TEXT NOT NULL, offered TEXT NOT NULL, rejected TEXT NOT NULL, PRIMARY KEY (run_id, round, number, turn))",
    ):
        connection.exec_driver_sql(statement)


def _work_in_line(connection: Connection) -> None:
    for statement in (
        "ALTER TABLE runs ADD COLUMN worker TEXT",
        "ALTER TABLE runs ADD COLUMN beat TEXT",
        "ALTER TABLE runs ADD COLUMN interim TEXT",
        "CREATE INDEX runs_by_status ON runs (status, started)",
    ):
        connection.exec_driver_sql(statement)


STEPS: tuple[Step, ...] = (_first_schema, _calls_of_models, _work_in_line)


def is_current(connection: Connection, where: str) -> bool:
    """Whether nothing is left to do. StoreError if the database is newer than this program, or another program's."""
    return version_of(connection, where) == len(STEPS)


def migrate(connection: Connection, where: str) -> None:
    """Bring the database to today's schema, within the caller's write transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    # Asked again under the lock: another process may have done the work meanwhile.
    done = version_of(connection, where)
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL)")
    for version, step in enumerate(STEPS[done:], done + 1):
        step(connection)
        connection.execute(insert(schema_version).values(version=version, applied=datetime.now(UTC)))


def version_of(connection: Connection, where: str) -> int:
    """The number of the last step done; 0 for an empty database."""
    seen = inspect(connection)
    tables = seen.get_table_names()
    if "schema_version" not in tables:
        if tables:
            raise StoreError("store_foreign", where=where)
        return 0
    if {column["name"] for column in seen.get_columns("schema_version")} != {"version", "applied"}:
        raise StoreError("store_foreign", where=where)
    version = int(connection.execute(select(func.coalesce(func.max(schema_version.c.version), 0))).scalar_one())
    if version > len(STEPS):
        raise StoreError("store_too_new", where=where, version=version, known=len(STEPS))
    return version
