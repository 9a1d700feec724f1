"""A process of its own for reading documents, that is killed when it takes too long and cannot take all the memory."""

from __future__ import annotations

import contextlib
import multiprocessing
import sys
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from corpus.errors import EntryError, RecommenderError

MAX_MEMORY = 1_000_000_000  # bytes beyond what the process starts with
P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """Runs one task at a time in a process that starts with the first task. Use it in a `with` statement.

    seconds: how long each task may take; the process is then killed, and a new one serves the next task.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._pool: Any = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    def run(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the task returns. EntryError if it raises one, takes too long, or dies."""
        future = self._started().schedule(task, args=args, kwargs=kwargs, timeout=self.seconds)
        try:
            result: T = future.result()
        except RecommenderError:
            raise
        except FutureTimeout:
            raise EntryError("document_slow", seconds=f"{self.seconds:g}") from None
        except Exception as error:  # whatever a reader of foreign files dies of concerns this file only
            raise EntryError("document_crashed", reason=type(error).__name__) from None
        return result

    def _started(self) -> Any:
        if self._pool is None:
            from pebble import ProcessPool

            # a fork of a threaded process may inherit locked locks; a spawned one is clean but starts slower
            method = "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"
            self._pool = ProcessPool(1, context=multiprocessing.get_context(method), initializer=_limit_memory)
        return self._pool


def _limit_memory() -> None:
    """Nothing on systems that cannot limit a process."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + MAX_MEMORY, most))
