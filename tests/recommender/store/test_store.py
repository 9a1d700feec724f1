from __future__ import annotations

import sqlite3
import threading
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import StoreError
from recommender.store import CandidateRow, RunStart, Store

BEST = CandidateRow(1, "k1", "p0*exp(-x0/p1) + p2", ("retrieved", "typed"), 0.91, {"front": 0, "held_out": 1e-3})
NEXT = CandidateRow(2, "k2", "p0 + p1*x0", ("elementary",), None, {})


def test_a_run_is_read_back_as_it_was_written(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    store.finish_run(run_id, "done", {"formulas": ["a"], "note": "冷却 ' \" \\"}, [NEXT, BEST])
    record = store.run(run_id)
    assert (record.id, record.status, record.start) == (run_id, "done", start)
    assert record.result == {"formulas": ["a"], "note": "冷却 ' \" \\"}
    assert record.candidates == (BEST, NEXT)
    assert record.finished is not None
    assert record.started.tzinfo is UTC
    assert timedelta(0) <= record.finished - record.started < timedelta(minutes=1)


def test_a_run_that_goes_on_has_no_result(store: Store, start: RunStart) -> None:
    record = store.run(store.start_run(start))
    assert (record.status, record.finished, record.result, record.candidates) == ("running", None, None, ())


def test_records_are_frozen(store: Store, start: RunStart) -> None:
    record = store.run(store.start_run(start))
    with pytest.raises(FrozenInstanceError):
        record.status = "done"  # type: ignore[misc]


def test_events_count_within_their_run(store: Store, start: RunStart) -> None:
    first, second = store.start_run(start), store.start_run(start)
    assert [store.append_event(first, "proposal", {"n": n}) for n in range(3)] == [1, 2, 3]
    assert store.append_event(second, "pin", {"formula": "x0"}, author="花子") == 1
    store.finish_run(first, "stopped", {})
    assert store.append_event(first, "comment", {"text": "after the end"}) == 4
    assert [(e.seq, e.kind, e.payload) for e in store.events(first)][:2] == [(1, "proposal", {"n": 0}), (2, "proposal", {"n": 1})]
    assert [e.seq for e in store.events(first, after=2)] == [3, 4]
    (event,) = store.events(second)
    assert (event.author, event.kind) == ("花子", "pin")
    assert abs(event.time - datetime.now(UTC)) < timedelta(minutes=1)


def test_runs_newest_first_of_one_tenant_with_the_best_formula(store: Store, start: RunStart) -> None:
    ids = [store.start_run(replace(start, tenant=tenant)) for tenant in ("a", "b", "a")]
    store.finish_run(ids[0], "done", {}, [BEST, NEXT])
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs(limit=1)] == ids[2:]
    assert [(run.id, run.status, run.best) for run in store.runs(tenant="a")] == [(ids[2], "running", None), (ids[0], "done", BEST.formula)]
    assert (store.runs()[0].table_name, store.runs()[0].target) == ("冷却.csv", "温度")


