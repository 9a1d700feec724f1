"""Killing the nightly job on purpose: `drill` runs it in a folder of its own, kills it, and looks at what serves.

Half of the runs kill themselves as a stage is told, with SIGKILL; the others are killed from outside after a random time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from corpus.entry import Entry
from corpus.errors import RecommenderError
from corpus.inbox import as_yaml
from corpus.load import seed_entries
from corpus.sources import FolderSource
from indexes.embed import FALLBACK, embedder
from indexes.nightly.health import examine
from indexes.nightly.job import Job, run
from indexes.nightly.record import running
from indexes.publish import Progress
from indexes.query import Query
from indexes.retriever import Retriever
from indexes.snapshot import CurrentIndex, current_id

_ENTRIES = 30
_BAD = "- id: drill.bad\n  formula: x +\n"
_STARTED = "started"
_PATIENCE = 120.0


@dataclass(frozen=True)
class Trial:
    """One killed run. step: where it was killed; problem: what was wrong afterwards, "" if nothing."""

    number: int
    step: str
    problem: str


def drill(times: int, seed: int = 0) -> Iterator[Trial]:
    """Kill `times` runs, each with something new to take in."""
    rng = np.random.default_rng(seed)
    with TemporaryDirectory(prefix="formula-drill-") as folder:
        ground = _Ground(Path(folder))
        for edition in (-1, 0):  # the first run loads the libraries; the second is timed
            ground.change(edition)
            clock = time.monotonic()
            steps = ground.finish()
        usual = time.monotonic() - clock
        for number in range(1, times + 1):
            before = current_id(ground.job.index)
            ground.change(number)
            by_step = bool(number % 2)
            step = ground.killed(int(rng.integers(steps)) if by_step else None, float(rng.uniform(0, usual)))
            yield Trial(number, step, ground.problem(before))


class _Ground:
    """A small corpus, an index and the job's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job = _job(folder)
        self._entries = seed_entries()[: 2 * _ENTRIES]

    def change(self, number: int) -> None:
        """Something new, something changed, something bad."""
        source = self.folder / "source"
        source.mkdir(exist_ok=True)
        shown = [self._entries[(number + i) % len(self._entries)] for i in range(_ENTRIES)]
        changed = shown[0].model_copy(update={"source": f"edition {number}"})
        texts = [as_yaml(entry) for entry in (changed, *shown[1:])]
        (source / "all.yaml").write_text("".join(texts) + _BAD * (number % 2), encoding="utf-8")

    def finish(self) -> int:
        """A run to its end; how many steps it told."""
        told: list[Progress] = []
        run(self.job, tell=told.append)
        return len(told)

    def killed(self, step: int | None, seconds: float) -> str:
        """Where a run was that was killed as it told its step of that number, or that many seconds after its start."""
        command = [sys.executable, "-m", "indexes.nightly.drill", str(self.folder), "-1" if step is None else str(step)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            assert process.stdout is not None
            if step is None and process.stdout.readline().strip() == _STARTED:
                time.sleep(seconds)
                process.kill()
            process.wait(_PATIENCE)
        return self._last_stage() if running(self.job.state) else "after its end"

    def _last_stage(self) -> str:
        lines = (self.job.state / "log.jsonl").read_text(encoding="utf-8").splitlines()
        last = json.loads(lines[-1])
        return str(last.get("stage", last["event"]))

    def problem(self, before: str) -> str:
        """What is wrong after a kill, and after the run that follows it."""
        try:
            serving = CurrentIndex(self.job.index, self.job.embedder).snapshot()
            found = Retriever(serving).search(Query(serving.catalogue.entry(0).name.en))
            self.finish()
            health = examine(self.job.state, self.job.index, self.job.embedder)
        except RecommenderError as error:
            return str(error)
        wanted = {entry.id for entry in _expected(self.job)}
        served = CurrentIndex(self.job.index, self.job.embedder).snapshot()
        ids = {served.catalogue.entry(row).id for row in range(len(served.catalogue))}
        checks = {
            "nothing was found": bool(found),
            "neither the old nor the new one served": serving.manifest.id in (before, served.manifest.id),
            "the next run did not finish the work": ids == wanted,
            "something was left behind": {path.name for path in self.job.index.iterdir()} <= {"CURRENT", "build.lock", "snapshots"},
            "the job is not well": health.is_well,
        }
        return "; ".join(told for told, good in checks.items() if not good)


def _job(folder: Path) -> Job:
    source = FolderSource(folder / "source", "drill")
    empty = FolderSource(folder / "empty", "seed")
    empty.folder.mkdir(exist_ok=True)
    return Job([source], folder / "index", folder / "state", embedder(FALLBACK), seed=empty)


def _expected(job: Job) -> Iterator[Entry]:
    return (item.entry for item in job.sources[0].collect() if item.entry is not None)


def _child(folder: Path, step: int) -> None:
    """A run that kills itself as it tells that step."""
    told = 0

    def tell(_: Progress) -> None:
        nonlocal told
        if told == step:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
        told += 1

    print(_STARTED, flush=True)
    run(_job(folder), tell=tell)


if __name__ == "__main__":
    _child(Path(sys.argv[1]), int(sys.argv[2]))
