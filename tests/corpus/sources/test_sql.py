"""Rows of a database become entries; nothing is ever written to it, and its password is in no message."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from corpus.errors import EntryError
from corpus.sources import SqlSource
from recommender.testing import check_source

SELECT = (
    "SELECT expr AS formula, title AS name_en, ja AS name_ja, about AS description_en, setsumei, field, ref, y, xs, ks"
    " FROM laws ORDER BY id"
)
SYMBOLS = ("F: force / 力 [N]", "x: extension / 伸び [mm]", "k: stiffness / ばね定数 [N/mm]")
COLUMNS = {"setsumei": "description_ja", "field": "domain", "ref": "source", "y": "target", "xs": "variables", "ks": "parameters"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "laws.sqlite"
    rows = [
        (1, "F = k*x", "Spring", "ばね", "Force of a spring.", "ばねの力。", "mechanics", "textbook", *SYMBOLS),
        (2, "P = I^2*R", None, None, None, None, None, None, None, "I: current [A]; R: resistance [ohm]", None),
        (3, "__import__('os')", *[None] * 9),
        (4, b"\x00\x01", *[None] * 9),
    ]
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE laws (id, expr, title, ja, about, setsumei, field, ref, y, xs, ks)")
        connection.executemany(f"INSERT INTO laws VALUES ({','.join('?' * 11)})", rows)
    connection.close()
    return path


def source(database: Path, query: str = SELECT, **settings: object) -> SqlSource:
    return SqlSource(f"sqlite:///{database}", query, COLUMNS, **settings)  # type: ignore[arg-type]


def test_rows_become_entries_drafts_and_reasons(database: Path) -> None:
    items = list(source(database).collect())
    assert [(item.where, item.state) for item in items] == [
        ("row 1", "complete"),
        ("row 2", "review"),
        ("row 3", "rejected"),
        ("row 4", "rejected"),
    ]
    assert items[0].entry is not None
    assert items[0].entry.evaluate({"x": 2, "k": 3}) == pytest.approx(6)
    assert items[1].entry is not None
    assert items[1].entry.target.unit == "W", "from the dimensions of I²R"
    assert "formula: __import__('os')" in items[2].raw
    assert "binary" in str(items[3].reason)


def test_the_promises_of_a_source(database: Path) -> None:
    check_source(source(database))


def test_too_many_rows_are_said(database: Path) -> None:
    *_, last = source(database, rows=1).collect()
    assert (last.where, last.state) == ("row 2", "rejected")
    assert "more than 1 rows" in str(last.reason)


WRITING = (
    "DELETE FROM laws",
    "SELECT 1; DELETE FROM laws",
    "/* SELECT */ DROP TABLE laws",
    "INSERT INTO laws (id) SELECT 5",
    "WITH a AS (SELECT 1) DELETE FROM laws",
    "WITH a AS (SELECT 1) INSERT INTO laws (id) SELECT 5 FROM a",
    "UPDATE laws SET expr = ''",
    "PRAGMA writable_schema = 1",
    "PRAGMA journal_mode = WAL",
    "ATTACH DATABASE 'other.sqlite' AS other",
    "VACUUM INTO 'copy.sqlite'",
    "CREATE TABLE a (b)",
    "SELECT load_extension('evil')",
    "SELECT * FROM pragma_table_info('laws'); --",
    "",
    "EXPLAIN SELECT 1",
    "SELECT 1" + " " * 30_000,
)


@pytest.mark.parametrize("query", WRITING)
def test_nothing_but_reading_is_possible(database: Path, tmp_path: Path, query: str) -> None:
    before = database.read_bytes()
    with pytest.raises(EntryError):
        list(source(database, query).collect())
    assert database.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["laws.sqlite"]


def test_an_endless_query_ends(database: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS formula FROM n"
    with pytest.raises(EntryError, match="interrupted"):
        list(source(database, endless, seconds=0.2).collect())


def test_a_cell_of_any_size_is_no_danger(database: Path) -> None:
    with pytest.raises(EntryError, match="too big"):
        list(source(database, "SELECT hex(zeroblob(50000000)) AS formula").collect())


def test_what_cannot_be_opened_says_what_to_do(tmp_path: Path, database: Path) -> None:
    addresses = {
        f"sqlite:///{tmp_path / 'nowhere.sqlite'}": "no database file",
        "sqlite://": "no database file",
        "not an address": "address of the database",
        "oracle://u:secret@localhost/x": "secret-free",
        "nonsense://u:secret@localhost/x": "secret-free",
    }
    for address, said in addresses.items():
        with pytest.raises(EntryError) as refused:
            list(SqlSource(address, "SELECT 1 AS formula").collect())
        assert "secret" not in refused.value.text("ja") + str(refused.value)
        assert said == "secret-free" or said in str(refused.value)
    with pytest.raises(EntryError, match="no such column"):
        list(source(database, "SELECT absent FROM laws").collect())


def test_the_password_is_nowhere() -> None:
    secret = SqlSource("postgresql+psycopg://me:hunter2@localhost:1/laws", "SELECT 1 AS formula")
    assert "hunter2" not in repr(secret)
    with pytest.raises(EntryError) as refused:
        list(secret.collect())
    assert "hunter2" not in str(refused.value) + repr(refused.value) + refused.value.text("ja")
    assert refused.value.__cause__ is None
