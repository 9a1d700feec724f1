"""From an address to a database that is ready: the only place that knows how SQLite and PostgreSQL differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from corpus.errors import StoreError
from recommender.settings import Settings, home
from recommender.store.migrations import is_current, migrate
from recommender.store.trouble import told

BUSY_SECONDS = 10
_LIMITS = f"SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"
_FILE = "file"
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_PATIENCE = {"sqlite": {"timeout": str(BUSY_SECONDS)}, "postgresql+psycopg": {"connect_timeout": str(BUSY_SECONDS)}}


def address(url: str | None) -> URL:
    """The URL of a store: as given (a path is a SQLite file), else from the settings, else `runs.sqlite` in the home folder."""
    given = url or Settings.load().store_url or str(home() / "runs.sqlite")
    if "://" not in given:
        parsed = URL.create("sqlite", database=str(Path(given).expanduser()))
    else:
        try:
            parsed = make_url(given)
        except (ArgumentError, ValueError):  # the text may hold a password: it is not repeated
            raise StoreError("store_url_bad") from None
    driver = _DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise StoreError("store_url_bad")
    return parsed.set(drivername=driver, query={**_PATIENCE[driver], **parsed.query})


def shown(url: URL) -> str:
    """How a person recognises the store: its path, or its URL without password and options."""
    if url.drivername == "sqlite":
        return url.database or "(memory)"
    return url.set(query={}, drivername="postgresql").render_as_string(hide_password=True)


def connect(url: URL) -> Engine:
    """A database at today's schema, made if there is none. StoreError if it cannot be had."""
    _make_folder(url)
    try:
        # Parameters are customers' data: they stay out of tracebacks.
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=url.drivername != "sqlite")
    except ModuleNotFoundError:
        raise StoreError("store_driver_missing", where=shown(url)) from None
    event.listen(engine, "begin", _begin)
    if url.drivername == "sqlite":
        event.listen(engine, "connect", _connected)
    try:
        _prepare(engine, shown(url))
    except BaseException:
        engine.dispose()
        raise
    return engine


def writer(engine: Engine) -> Engine:
    """The same database for transactions that write."""
    return engine.execution_options(write=True)


def _file_of(url: URL) -> str:
    """The path of a SQLite file, "" for anything else."""
    path = url.database or ""
    return "" if url.drivername != "sqlite" or path.startswith((":", "file:")) else path


def _make_folder(url: URL) -> None:
    path = _file_of(url)
    if not path:
        return
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("store_cannot_open", where=shown(url), reason=error.strerror) from None


def _connected(connection: Any, record: Any) -> None:
    # Transactions begin where `_begin` says, never where the driver thinks best.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    record.info[_FILE] = _identity(connection.execute("PRAGMA database_list").fetchone()[2])  # its path


def _identity(path: str) -> tuple[int, int] | None:
    """Which file this is, whatever its name; None if there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LIMITS)
    else:
        # SQLite goes on writing to a file that was moved or removed, and nobody would ever read it.
        path = _file_of(connection.engine.url)
        if path and _identity(path) != connection.info[_FILE]:
            raise StoreError("store_gone", where=path)
        # A write that first reads must hold the write lock from its start: waiting for it later fails at once, as a deadlock.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")


def _prepare(engine: Engine, where: str) -> None:
    with told(where):
        with engine.begin() as connection:
            if is_current(connection, where):
                return
        if engine.dialect.name == "sqlite":
            _write_ahead(engine)
        with writer(engine).begin() as connection:
            migrate(connection, where)


def _write_ahead(engine: Engine) -> None:
    """Readers and one writer at once; the file remembers it. Cannot be said within a transaction."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
