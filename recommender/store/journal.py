"""The journal of a run as events in the store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from queue import Queue
from typing import Any

from recommender.journal import PRIOR, STEERED, Blank
from recommender.store.records import Event as StoredEvent
from recommender.store.store import Store

Event = tuple[str, Mapping[str, Any]]
_MOST_UNWRITTEN = 64
KINDS = ("fit", "wave", "step", STEERED, PRIOR)
_GIVEN = (STEERED, PRIOR)  # to a run from outside


class Written:
    """The journal of a run in the store: an event for each outcome, on the disk when `write` returns, or soon after within `behind`."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._store = store
        self._run_id = run_id
        self._known = {(e.kind, e.payload["name"]): e.payload["outcome"] for e in store.events(run_id) if e.kind in KINDS}
        self._scribe: _Scribe | None = None

    def find(self, kind: str, name: str) -> Any | None:
        return self._known.get((kind, name))

    def write(self, kind: str, name: str, outcome: Any) -> None:
        if (kind, name) in self._known:
            return
        self._known[(kind, name)] = outcome
        event = (kind, {"name": name, "outcome": outcome})
        if self._scribe is None:
            self._store.append_event(self._run_id, *event)
        else:
            self._scribe.take(event)

    @contextmanager
    def behind(self) -> Iterator[None]:
        """Within it events are written by a thread, in order: the search does not wait for a disk that keeps up."""
        self._scribe = _Scribe(lambda event: self._store.append_event(self._run_id, *event))
        try:
            yield
        finally:
            scribe, self._scribe = self._scribe, None
            scribe.end()
        scribe.check()


class Commanded(Blank):
    """What a run on record was asked, at which points, and what it had been taught; nothing else is known of it, and nothing is kept."""

    def __init__(self, events: Iterable[StoredEvent]) -> None:
        told: dict[tuple[str, str], Any] = {(e.kind, str(e.payload["name"])): e.payload["outcome"] for e in events if e.kind in _GIVEN}
        self._told = told

    def find(self, kind: str, name: str) -> Any | None:
        return self._told.get((kind, name))


class _Scribe:
    """Writes in a thread of its own, at most `_MOST_UNWRITTEN` behind. A failure to write is raised at the next word, and at the end."""

    def __init__(self, put: Callable[[Event], object]) -> None:
        self._put = put
        self._waiting: Queue[Event | None] = Queue(_MOST_UNWRITTEN)
        self._trouble: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def take(self, event: Event) -> None:
        self.check()
        self._waiting.put(event)

    def check(self) -> None:
        if self._trouble is not None:
            raise self._trouble

    def end(self) -> None:
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                if self._trouble is None:
                    self._put(event)
            except Exception as error:  # raised where the run can say it
                self._trouble = error
