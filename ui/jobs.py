"""Runs in the background: a page starts one, looks at it now and then, and may stop it.

Threads never touch Streamlit; they put what they have to say into a queue, which the page empties when it looks.
At most MAX_RUNNING runs compute at once; the others wait in line and know their place.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from corpus.errors import RecommenderError
from recommender.problem import Problem
from recommender.progress import Progress
from recommender.recommendation import Recommendation

MAX_RUNNING = 2
_STAGES = {
    "indexing": (0.0, 0.05),
    "proposing": (0.05, 0.1),
    "racing": (0.1, 0.3),
    "searching": (0.3, 0.6),
    "refining": (0.6, 0.8),
    "assessing": (0.8, 1.0),
    "ranking": (1.0, 1.0),
}
_log = logging.getLogger(__name__)


class Line:
    """A bounded number of places, given in the order of asking."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: list[object] = []
        self._changed = threading.Condition()

    def enter(self, who: object, gives_up: Callable[[], bool]) -> bool:
        """Wait for a place; False if `who` gave up before there was one (say so with `wake`)."""
        with self._changed:
            self._waiting.append(who)
            self._changed.wait_for(lambda: gives_up() or self._waiting.index(who) < self._places)
            if gives_up():
                self._waiting.remove(who)
                self._changed.notify_all()
                return False
            return True

    def wake(self) -> None:
        """Let those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def leave(self, who: object) -> None:
        with self._changed:
            self._waiting.remove(who)
            self._changed.notify_all()

    def place(self, who: object) -> int:
        """How many stand before `who`, itself counted; 0 if it has a place or has left."""
        with self._changed:
            return max(0, self._waiting.index(who) - self._places + 1) if who in self._waiting else 0


_line = Line(MAX_RUNNING)


@dataclass(eq=False)
class Job:
    """One run. `problem` may be read by anyone; the rest belongs to the page that started it."""

    problem: Problem
    limit: int = 5
    latest: Progress = field(default_factory=lambda: Progress("waiting", 0, 1))
    share: float = 0.0
    result: Recommendation | None = None
    error: RecommenderError | None = None
    trouble: str = ""
    stopped: bool = False
    cancelled: bool = False
    seconds: float = 0.0
    _news: queue.SimpleQueue[object] = field(default_factory=queue.SimpleQueue)
    _stop: threading.Event = field(default_factory=threading.Event)
    _started: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, problem: Problem, limit: int = 5) -> Job:
        """A run that is on its way."""
        job = cls(problem, limit)
        threading.Thread(target=job._work, name="formula-run", daemon=True).start()
        return job

    @property
    def is_finished(self) -> bool:
        return self.result is not None or self.error is not None or bool(self.trouble) or self.cancelled

    @property
    def place_in_line(self) -> int:
        """0 when it runs."""
        return _line.place(self)

    def stop(self) -> None:
        """End soon, with what there is; a run still in line is cancelled."""
        self.stopped = True
        self._stop.set()
        _line.wake()

    def look(self) -> None:
        """Take in what the run has said since the last look."""
        while not self._news.empty():
            self._take(self._news.get())
        if not self.is_finished:
            self.seconds = time.monotonic() - self._started

    def _take(self, news: object) -> None:
        if isinstance(news, Progress):
            best = news.best or self.latest.best
            self.latest = Progress(news.stage, news.done, news.total, best)
            self.share = max(self.share, _share(news))
        elif isinstance(news, Recommendation):
            self.result = news
        elif isinstance(news, RecommenderError):
            self.error = news
        elif news is None:
            self.cancelled = True
        else:
            self.trouble = str(news)

    def _work(self) -> None:
        """The thread: everything it finds, fails or meets goes into the queue."""
        from recommender.session import run

        if not _line.enter(self, self._stop.is_set):
            self._news.put(None)
            return
        try:
            self._news.put(run(self.problem, limit=self.limit, progress=self._news.put, stop=self._stop.is_set))
        except RecommenderError as error:
            self._news.put(error)
        except Exception as error:  # a person sees a sentence, the log keeps the traceback
            _log.exception("run failed")
            self._news.put(type(error).__name__)
        finally:
            _line.leave(self)


def _share(progress: Progress) -> float:
    """How much of the whole run is behind us, 0 to 1; racing may come twice, so the caller keeps the largest."""
    start, end = _STAGES.get(progress.stage, (0.0, 0.0))
    return start + (end - start) * progress.done / max(1, progress.total)
