"""What goes wrong in a database, said so that a person knows what to do next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from corpus.errors import StoreError

_SQLITE = {
    sqlite3.SQLITE_BUSY: "store_locked",
    sqlite3.SQLITE_LOCKED: "store_locked",
    sqlite3.SQLITE_READONLY: "store_readonly",
    sqlite3.SQLITE_PERM: "store_readonly",
    sqlite3.SQLITE_CANTOPEN: "store_cannot_open",
    sqlite3.SQLITE_CORRUPT: "store_corrupt",
    sqlite3.SQLITE_NOTADB: "store_not_database",
    sqlite3.SQLITE_FULL: "store_full",
}
# SQLSTATE, by the longest prefix that fits.
_POSTGRES = {
    "08": "store_unreachable",
    "25006": "store_readonly",
    "28": "store_unreachable",
    "3D000": "store_unreachable",
    "40001": "store_locked",
    "40P01": "store_locked",
    "42501": "store_readonly",
    "53100": "store_full",
    "53300": "store_unreachable",
    "55P03": "store_locked",
    "57P": "store_unreachable",
    "XX001": "store_corrupt",
    "XX002": "store_corrupt",
}
# After these a run can be taken up again, once their cause is mended.
PASSING = frozenset({*_SQLITE.values(), *_POSTGRES.values(), "store_failed", "store_gone"})


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn every error of the database below into a StoreError about the store at `where`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _told(error, where) from error
    except OverflowError as error:  # an integer of more than 64 bits
        raise StoreError("store_value_unusable", reason=error) from None
    except ValueError as error:  # a stored text that is no longer JSON or a time
        raise StoreError("store_corrupt", where=where, reason=error) from error


def _told(error: Exception, where: str) -> StoreError:
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, StoreError):
        return cause
    reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
    return StoreError(_key(cause), where=where, reason=reason)


def _key(cause: BaseException) -> str:
    if isinstance(cause, sqlite3.Error):
        return _SQLITE.get((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF, "store_failed")
    if not hasattr(cause, "sqlstate"):
        return "store_failed"
    # A connection that never came about has no state.
    state = cause.sqlstate or ("08" if type(cause).__name__ == "OperationalError" else "")
    return next((key for prefix, key in _POSTGRES.items() if state.startswith(prefix)), "store_failed")
