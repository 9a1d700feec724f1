"""Databases that are broken, locked, read-only or not there: each a StoreError that says what to do."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from corpus.errors import StoreError
from corpus.language import LANGUAGES, strings
from recommender.store import RunStart, Store
from recommender.store.connect import address, shown
from recommender.store.trouble import _POSTGRES, _SQLITE, told

NOBODY = 65534


@contextmanager
def refused(key: str) -> Iterator[None]:
    with pytest.raises(StoreError) as caught:
        yield
    assert caught.value.key == key, str(caught.value)
    for language in LANGUAGES:
        assert "{" not in caught.value.text(language)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write anywhere: be somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except OSError:
        pytest.skip("cannot become an unprivileged user here")
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder every user can reach; those of pytest are its own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def filled(path: Path, start: RunStart) -> Path:
    with Store.open(str(path)) as store:
        for _ in range(200):
            store.finish_run(store.start_run(start), "done", {"text": "x" * 500})
    return path


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    path.write_text("time,temperature\n" * 200)
    with refused("store_not_database"):
        Store.open(str(path))
    assert path.read_text().startswith("time")


def test_a_damaged_database(tmp_path: Path, start: RunStart) -> None:
    path = filled(tmp_path / "runs.sqlite", start)
    raw = bytearray(path.read_bytes())
    raw[4096 * 8 :] = b"\x5a" * (len(raw) - 4096 * 8)
    path.write_bytes(raw)
    with refused("store_corrupt"), Store.open(str(path)) as store:
        for run in store.runs(limit=1000):
            store.run(run.id)


def test_a_truncated_database(tmp_path: Path, start: RunStart) -> None:
    path = filled(tmp_path / "runs.sqlite", start)
    with path.open("r+b") as file:
        file.truncate(4096 * 3)
    with refused("store_corrupt"), Store.open(str(path)) as store:
        store.runs()


def test_a_record_that_is_no_longer_json(tmp_path: Path, start: RunStart) -> None:
    with Store.open(str(tmp_path / "runs.sqlite")) as store:
        run_id = store.start_run(start)
        with closing(sqlite3.connect(store.where)) as raw, raw:
            raw.execute("UPDATE runs SET settings = '{\"half'")
        with refused("store_corrupt"):
            store.run(run_id)


def test_a_locked_database(tmp_path: Path, start: RunStart) -> None:
    path = tmp_path / "runs.sqlite"
    with Store.open(f"sqlite:///{path}?timeout=0.05") as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with refused("store_locked"):
            store.start_run(start)
        assert store.runs() == []
        other.rollback()
        store.start_run(start)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_read_only_folder(public_folder: Path, start: RunStart) -> None:
    public_folder.chmod(0o555)
    with unprivileged():
        with refused("store_cannot_open"):
            Store.open(str(public_folder / "runs.sqlite"))
        with refused("store_cannot_open"):
            Store.open(str(public_folder / "sub" / "runs.sqlite"))


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_read_only_file(public_folder: Path, start: RunStart) -> None:
    path = filled(public_folder / "runs.sqlite", start)
    path.chmod(0o444)
    public_folder.chmod(0o777)  # so that SQLite can lay its side files beside it
    with unprivileged(), Store.open(str(path)) as store:
        assert len(store.runs(limit=1000)) == 200
        with refused("store_readonly"):
            store.start_run(start)


def test_opened_read_only(tmp_path: Path, start: RunStart) -> None:
    path = filled(tmp_path / "runs.sqlite", start)
    with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true") as store:
        assert len(store.runs()) == 20
        with refused("store_readonly"):
            store.start_run(start)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with refused("store_cannot_open"):
        Store.open(str(tmp_path / "file" / "runs.sqlite"))
    with refused("store_cannot_open"):
        Store.open(str(tmp_path))


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@host/db", "://", "nothing://x", "postgresql://u:secret@host:port/db", "sqlite:/secret://"]
)
def test_an_address_that_cannot_be_read(url: str) -> None:
    with refused("store_url_bad"):
        Store.open(url)
    with pytest.raises(StoreError) as caught:
        Store.open(url)
    assert "secret" not in str(caught.value)


def test_a_server_that_does_not_answer() -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with refused("store_unreachable"):
        Store.open(f"postgresql://u:secret@127.0.0.1:{port}/db")


def test_a_missing_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with refused("store_driver_missing"):
        Store.open("postgresql://u@127.0.0.1/db")


def test_no_password_is_shown() -> None:
    assert shown(address("postgres://u:secret@host/db?options=-csearch_path%3Dx")) == "postgresql://u:***@host/db"


class _ServerError(sqlite3.Warning):  # any exception that is not sqlite3.Error
    def __init__(self, state: str | None) -> None:
        super().__init__("the server said so\nDETAIL: a customer's value")
        self.sqlstate = state


@pytest.mark.parametrize(
    ("state", "key"), [("25006", "store_readonly"), ("28P01", "store_unreachable"), ("55P03", "store_locked"), ("42P01", "store_failed")]
)
def test_what_a_server_says(state: str, key: str) -> None:
    from sqlalchemy.exc import OperationalError

    with refused(key), told("postgresql://host/db"):
        raise OperationalError("SELECT 1", None, _ServerError(state))
    with pytest.raises(StoreError) as caught, told("postgresql://host/db"):
        raise OperationalError("SELECT 1", None, _ServerError(state))
    assert "customer" not in str(caught.value)


def test_every_sentence_is_there_in_every_language() -> None:
    keys = {*_SQLITE.values(), *_POSTGRES.values(), "store_failed", "store_foreign", "store_too_new", "store_run_ambiguous"}
    for language in LANGUAGES:
        assert {f"error.{key}" for key in keys} <= set(strings(language))
    english, japanese = ({k for k in strings(language) if k.startswith(("error.store_", "error.settings_"))} for language in LANGUAGES)
    assert english == japanese
