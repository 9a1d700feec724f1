"""Talking to a language model beside the page: it thinks in a thread of its own, which touches nothing of the page."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from corpus.errors import RecommenderError
from corpus.language import Language, text
from recommender.llm import Member
from recommender.llm.discuss import Discussion, Said

_SENTENCE = 10  # letters that are no accident
_AT_ONCE = 4  # models that think, for all sessions together
_log = logging.getLogger(__name__)
_thinkers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="talker")


@dataclass(frozen=True)
class Answered:
    """note: what the answer rests on."""

    asked: str
    answer: str
    note: str = ""


class Talker:
    """A model in one dialogue; at most one question at a time."""

    def __init__(self, discussion: Discussion, member: Member) -> None:
        self.discussion, self.member = discussion, member
        self._talk: Callable[[str], Said] | None = None
        self._future: Future[Answered] | None = None
        self._since, self._asked = 0.0, ""

    @property
    def is_busy(self) -> bool:
        return self._future is not None

    @property
    def asked(self) -> str:
        """The question that waits for its answer, "" if none does."""
        return self._asked if self.is_busy else ""

    @property
    def seconds(self) -> float:
        """Since the question was asked."""
        return time.monotonic() - self._since

    def ask(self, words: str, language: Language) -> None:
        """Returns at once; `take` has the answer when there is one."""
        self._since, self._asked = time.monotonic(), words
        self._future = _thinkers.submit(self._answered, words, language)

    def take(self) -> Answered | None:
        """The answer, once; None while there is none."""
        if self._future is None or not self._future.done():
            return None
        found, self._future = self._future.result(), None
        return found

    def let_go(self) -> None:
        """Wait no longer; an answer that comes late is dropped."""
        if self._future is not None:
            self._future.cancel()
        self._future, self._talk = None, None

    def _agent(self) -> Callable[[str], Said]:
        """Made with the first question: its libraries take seconds to load."""
        if self._talk is None:
            from recommender.llm.client import chat_model
            from recommender.llm.discuss import agent

            self._talk = agent(self.discussion, chat_model(self.member))
        return self._talk

    def _answered(self, words: str, language: Language) -> Answered:
        """What goes wrong is a sentence."""
        try:
            said = self._agent()(words)
        except RecommenderError as error:
            return Answered(words, error.text(language))
        except Exception as error:  # a model's library may raise anything
            _log.exception("dialogue failed")
            return Answered(words, _why(error, self.member, language), text("ui_refine.go_on", language))
        if not said.words:
            return Answered(words, text("llm.empty", language, member=self.member.name), text("ui_refine.go_on", language))
        kept = without_repetition(said.words)
        cut = "" if kept == said.words else text("ui_refine.repeated", language, name=self.member.name)
        return Answered(words, kept, f"{_rests_on(said, self.member, language)} {cut}".strip())


def without_repetition(words: str) -> str:
    """An answer up to where it begins to say the same sentence again, as small models do without end."""
    seen: set[str] = set()
    kept: list[str] = []
    for sentence in re.split(r"(?<=[。．.!?！？\n])", words):
        bare = sentence.strip()
        if len(bare) >= _SENTENCE and bare in seen:
            return "".join(kept).strip() + " …"
        seen.add(bare)
        kept.append(sentence)
    return words


def _why(error: Exception, member: Member, language: Language) -> str:
    """The sentence for a call that failed."""
    from recommender.llm.faults import told

    if isinstance(error, RecursionError):
        return text("ui_refine.in_circles", language, name=member.name)
    return asyncio.run(told(error, member)).sentence.text(language)


def _rests_on(said: Said, member: Member, language: Language) -> str:
    """Which tools were used; where none was, that nothing of it was checked."""
    if said.used:
        return text("ui_refine.used", language, name=member.name, tools=", ".join(dict.fromkeys(said.used)))
    return text("ui_refine.unchecked", language, name=member.name)
