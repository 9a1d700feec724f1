"""The tables as the code sees them today. How a database gets there stands in `migrations`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Integer, MetaData, Table, Text

from recommender.store.encoding import JsonText, Moment, Words

metadata = MetaData()

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied", Moment, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Words, nullable=False),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("status", Text, nullable=False),
    Column("table_name", Words, nullable=False),
    Column("table_hash", Text, nullable=False),
    Column("target", Words, nullable=False),
    Column("inputs", JsonText, nullable=False),
    Column("about", Words, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("settings", JsonText, nullable=False),
    Column("versions", JsonText, nullable=False),
    Column("result", JsonText),
    Column("worker", Text),
    Column("beat", Moment),
    Column("interim", JsonText),
)

candidates = Table(
    "candidates",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("key", Words, nullable=False),
    Column("formula", Words, nullable=False),
    Column("proposers", JsonText, nullable=False),
    Column("score", Double),
    Column("evidence", JsonText, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("time", Moment, nullable=False),
    Column("author", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("payload", JsonText, nullable=False),
)

texts = Table(
    "texts",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("text", Words, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("run_id", Text, ForeignKey("runs.id"), primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("time", Moment, nullable=False),
    Column("member", Words, nullable=False),
    Column("role", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("request_hash", Text, nullable=False),
    Column("prompt_hash", Text, ForeignKey("texts.hash"), nullable=False),
    Column("reply_hash", Text, ForeignKey("texts.hash"), nullable=False),
    Column("resolved_model", Words, nullable=False),
    Column("tokens_in", Integer),
    Column("tokens_out", Integer),
    Column("cost", Double),
    Column("seconds", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failure", JsonText),
    Column("json_valid", Integer, nullable=False),
    Column("repairs", JsonText, nullable=False),
    Column("offered", JsonText, nullable=False),
    Column("rejected", JsonText, nullable=False),
)
