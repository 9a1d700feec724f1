"""Takes the commands of a person at the points of a search, and remembers at which."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from corpus.errors import RecommenderError
from corpus.language import Sentence
from recommender.journal import STEERED, Journal
from recommender.problem import Problem
from recommender.search.steering import Command, Steering, Wishes, command_again, command_told

_LOOK = 0.2  # seconds between looks
Obey = Callable[[Sequence[Command], Wishes], None]


class Helm:
    """obey: told of new commands and of the wishes they lead to; stop: asked while the search is paused."""

    def __init__(self, problem: Problem, steering: Steering, journal: Journal, obey: Obey, stop: Callable[[], bool]) -> None:
        self.wishes = Wishes.of(problem)
        self.refused: list[Sentence] = []
        self._problem = problem
        self._steering = steering
        self._journal = journal
        self._obey = obey
        self._stop = stop
        self._looked = 0.0
        self._passed: Counter[str] = Counter()

    def at(self, point: str) -> Wishes:
        """What holds at this point; while a person pauses the search it does not return.

        A point that is passed again has a name of its own, and so has every turn at which something was said.
        """
        self._passed[point] += 1
        here = point if self._passed[point] == 1 else f"{point}#{self._passed[point]}"
        turn = int(self._take(f"{here}/0", self._due()))
        while self.wishes.paused and not self._stop():
            if self._take(f"{here}/{turn}", True):
                turn += 1
            else:
                time.sleep(_LOOK)
        return self.wishes

    def _due(self) -> bool:
        """Whether it is time to look again: looking costs a query."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return False
        self._looked = now
        return True

    def _take(self, point: str, look: bool) -> bool:
        """Follow what was said at this point before, else what has been said since; look: whether to ask. Whether anything was said."""
        told = self._journal.find(STEERED, point)
        if told is None and look:
            told = [{"event": event, **command_told(command)} for event, command in self._steering.fresh()]
            if told:
                self._journal.write(STEERED, point, told)
        if told:
            self._follow([command_again(row) for row in told])
        return bool(told)

    def _follow(self, commands: Sequence[Command]) -> None:
        obeyed = []
        for command in commands:
            try:
                self.wishes = self.wishes.after(command, self._problem)
                obeyed.append(command)
            except RecommenderError as error:  # a command from elsewhere may not fit this problem
                self.refused.append(Sentence.of("note.steer_refused", verb=command.verb, text=command.text, reason=error.sentence))
        self._obey(obeyed, self.wishes)
