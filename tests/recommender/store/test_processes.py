"""Several processes on one store, and what is left when one is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recommender.store import RunStart, Store

ROOT = Path(__file__).parents[3]
WRITE = """
import sys
from recommender.store import Store
url, run_id, author, count = sys.argv[1:]
with Store.open(url) as store:
    for n in range(int(count)):
        print(store.append_event(run_id, "proposal", {"n": n, "text": "x" * 2000}, author=author), flush=True)
"""
OPEN = """
import sys
from recommender.store import RunStart, Store
sys.stdin.readline()
with Store.open(sys.argv[1]) as store:
    store.start_run(RunStart("t", "h", "y"))
"""


def program(code: str, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", code, *words]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_write_one_run(url: str, store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    writers = [program(WRITE, url, run_id, author, "60") for author in ("a", "b")]
    given = []
    for writer in writers:
        out, err = writer.communicate(timeout=60)
        assert err == ""
        given.append([int(line) for line in out.split()])
    events = store.events(run_id)
    assert [event.seq for event in events] == list(range(1, 121)) == sorted(given[0] + given[1])
    for author in "ab":  # each writer's events stand in its own order
        assert [event.payload["n"] for event in events if event.author == author] == list(range(60))


def test_processes_make_one_store_at_once(url: str) -> None:
    starters = [program(OPEN, url) for _ in range(4)]
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write("\n")
        starter.stdin.flush()
    assert [starter.communicate(timeout=60)[1] for starter in starters] == [""] * 4
    with Store.open(url) as store:
        assert len(store.runs()) == 4


@pytest.mark.parametrize("after", [1, 40])
def test_a_killed_writer_loses_at_most_the_event_in_flight(url: str, store: Store, start: RunStart, after: int) -> None:
    run_id = store.start_run(start)
    with program(WRITE, url, run_id, "a", "100000") as writer:
        assert writer.stdout is not None
        confirmed = [int(writer.stdout.readline()) for _ in range(after)]
        writer.kill()
        confirmed += [int(line) for line in writer.stdout.read().split()]  # not communicate(): it would miss what is buffered
    events = store.events(run_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len(events) - len(confirmed) in (0, 1)  # committed, but killed before it could say so
    assert all(event.payload == {"n": event.seq - 1, "text": "x" * 2000} for event in events)
    assert store.append_event(run_id, "proposal", {}) == len(events) + 1


def test_a_reader_does_not_wait_for_a_writer(url: str, store: Store, start: RunStart) -> None:
    run_id = store.start_run(start)
    with store._writing() as connection, Store.open(url) as reader:
        connection.exec_driver_sql("UPDATE runs SET about = 'changed'")
        assert reader.run(run_id).start.about == start.about
