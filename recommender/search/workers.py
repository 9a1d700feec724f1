"""Where tasks are performed: processes of this machine, or a Dask cluster. Who performs a task, and when, does not change its outcome."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from corpus.errors import SettingsError
from recommender.processes import end_with_parent, start_method
from recommender.search.tasks import Task, World

_MOMENT = 0.5  # seconds, long enough that every process gets one
_LOOK = 0.1  # seconds between two looks for a stop
_TRIES = 3  # of a task whose worker dies

T = TypeVar("T")
Outcome = Callable[[float], T | None]


def waited(outcome: Outcome[T], stop: Callable[[], bool]) -> T | None:
    """An outcome when it is there; None on a stop before."""
    while not stop():
        found = outcome(_LOOK)
        if found is not None:
            return found
    return None


class Workers(Protocol):
    """Performs tasks of one world."""

    def submit(self, task: Task[T]) -> Outcome[T]:
        """Begin a task; the answer waits up to so many seconds for its outcome, and gives None if there is none yet."""
        ...

    def close(self) -> None:
        """Give up what has not ended."""
        ...


class Here:
    """This process: a task is performed when its outcome is asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def submit(self, task: Task[T]) -> Outcome[T]:
        return lambda seconds: task.perform(self._world)  # noqa: ARG005

    def close(self) -> None:
        pass


class Processes:
    """Processes of this machine, one numeric thread each. One that dies is replaced, and its task given to another, `_TRIES` times."""

    def __init__(self, world: World, places: int | None) -> None:
        self.places = places or os.cpu_count() or 1
        self._world = world
        self._pool = self._new()
        self._broken = 0

    def submit(self, task: Task[T]) -> Outcome[T]:
        job = _Job(self, task)
        return job.outcome

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of those that are there."""
        return tuple(self._pool._processes or {})

    def warm(self) -> None:
        """Have every process ready: what is loaded first is not part of any task."""
        wait([self._pool.submit(time.sleep, _MOMENT) for _ in range(self.places)])

    def close(self) -> None:
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:  # a task in progress is not waited for
            process.terminate()

    def begin(self, task: Task[T]) -> tuple[int, Future[T]]:
        """A task in the pool as it is now, and the number of that pool."""
        try:
            return self._broken, self._pool.submit(_perform, task)
        except BrokenProcessPool:
            self.mend(self._broken)
            return self._broken, self._pool.submit(_perform, task)

    def mend(self, number: int) -> None:
        """A new pool in place of pool `number`, which has lost a process."""
        if number == self._broken:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._broken += 1
            self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context(start_method(__name__))
        return ProcessPoolExecutor(self.places, mp_context=context, initializer=_begin, initargs=(self._world,))


class _Job(Generic[T]):
    """A task and whoever performs it at the moment."""

    def __init__(self, processes: Processes, task: Task[T]) -> None:
        self._processes, self._task, self._tries = processes, task, 1
        self._pool, self._future = processes.begin(task)

    def outcome(self, seconds: float) -> T | None:
        try:
            return self._future.result(seconds)
        except TimeoutError:
            return None
        except (BrokenProcessPool, CancelledError):
            if self._tries == _TRIES:
                raise
            self._tries += 1
            self._processes.mend(self._pool)
            self._pool, self._future = self._processes.begin(self._task)
            return None


_world: World | None = None


def _begin(world: World) -> None:
    """A worker begins: it takes the world in once, and one numeric thread."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    global _world
    _world = world
    end_with_parent()
    threadpool_limits(1)


def _perform(task: Task[T]) -> T:
    assert _world is not None
    return task.perform(_world)


def _performed(task: Task[T], world: World) -> T:
    return task.perform(world)


class Cluster:
    """The workers of a Dask cluster. Dask gives the task of a worker that is lost to another one."""

    def __init__(self, world: World, address: str) -> None:
        self._client = _client(address)
        self._world = self._client.scatter(world, broadcast=True)

    def submit(self, task: Task[T]) -> Outcome[T]:
        future = self._client.submit(_performed, task, self._world, pure=False, retries=_TRIES)

        def outcome(seconds: float) -> T | None:
            from distributed import TimeoutError as Late

            try:
                found: T = future.result(timeout=seconds)
            except (Late, TimeoutError):
                return None
            return found

        return outcome

    def close(self) -> None:
        self._client.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise SettingsError("cluster_missing") from None
    try:
        return Client(address, timeout="5s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise SettingsError("cluster_unreachable", address=address, reason=str(error)[:200]) from None


@contextmanager
def workers_of(world: World, places: int | None, cluster: str = "") -> Iterator[Workers]:
    """Workers while the block runs. places: processes (None: one per core; 0: this process); cluster: the address of a Dask scheduler."""
    made: Workers = Cluster(world, cluster) if cluster else Here(world) if places == 0 else Processes(world, places)
    try:
        yield made
    finally:
        made.close()
