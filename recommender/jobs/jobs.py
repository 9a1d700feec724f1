"""The order book: put in a question, look how it goes, say what you want of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from corpus.errors import JobError
from corpus.language import Sentence
from recommender.convergence import Convergence
from recommender.llm import Members, load_members
from recommender.problem import Problem
from recommender.recommendation import Recommendation
from recommender.repeat import asked_again
from recommender.search.steering import Command, Steered, command_again
from recommender.session import Options, kept_table, order
from recommender.store import ALIVE, RunRecord, RunSummary, Status, Store
from recommender.watching import STEER, News, as_steered, give, obeyed

MAX_WAITING = 20


@dataclass(frozen=True)
class Look:
    """A run at one moment.

    state: queued, running, paused, done, failed or stopped. place: in the line, 1 if it is next, 0 if it does not wait. stages: how far
    each stage is, (done, total). share: of the whole, 0 to 1, about. best: the best formula so far. interim: the latest ranking while it
    runs; result: the last one. commands: what people have asked, with the point of the search at which it was obeyed.
    """

    run_id: str
    state: Status
    place: int
    stages: Mapping[str, tuple[int, int]]
    stage: str
    share: float
    best: str
    seconds: float
    interim: Recommendation | None
    result: Recommendation | None
    error: Sentence | None
    commands: tuple[Steered, ...]

    @property
    def is_finished(self) -> bool:
        return self.state not in ALIVE

    @cached_property
    def convergence(self) -> Convergence | None:
        """How far the search has come; None before there is a ranking."""
        latest = self.result or self.interim
        return None if latest is None else latest.convergence


class Jobs:
    """Orders, looks and commands, all through one store; cheap to open. Use it as a context."""

    def __init__(self, store_url: str | None = None) -> None:
        self._store = Store.open(store_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._store.close()

    def submit(self, problem: Problem, options: Options | None = None, *, tenant: str | None = None, members: Members | None = None) -> str:
        """Put a question in the line; gives the id of the run. JobError if too many wait.

        members: language models that take part, None for those of the setting `members`.
        """
        waiting = self._store.waiting()
        if waiting >= MAX_WAITING:
            raise JobError("line_full", waiting=waiting)
        chosen = load_members() if members is None else members
        return order(self._store, problem, options or Options(), chosen, queued=True, tenant=tenant)

    def look(self, run_id: str, *, tenant: str | None = None) -> Look:
        """How a run goes. StoreError if there is none of that id, or it is another tenant's."""
        record = self._store.run(run_id, tenant)
        news = News.of(record)
        commands = self._commands(record)
        result = None if record.status != "done" or not record.result else Recommendation.from_dict(record.result)
        return Look(
            run_id=record.id,
            state=_state(record, commands),
            place=self._store.ahead(record.id),
            stages=news.stages,
            stage=news.stage,
            share=1.0 if record.status not in ALIVE else news.share,
            best=news.best,
            seconds=news.seconds,
            interim=news.ranking,
            result=result,
            error=self._error(record),
            commands=commands,
        )

    def steer(self, run_id: str, verb: str, text: str = "", *, author: str = "person", tenant: str | None = None) -> None:
        """Ask something of a run that has not ended. StoreError, JobError, ProblemError or FormulaError says why not."""
        record = self._store.run(run_id, tenant)
        if record.status not in ALIVE:
            raise JobError("run_ended", run=record.id[:8])
        if record.status == "queued" and verb == "stop":
            self._store.finish_run(record.id, "stopped", {})
            return
        give(self._store, record.id, Command.of(verb, text, self._problem(record)), author)

    def problem(self, run_id: str, *, tenant: str | None = None) -> Problem:
        """What a run was asked, with its table, the rows that count and the split as people have steered it."""
        record = self._store.run(run_id, tenant)
        return as_steered(self._store, record.id, self._problem(record))

    def runs(self, tenant: str | None = None, limit: int = 100) -> Sequence[RunSummary]:
        """The latest runs, newest first."""
        return self._store.runs(limit, tenant)

    def _problem(self, record: RunRecord) -> Problem:
        return asked_again(record, kept_table(self._store, record))

    def _commands(self, record: RunRecord) -> tuple[Steered, ...]:
        points = {int(row["event"]): str(row["point"]) for row in obeyed(self._store, record.id)}
        given = self._store.events(record.id, kind=STEER)
        return tuple(Steered(command_again(e.payload), e.author, e.time, e.seq, points.get(e.seq, "")) for e in given)

    def _error(self, record: RunRecord) -> Sentence | None:
        """Why a run has failed."""
        if record.status != "failed":
            return None
        failed = self._store.events(record.id, kind="failed")
        payload: Any = failed[-1].payload if failed else {}
        return Sentence.from_dict(payload["sentence"]) if "sentence" in payload else Sentence.of("note.run_failed", run=record.id[:8])


def _state(record: RunRecord, commands: Sequence[Steered]) -> Status:
    """The state of the record; a run whose last obeyed word was to pause is paused."""
    words = [one.command.verb for one in commands if one.point and one.command.verb in ("pause", "resume")]
    return "paused" if record.status == "running" and words[-1:] == ["pause"] else record.status