def test_another_tenant_sees_nothing(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    assert store.runs(tenant="other") == []
    for read in (store.run, store.events):
        with pytest.raises(StoreError) as caught:
            read(run_id, tenant="other")
        assert caught.value.key == "store_run_unknown"


def test_a_run_is_found_by_the_beginning_of_its_id(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    store.append_event(run_id, "proposal", {})
    assert store.run(run_id[:8]).id == run_id
    assert store.run(f" {run_id[:8].upper()}").id == run_id
    assert len(store.events(run_id[:8])) == 1


def test_a_shared_beginning_is_refused(store: Store, start: RunStart) -> None:
    ids = [store.start_run(start) for _ in range(17)]  # two of seventeen share their first hexadecimal digit
    shared = next(i[0] for i in ids if sum(other[0] == i[0] for other in ids) > 1)
    with pytest.raises(StoreError) as caught:
        store.run(shared)
    assert caught.value.key == "store_run_ambiguous"


@pytest.mark.parametrize("run_id", ["", " ", "nothing", "%", "_", "' OR 1=1 --"])
def test_an_unknown_run_is_an_error(store: Store, start: RunStart, run_id: str) -> None:
    store.start_run(start)
    actions = (store.run, store.events, lambda i: store.append_event(i, "x", {}), lambda i: store.finish_run(i, "done", {}))
    for action in actions:
        with pytest.raises(StoreError) as caught:
            action(run_id)
        assert caught.value.key == "store_run_unknown"


def test_a_run_finishes_once(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    store.finish_run(run_id, "failed", {"error": "no rows"})
    with pytest.raises(StoreError) as caught:
        store.finish_run(run_id, "done", {}, [BEST])
    assert caught.value.key == "store_run_finished"
    assert (store.run(run_id).status, store.run(run_id).candidates) == ("failed", ())


def test_a_run_finishes_wholly_or_not_at_all(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    with pytest.raises(StoreError):
        store.finish_run(run_id, "done", {}, [BEST, replace(NEXT, rank=1)])
    assert (store.run(run_id).status, store.run(run_id).candidates) == ("running", ())


def test_events_never_lose_their_run(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    store.append_event(run_id, "x", {})
    with pytest.raises(StoreError), store._writing() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
    assert len(store.events(run_id)) == 1


def test_numbers_of_numpy_and_non_finite_numbers(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    evidence = {"nmse": np.float64(0.5), "n": np.int64(3), "p": np.array([1.0, np.nan]), "se": float("inf"), "word": "NaN"}
    store.finish_run(run_id, "done", evidence, [replace(BEST, score=float("nan"), evidence=evidence)])
    stored = {"nmse": 0.5, "n": 3, "p": [1.0, None], "se": None, "word": "NaN"}
    assert store.run(run_id).result == stored
    assert store.run(run_id).candidates == (replace(BEST, score=None, evidence=stored),)


@pytest.mark.parametrize("payload", [{"x": object()}, {"x": {1, 2}}, {"x": b"bytes"}])
def test_what_is_not_json_is_refused(store: Store, start: RunStart, payload: dict[str, object]) -> None:
    run_id = store.start_run(start)
    with pytest.raises(StoreError) as caught:
        store.append_event(run_id, "x", payload)
    assert caught.value.key == "store_value_unusable"
    assert store.events(run_id) == []


def test_an_integer_of_more_than_64_bits_is_refused(store: Store, start: RunStart) -> None:
    with pytest.raises(StoreError):
        store.start_run(replace(start, seed=2**70))


def test_texts_no_database_takes_are_mended(store: Store, start: RunStart) -> None:
    run_id = store.start_run(replace(start, table_name="a\0b\udc83", settings={"path": "c\0\udc83"}))
    assert store.run(run_id).start.table_name == "a\ufffdb?"
    assert store.run(run_id).start.settings == {"path": "c\0?"}


def test_a_large_result(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    store.finish_run(run_id, "done", {"text": "式" * 3_000_000})
    assert len(str(store.run(run_id).result)) > 3_000_000


def test_threads_share_a_store(store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    threads = [threading.Thread(target=lambda: [store.append_event(run_id, "x", {}) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [e.seq for e in store.events(run_id)] == list(range(1, 41))


def test_the_default_is_a_file_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: RunStart) -> None:
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path / "new" / "home"))
    monkeypatch.delenv("FORMULA_STORE_URL", raising=False)
    with Store.open() as store:
        assert store.where == str(tmp_path / "new" / "home" / "runs.sqlite")
        run_id = store.start_run(start)
    with Store.open(f"sqlite:///{store.where}") as again:
        assert again.run(run_id).start == start
    with sqlite3.connect(store.where) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_a_store_in_memory(start: RunStart) -> None:
    with Store.open("sqlite://") as store:
        assert store.run(store.start_run(start)).start == start
