"""Entries from a database: the rows of one SELECT, read and nothing else.

The connection is read-only by the database's own means: SQLite opens the file with `mode=ro` and an authorizer that lets through
nothing but reading; PostgreSQL and MySQL run a READ ONLY transaction, always rolled back. Address and query are the operator's
settings; the password is in no message, no log and no `repr`.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import EntryError
from corpus.sources._base import Collected
from corpus.sources._entry import Origin
from corpus.sources._files import shown
from corpus.sources.columns import from_columns

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

MAX_ROWS = 10_000
SECONDS = 30.0
_MAX_CELL = 1_000_000
_MAX_QUERY = 20_000
_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE, sqlite3.SQLITE_TRANSACTION}
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SAFE_START = {
    "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = {milliseconds}"),
    "mysql": ("START TRANSACTION READ ONLY",),
    "mariadb": ("START TRANSACTION READ ONLY",),
}


@dataclass(frozen=True)
class SqlSource:
    """The rows of a query, one entry each.

    url: SQLAlchemy address. query: one SELECT. columns: its column -> column of `corpus.sources.columns`, for those named otherwise.
    rows: how many are read at most; that there are more is one of the items. seconds: how long the database may take.
    """

    url: str = field(repr=False)
    query: str
    columns: Mapping[str, str] = field(default_factory=dict)
    tenant: str = "local"
    name: str = "sql"
    rows: int = MAX_ROWS
    seconds: float = SECONDS

    def collect(self, since: float | None = None) -> Iterator[Collected]:  # noqa: ARG002  # a query cannot tell what changed
        query = _checked(self.query)
        origin = Origin(self.name, self.name, self.tenant)
        with _connection(self.url, self.seconds) as connection:
            result = connection.execution_options(stream_results=True).exec_driver_sql(query)
            names = [self.columns.get(name, name) for name in result.keys()]  # noqa: SIM118  # a result is no mapping
            for number, row in enumerate(result, 1):
                if number > self.rows:
                    yield Collected.rejected(f"row {number}", EntryError("sql_rows", limit=self.rows).sentence)
                    return
                yield _item(dict(zip(names, row, strict=True)), number, origin)


def _item(row: Mapping[str, Any], number: int, origin: Origin) -> Collected:
    value = {name: cell if isinstance(cell, bytes) else str(cell) for name, cell in row.items() if cell is not None}
    raw = "\n".join(f"{name}: {cell!r}" if isinstance(cell, bytes) else f"{name}: {cell}" for name, cell in value.items())
    binary = [name for name, cell in value.items() if isinstance(cell, bytes)]
    if binary:
        return Collected.rejected(f"row {number}", EntryError("sql_binary", names=shown(", ".join(binary))).sentence, raw)
    return from_columns(value, f"row {number}", raw, origin)


def _checked(query: str) -> str:
    """The query, if it is one SELECT. The database itself refuses what gets past this."""
    plain = _COMMENT.sub(" ", query[:_MAX_QUERY]).strip().rstrip(";").strip()
    if len(query) > _MAX_QUERY or not re.match(r"(?:select|with)\b", plain, re.IGNORECASE) or ";" in re.sub(r"'[^']*'", "", plain):
        raise EntryError("sql_not_select")
    return query.strip().rstrip(";")


@contextmanager
def _connection(address: str, seconds: float) -> Iterator[Connection]:
    """A connection that can only read. EntryError, without the password, for whatever the database says."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    try:
        url = make_url(address)
    except ArgumentError:
        raise EntryError("sql_url") from None
    try:
        engine = _engine(url, seconds)
        with engine.connect() as connection:
            if url.get_backend_name() == "sqlite":
                connection.connection.dbapi_connection.set_authorizer(_only_reading)  # type: ignore[union-attr]
            for statement in _SAFE_START.get(url.get_backend_name(), ()):
                connection.exec_driver_sql(statement.format(milliseconds=int(1000 * seconds)))
            yield connection
            connection.rollback()
        engine.dispose()
    except (ImportError, NoSuchModuleError):
        raise EntryError("sql_driver", kind=url.get_backend_name()) from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise EntryError("sql_failed", reason=_without_password(error, url)) from None


def _engine(url: URL, seconds: float) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "").expanduser()
        if not path.is_file():
            raise EntryError("sql_no_file", path=path)
        return create_engine("sqlite://", creator=lambda: _sqlite(path, seconds), poolclass=NullPool, hide_parameters=True)
    if url.get_backend_name() not in _SAFE_START:
        raise EntryError("sql_kind", kind=url.get_backend_name())
    return create_engine(url, poolclass=NullPool, hide_parameters=True)


def _sqlite(path: Path, seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=seconds)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_CELL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
    return connection


def _only_reading(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    allowed = action in _READING and second != "load_extension"
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _without_password(error: Exception, url: URL) -> str:
    """The first line of what the database said, without what the address keeps secret."""
    said = (str(getattr(error, "orig", None) or error).splitlines() or ["?"])[0]
    for secret in (url.password, url.render_as_string(hide_password=False)):
        said = said.replace(str(secret), "***") if secret else said
    return shown(said, 200)
