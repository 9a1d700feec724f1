"""An empty database per test: a SQLite file, and a schema of a PostgreSQL server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from recommender.store import RunStart, Store
from recommender.store.connect import address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "runs.sqlite")
        return
    known = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    server = create_engine(address(known), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        try:
            yield f"{known}{'&' if '?' in known else '?'}options=-csearch_path%3D{name}"
        finally:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    server.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


@pytest.fixture
def start() -> RunStart:
    return RunStart(
        "冷却.csv", "ab12", "温度", ("時間", "流量"), "部品の冷却", 7, {"quick": True, "units": ["℃", "min"]}, {"corpus": "3"}, "local"
    )
