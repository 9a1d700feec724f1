"""Structure searches side by side, each in a process of its own, their proposals as they come.

A search that fails is reported as a value; one that is stopped has given what it gave. Proposals are told apart by their search
and their number in it, so that the whole does not depend on who was faster. Searches behind the first one, in their order, that finds a
form through all rows do not count: once those before it have ended too, nobody waits for them.
"""

from __future__ import annotations

import multiprocessing
import queue
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from corpus.errors import RecommenderError
from corpus.language import Sentence
from recommender.context import Context
from recommender.fitting import is_rounding
from recommender.problem import Problem
from recommender.processes import end_with_parent, start_method
from recommender.progress import Stop
from recommender.proposers import Proposal, Proposer
from recommender.racing import is_no_accident

_LOOK = 0.1  # seconds between looks at the queue


@dataclass(frozen=True)
class Found:
    """What search number `search` said as its `number`-th word: a proposal, or why there will be no more.

    is_exact: the proposal leaves nothing to search for: with few coefficients it goes through all rows.
    """

    search: int
    number: int
    proposal: Proposal | None = None
    failure: Sentence | None = None
    is_exact: bool = False


@dataclass(frozen=True)
class Question:
    """What every search is asked."""

    problem: Problem
    context: Context
    history: tuple[Proposal, ...]


def failure(proposer: Proposer, error: Exception) -> Sentence:
    """A note that a proposer failed."""
    reason = error.sentence if isinstance(error, RecommenderError) else f"{type(error).__name__}: {error}"[:200]
    return Sentence.of("note.proposer_failed", name=proposer.name, reason=reason)


def search(searches: Sequence[Proposer], question: Question, workers: int | None, stop: Stop) -> Iterator[Found]:
    """Everything the searches find; workers: how many run at once (None: one per core; 0: one after the other in this process)."""
    if workers == 0:
        yield from _in_turn(searches, question, stop)
        return
    crowd = _Crowd(searches, question, workers or multiprocessing.cpu_count())
    try:
        yield from crowd.listen(stop)
    finally:
        crowd.end()


def counted(heard: Sequence[Found]) -> list[Found]:
    """What counts of what was heard, in order."""
    last = min((found.search for found in heard if found.is_exact), default=sys.maxsize)
    return sorted((found for found in heard if found.search <= last), key=lambda found: (found.search, found.number))


def _in_turn(searches: Sequence[Proposer], question: Question, stop: Stop) -> Iterator[Found]:
    for place, one in enumerate(searches):
        is_exact = False
        for found in _heard(place, one, question):
            yield found
            is_exact |= found.is_exact
            if stop():
                return
        if is_exact:
            return


def _heard(place: int, one: Proposer, question: Question) -> Iterator[Found]:
    number = 0
    try:
        proposals = iter(one.propose(question.problem, question.context, question.history))
        while (proposal := _next(proposals)) is not None:
            yield Found(place, number, proposal, is_exact=_is_exact(proposal, question.problem))
            number += 1
    except Exception as error:  # a proposer may be anyone's
        yield Found(place, number, failure=failure(one, error))


def _is_exact(proposal: Proposal, problem: Problem) -> bool:
    samples, values = problem.samples, {**proposal.known, **proposal.starts}
    free = len(proposal.formula.parameters) - len(proposal.known)
    if not values.keys() >= set(proposal.formula.parameters) or not is_no_accident(free, len(samples)):
        return False
    with np.errstate(all="ignore"):
        residual = (samples.target - proposal.formula.evaluate(samples.columns, values)) / (1.0 if samples.sigma is None else samples.sigma)
        return is_rounding(float(residual @ residual), samples)


@np.errstate(all="ignore")  # overflow on the way is judged by its outcome
def _next(proposals: Iterator[Proposal]) -> Proposal | None:
    return next(proposals, None)


class _Crowd:
    """Processes that search, at most `places` at a time, and the queue they speak into."""

    def __init__(self, searches: Sequence[Proposer], question: Question, places: int) -> None:
        self._make: Any = multiprocessing.get_context(start_method(__name__))
        self._words: Any = self._make.Queue()
        self._searches = searches
        self._waiting = list(range(len(searches)))
        self._running: dict[int, BaseProcess] = {}
        self._last = sys.maxsize  # search that counts
        self._question = question
        self._places = places

    def listen(self, stop: Stop) -> Iterator[Found]:
        """Words of all, until everyone who counts has ended or is told to."""
        self._fill()
        while self._awaited() and not stop():
            try:
                word = self._words.get(timeout=_LOOK)
            except queue.Empty:
                yield from self._dead()
                continue
            if isinstance(word, Found):
                self._last = min(self._last, word.search) if word.is_exact else self._last
                yield word
            else:
                self._ended(word)

    def _awaited(self) -> bool:
        """Whether anyone who counts is still at it."""
        return any(place <= self._last for place in (*self._running, *self._waiting))

    def end(self) -> None:
        """Nobody is left behind."""
        for process in self._running.values():
            process.terminate()
            process.join()
        self._words.cancel_join_thread()
        self._words.close()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._places:
            place = self._waiting.pop(0)
            process = self._make.Process(target=_speak, args=(self._words, place, self._searches[place], self._question), daemon=True)
            process.start()
            self._running[place] = process

    def _ended(self, place: int) -> None:
        self._running.pop(place).join()
        self._fill()

    def _dead(self) -> Iterator[Found]:
        """Those that ended without a word, the queue being empty."""
        for place, process in list(self._running.items()):
            if process.exitcode:
                self._ended(place)
                yield Found(place, sys.maxsize, failure=failure(self._searches[place], OSError(f"exit status {process.exitcode}")))


def _speak(words: Any, place: int, one: Proposer, question: Question) -> None:
    """A search process: one numeric thread; its last word is its place."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(1)
    end_with_parent()
    for found in _heard(place, one, question):
        words.put(found)
    words.put(place)
