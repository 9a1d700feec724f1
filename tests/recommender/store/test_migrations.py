from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect

from corpus.errors import StoreError
from recommender.store import RunStart, Store, migrations, schema
from recommender.store.connect import address, connect

EMPTY = "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY KEY, applied TEXT NOT NULL)"
V1 = (
    EMPTY
    + """;
INSERT INTO schema_version VALUES (1, '2025-04-01T00:00:00.000000+00:00');
CREATE TABLE runs (id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, started TEXT NOT NULL, finished TEXT, status TEXT NOT NULL,
    table_name TEXT NOT NULL, table_hash TEXT NOT NULL, target TEXT NOT NULL, inputs TEXT NOT NULL, about TEXT NOT NULL,
    seed BIGINT NOT NULL, settings TEXT NOT NULL, versions TEXT NOT NULL, result TEXT);
CREATE TABLE candidates (run_id TEXT NOT NULL REFERENCES runs (id), rank INTEGER NOT NULL, key TEXT NOT NULL, formula TEXT NOT NULL,
    proposers TEXT NOT NULL, score DOUBLE PRECISION, evidence TEXT NOT NULL, PRIMARY KEY (run_id, rank));
CREATE TABLE events (run_id TEXT NOT NULL REFERENCES runs (id), seq INTEGER NOT NULL, time TEXT NOT NULL, author TEXT NOT NULL,
    kind TEXT NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (run_id, seq));
INSERT INTO runs VALUES ('11111111-2222-4333-8444-555555555555', 'local', '2025-04-01T08:00:00.000000+00:00',
    '2025-04-01T08:00:09.500000+00:00', 'done', 'cooling', 'ab12', 'temperature', '["time"]', 'a cup', 7, '{}', '{}', '{"best": "x"}');
INSERT INTO candidates VALUES ('11111111-2222-4333-8444-555555555555', 1, 'k', 'p0*exp(-x0)', '["typed"]', 0.5, '{"front": 0}');
INSERT INTO events VALUES ('11111111-2222-4333-8444-555555555555', 1, '2025-04-01T08:00:01.000000+00:00', 'program', 'stage', '{}');
"""
)


def database(folder: Path, script: str) -> str:
    path = folder / "runs.sqlite"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(script)
    return str(path)


def version(path: str) -> int:
    with closing(sqlite3.connect(path)) as raw:
        return int(raw.execute("SELECT max(version) FROM schema_version").fetchone()[0])


def test_the_steps_lead_to_the_schema_of_the_code(url: str) -> None:
    engine = connect(address(url))
    seen = inspect(engine)
    assert set(seen.get_table_names()) == set(schema.metadata.tables)
    for name, table in schema.metadata.tables.items():
        there = {column["name"]: column["nullable"] for column in seen.get_columns(name)}
        assert there == {column.name: column.nullable for column in table.columns}
        assert seen.get_pk_constraint(name)["constrained_columns"] == [column.name for column in table.primary_key]
    engine.dispose()


def test_an_empty_database_is_brought_up(tmp_path: Path, start: RunStart) -> None:
    path = database(tmp_path, EMPTY)  # version 0: nothing done yet
    with Store.open(path) as store:
        store.start_run(start)
    assert version(path) == len(migrations.STEPS)


def test_a_database_of_version_1_is_read(tmp_path: Path, start: RunStart) -> None:
    path = database(tmp_path, V1)
    with Store.open(path) as store:
        record = store.run("1111")
        assert (record.status, record.start.inputs, record.start.seed, record.result) == ("done", ("time",), 7, {"best": "x"})
        assert [(row.formula, row.proposers, row.evidence) for row in record.candidates] == [("p0*exp(-x0)", ("typed",), {"front": 0})]
        assert [event.kind for event in store.events("1111")] == ["stage"]
        assert store.append_event(record.id, "comment", {}) == 2
        store.start_run(start)
    assert version(path) == len(migrations.STEPS)


def test_a_database_of_version_2_is_read_and_its_runs_go_on(tmp_path: Path) -> None:
    path = database(tmp_path, (Path(__file__).parent / "databases" / "version_2.sql").read_text(encoding="utf-8"))
    assert version(path) == 2
    with Store.open(path) as store:
        done, begun = sorted(store.runs(), key=lambda run: run.table_name)
        assert [call.reply for call in store.calls(done.id)[done.id]] == ['{"formulas": []}']
        assert (begun.status, store.ahead(begun.id), store.waiting()) == ("running", 0, 0)
        store.beat(begun.id, {"best": "a*x"})
        assert store.run(begun.id).interim == {"best": "a*x"}
        store.finish_run(begun.id, "done", {})
    assert version(path) == len(migrations.STEPS)


def test_a_later_step_is_done_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = database(tmp_path, V1)

    def add_column(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN machine TEXT")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, add_column))
    for _ in range(2):
        with Store.open(path) as store:
            assert store.run("1111").status == "done"
    assert version(path) == len(migrations.STEPS)


def test_a_step_that_fails_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE extra (x INTEGER)")
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, breaks))
        with pytest.raises(StoreError) as caught:
            Store.open(url)
        assert caught.value.key == "store_failed"
    with Store.open(url) as store:  # not even version 1 was left behind
        assert store.runs() == []


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = database(tmp_path, V1 + "INSERT INTO schema_version VALUES (99, '2031-01-01T00:00:00.000000+00:00');")
    before = Path(path).read_bytes()
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.key == "store_too_new"
    assert "99" in str(caught.value)
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("script", ["CREATE TABLE customers (id)", "CREATE TABLE schema_version (installed_rank)"])
def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path, script: str) -> None:
    path = database(tmp_path, script)
    before = Path(path).read_bytes()
    with pytest.raises(StoreError) as caught:
        Store.open(path)
    assert caught.value.key == "store_foreign"
    assert Path(path).read_bytes() == before
