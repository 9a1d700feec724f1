"""The one SQLite file of a snapshot (`words.sqlite`): opened for building once, read-only ever after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

FILE = "words.sqlite"


class Database:
    """A connection several threads may share; SQL is written here and in the modules that own a table, never by a user."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = Lock()

    @classmethod
    def create(cls, folder: Path) -> Database:
        connection = sqlite3.connect(folder / FILE, check_same_thread=False)
        connection.execute("PRAGMA synchronous = OFF")  # a half-written snapshot is thrown away, so nothing is lost
        connection.execute("PRAGMA journal_mode = MEMORY")
        return cls(connection)

    @classmethod
    def open(cls, folder: Path) -> Database:
        """Read-only; sqlite3.Error if the file is missing or no database."""
        path = (folder / FILE).resolve().as_uri()
        return cls(sqlite3.connect(f"{path}?mode=ro&immutable=1", uri=True, check_same_thread=False))

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def run(self, sql: str) -> None:
        with self._lock:
            self._connection.execute(sql)

    def insert(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._lock:
            self._connection.executemany(sql, rows)

    def close(self) -> None:
        with self._lock:
            self._connection.commit()
            self._connection.close()
