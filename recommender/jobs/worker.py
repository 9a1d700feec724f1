"""Worker processes: each holds a slot of this machine, takes runs from the line, and ends when there has been nothing to do for a while."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from corpus.errors import RecommenderError, StoreError
from recommender.processes import this_process
from recommender.session import Surroundings, work
from recommender.settings import home
from recommender.store import Store

PATIENCE = 60.0  # seconds without a word until a run is somebody else's
MOST_TRIES = 4  # of a run that takes its workers down
IDLE = 600.0
_LOOK = 0.3
_STARTED: dict[Path, subprocess.Popen[bytes]] = {}  # the last worker of every slot that this process has started
_log = logging.getLogger(__name__)


def slots() -> int:
    """How many runs this machine works on at once."""
    return max(1, (os.cpu_count() or 1) // 2)


def ensure_worker(store_url: str | None = None, idle: float = IDLE, ahead: bool = False) -> None:
    """Start a worker for every free slot of this machine, if anyone waits in line or has lost the worker it had; it ends when it was idle
    for so many seconds.

    ahead: one, even if nobody waits yet, so that it has loaded what it needs when somebody does.
    """
    with Store.open(store_url) as store:
        wanted = max(store.waiting(PATIENCE), int(ahead))
    for number in range(slots()):
        if wanted > 0 and not _is_coming(number) and _is_free(number):
            _start(number, store_url, idle)


def serve(number: int, store_url: str | None = None, idle: float = IDLE) -> None:
    """Work in a slot until nothing has been in the line for `idle` seconds; at once if the slot is taken.

    StoreError if the record of runs cannot be kept: the run waits for the next worker.
    """
    with _slot(number) as mine, Store.open(store_url) as store:
        _load(mine)
        since = time.monotonic()
        while mine:
            run_id = store.claim(this_process(), PATIENCE)
            if run_id is not None:
                _work(store, run_id)
                since = time.monotonic()
            elif time.monotonic() - since >= idle:
                return
            else:
                time.sleep(_LOOK)


def _load(needed: bool) -> None:
    """What every run needs, before anyone waits for it; an index that cannot be opened is said by the run."""
    if needed:
        from indexes import open_index

        with contextlib.suppress(RecommenderError):
            open_index()


def _work(store: Store, run_id: str) -> None:
    """One run; whatever happens to it, the worker goes on, as long as the record can be kept."""
    if _is_hopeless(store, run_id):
        store.finish_run(run_id, "failed", {})
        return
    store.append_event(run_id, "begun", {"pid": os.getpid()}, "worker")
    try:
        work(store, run_id, Surroundings(workers=max(1, (os.cpu_count() or 1) // slots())))
    except StoreError:
        raise
    except RecommenderError as error:
        _log.warning("run %s: %s", run_id, error)
    except Exception:  # the person sees that it failed, the log keeps the traceback
        _log.exception("run %s failed", run_id)
        store.finish_run(run_id, "failed", {})


def _is_hopeless(store: Store, run_id: str) -> bool:
    """Whether it was begun again and again, and has brought nothing since."""
    tries = store.events(run_id, kind="begun")[-MOST_TRIES:]
    return len(tries) == MOST_TRIES and all(event.kind == "begun" for event in store.events(run_id, after=tries[0].seq))


def _lock(number: int) -> Path:
    path = home() / "workers" / f"{number}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def _slot(number: int) -> Iterator[bool]:
    """Whether the slot was free; it is held while the block runs, and free again when the process is gone, however it ended."""
    lock = FileLock(_lock(number))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _is_coming(number: int) -> bool:
    """Whether a worker that this process has started is alive; on a busy machine it takes its slot only after a while."""
    worker = _STARTED.get(_lock(number))
    return worker is not None and worker.poll() is None


def _is_free(number: int) -> bool:
    with _slot(number) as mine:
        return mine


def _start(number: int, store_url: str | None, idle: float) -> None:
    """A worker that outlives whoever asked for it; its log is in the home folder."""
    command = [sys.executable, "-m", "recommender.jobs", str(number), str(idle)]
    known = os.environ | ({} if store_url is None else {"FORMULA_STORE_URL": store_url})  # it may hold a password: not for everyone's eyes
    with (home() / "workers" / f"{number}.log").open("ab") as log:
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=known)  # noqa: S603
    _STARTED[_lock(number)] = worker
    threading.Thread(target=worker.wait, name="worker", daemon=True).start()  # it leaves no zombie behind
