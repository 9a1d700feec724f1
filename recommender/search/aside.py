"""Evidence on the forms at the top, gathered by the workers of a search while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from recommender.assess import Findings, Fitted
from recommender.search.tasks import Judge
from recommender.search.workers import Outcome, Workers, waited


class Aside:
    """Judges one group of candidates at a time. assessments: the setting of that name; stop: asked while an outcome is waited for."""

    def __init__(self, workers: Workers, assessments: str, stop: Callable[[], bool]) -> None:
        self._workers = workers
        self._assessments = assessments
        self._stop = stop
        self._begun: tuple[Sequence[Fitted], Outcome[Findings]] | None = None

    def begin(self, finalists: Sequence[Fitted]) -> None:
        """Have these judged."""
        task = Judge(tuple((one.candidate, one.fit) for one in finalists), self._assessments)
        self._begun = finalists, self._workers.submit(task)

    def ended(self) -> tuple[Sequence[Fitted], Findings] | None:
        """Those judged since with what was found, waited for if need be; None if there are none, or on a stop."""
        if self._begun is None:
            return None
        (finalists, outcome), self._begun = self._begun, None
        found = waited(outcome, self._stop)
        return None if found is None else (finalists, found)
