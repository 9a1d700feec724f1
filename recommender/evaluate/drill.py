"""The fault drill: a run is killed at random moments and taken up again, until it is done; then it must be what it would have been.

What is compared: the final ranking with all its numbers, and the record: every event once, numbered without a gap.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommender.llm import Members
from recommender.problem import Problem
from recommender.repeat import same_answer
from recommender.session import Options, order
from recommender.store import ALIVE, Store
from recommender.table import Table

_LAST = 600.0  # seconds until a run that is left alone counts as hung
_SHORTEST, _LONGEST = 0.0, 1.0  # after it has brought something new


@dataclass(frozen=True)
class Drill:
    """kills: how many; took_up: how often the run had something to go on with; same: the ranking is that of the run nobody disturbed;
    events: how many are on record; gaps, doubled: of their numbers, and of the steps they record."""

    kills: int
    took_up: int
    same: bool
    events: int
    gaps: int
    doubled: int
    seconds: float

    @property
    def holds(self) -> bool:
        return self.same and not self.gaps and not self.doubled


def drill(
    table: Path, url: str, *, kills: int = 30, seed: int = 0, options: Options | None = None, tell: Callable[[str], None] = print
) -> Drill:
    """Run the drill on a table against a store."""
    options = options or Options(seconds=2.0, steps=60)
    begun, rng = time.monotonic(), np.random.default_rng(seed)
    problem = Problem.of(Table.read(table), seed=seed)
    with Store.open(url) as store:
        calm = order(store, problem, options, Members(()))
        _taken_up(calm, url).wait(_LAST)
        run_id = order(store, problem, options, Members(()))
        took_up = 0
        for number in range(kills):
            if store.run(run_id).status not in ALIVE:
                break
            before = len(store.events(run_id))
            process = _taken_up(run_id, url)
            took_up += before > 0
            _awaited(store, run_id, before, process)
            _killed(process, float(rng.uniform(_SHORTEST, _LONGEST)))
            tell(f"{number + 1}: {len(store.events(run_id))} events")
        if store.run(run_id).status in ALIVE:
            _taken_up(run_id, url).wait(_LAST)
        return _compared(store, calm, run_id, kills, took_up, time.monotonic() - begun)


def _taken_up(run_id: str, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "recommender.cli", "resume", run_id]
    known = os.environ | {"FORMULA_STORE_URL": url}
    return subprocess.Popen(command, env=known, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)  # noqa: S603


def _awaited(store: Store, run_id: str, before: int, process: subprocess.Popen[bytes]) -> None:
    """Until the process has brought something new: loading takes longer than working, and is no moment to be proud of surviving."""
    limit = time.monotonic() + _LAST
    while process.poll() is None and time.monotonic() < limit and not store.events(run_id, after=before):
        time.sleep(0.05)


def _killed(process: subprocess.Popen[bytes], after: float) -> None:
    """Wait, then end the process and all it has started, without a warning."""
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _compared(store: Store, calm: str, run_id: str, kills: int, took_up: int, seconds: float) -> Drill:
    one, other = (store.run(each).result or {} for each in (calm, run_id))
    events = store.events(run_id)
    named = Counter((e.kind, str(e.payload["name"])) for e in events if "outcome" in e.payload)
    numbers = [event.seq for event in events]
    gaps = len(set(range(1, len(numbers) + 1)) ^ set(numbers))
    same = bool(one) and bool(other) and same_answer(one, other)
    return Drill(kills, took_up, same, len(events), gaps, sum(count > 1 for count in named.values()), seconds)
