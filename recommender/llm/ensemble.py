"""Several models asked at once, beside everything else: an event loop in a thread of its own, results as they come.

Life: `Talk` begins with a run and ends with it. `ask` starts a round and returns at once: every member that is not still answering is
asked once, nobody waits for anybody. `heard` gives what came since, in the order of asking, so that nothing depends on who was faster
within a round. A member that fails has said why; caps on calls, cost and seconds hold for the whole run.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, Self

from corpus.language import Language, Sentence
from recommender.context import Context
from recommender.llm._base import Chat, Member, Message, Read, Reply, Request
from recommender.llm.budget import Budget
from recommender.llm.client import Client
from recommender.llm.faults import scrubbed
from recommender.llm.members import Members
from recommender.llm.prompt import Attempt, build
from recommender.llm.reply import read_reply, to_proposals
from recommender.llm.roles import admitted, role_of
from recommender.llm.schema import REPLY_SCHEMA
from recommender.problem import Problem
from recommender.proposers._base import Proposal

_LOOK = 0.05  # seconds between looks while waiting
_FAREWELL = 5.0
_SHOWN = 3  # formulas a repair turn lists
Place = tuple[int, int, int]  # round, number of the member, turn: where an answer belongs
NOTHING = Read((), (), ())


@dataclass(frozen=True)
class Answer:
    """One call that came back. place: round, number of the member in the ensemble, turn (0 asked, 1 asked to mend); begun, ended: s, of one
    clock."""

    place: Place
    reply: Reply
    read: Read
    proposals: tuple[Proposal, ...]
    begun: float
    ended: float


class Plan(Protocol):
    """What a replayed run is held to: who was asked in which round, and what had been heard when."""

    def asks(self, round_: int, member: int) -> bool: ...

    def heard(self, point: int) -> Collection[Place]: ...


Stop = Callable[[], bool]
Sink = Callable[[Answer], None]
Hear = Callable[[int, Sequence[Answer]], None]


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Ensemble:
    """Who is asked and through what. sink: told of every call as it comes back; hear: told which answers were heard at which point."""

    members: Members
    chat: Chat
    sink: Sink | None = None
    hear: Hear | None = None
    plan: Plan | None = None

    @classmethod
    def of(cls, members: Members) -> Ensemble:
        """The members called through LiteLLM."""
        return cls(members, Client())


class Talk:
    """See the module. Use it as a context: at its end nothing is in flight."""

    def __init__(self, ensemble: Ensemble, problem: Problem) -> None:
        self._ensemble = ensemble
        self._problem = problem
        self._budget = Budget(ensemble.members.caps)
        self._lock = threading.Lock()
        self._came: dict[Place, Answer] = {}
        self._given: set[Place] = set()
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._round = self._point = 0
        self._begun = 0.0
        self._trouble: Exception | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="llm", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_FAREWELL)
        self._loop.close()

    def ask(self, context: Context, history: Sequence[Attempt] = (), known: Collection[str] = frozenset()) -> None:
        """Start a round. history: what was tried so far; known: canonical keys of it, which are no votes when they come back."""
        self._round += 1
        self._begun = self._begun or time.monotonic()
        turn = _Turn(self._round, context, tuple(history), frozenset(known))
        asyncio.run_coroutine_threadsafe(self._start(turn), self._loop).result()

    def heard(self, wait: bool = False, stop: Stop = _never) -> list[Answer]:
        """Answers that came since the last time; wait: until everyone has answered, at most as long as the cap on seconds."""
        self._point += 1
        awaited = None if self._ensemble.plan is None else self._ensemble.plan.heard(self._point)
        while not stop() and self._in_time() and self._pending(wait, awaited):
            time.sleep(_LOOK)
        if self._trouble is not None:
            raise self._trouble
        with self._lock:
            fresh = sorted(place for place in self._came if place not in self._given and (awaited is None or place in awaited))
            self._given |= set(fresh)
            answers = [self._came[place] for place in fresh]
        if self._ensemble.hear is not None:
            self._ensemble.hear(self._point, answers)
        return answers

    def _pending(self, wait: bool, awaited: Collection[Place] | None) -> bool:
        if awaited is not None:
            return any(place not in self._came for place in awaited) and bool(self._busy)
        return wait and bool(self._busy)

    def _in_time(self) -> bool:
        return time.monotonic() - self._begun < self._ensemble.members.caps.seconds

    async def _start(self, turn: _Turn) -> None:
        for number, member in enumerate(self._ensemble.members.members):
            plan = self._ensemble.plan
            if number not in self._busy if plan is None else plan.asks(turn.round, number):
                task = asyncio.create_task(self._converse(turn, number, member))
                self._busy[number] = task
                task.add_done_callback(lambda _, number=number: self._busy.pop(number, None))  # type: ignore[misc]

    async def _close(self) -> None:
        tasks = list(self._busy.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self, turn: _Turn, number: int, member: Member) -> None:
        """One member's part in a round: its answer, and once more what of it could not be read."""
        try:
            messages = await asyncio.to_thread(build, self._problem, turn.context, turn.history, member)
        except Exception as error:  # told, as everything that keeps a member from answering
            failure = Sentence.of("llm.failed", member=member.name, reason=scrubbed(f"{type(error).__name__}: {error}"))
            await self._record((turn.round, number, 0), Reply(Request(member, ()), "", attempts=0, failure=failure), turn)
            return
        request = Request(member, messages, REPLY_SCHEMA)
        read = await self._asked((turn.round, number, 0), request, turn)
        if read is not None and read[1].rejected and not read[1].offered:
            mend = replace(request, messages=(*messages, *_mending(member, *read)), purpose="repair")
            await self._asked((turn.round, number, 1), mend, turn)

    async def _asked(self, place: Place, request: Request, turn: _Turn) -> tuple[Reply, Read] | None:
        """A call within the caps; None if it was not made or failed."""
        refused = self._budget.take(request)
        if refused is not None:
            if self._budget.said(refused):
                await self._record(place, Reply(request, "", attempts=0, failure=refused), turn)
            return None
        reply = await self._within(request)
        self._budget.settle(request, reply)
        read = await self._record(place, reply, turn)
        return None if reply.failure is not None else (reply, read)

    async def _within(self, request: Request) -> Reply:
        """The reply before the run's time is over; a run that ends meanwhile is a reason too."""
        begun = time.monotonic()
        limit = self._ensemble.members.caps.seconds
        words = {"member": request.member.name, "limit": f"{limit:g}"}
        try:
            async with asyncio.timeout(max(0.0, self._begun + limit - begun)):
                return await self._ensemble.chat.ask(request)
        except TimeoutError:
            failure = Sentence.of("llm.cap_seconds", **words)
        except asyncio.CancelledError:
            failure = Sentence.of("llm.stopped", member=request.member.name)
        except Exception as error:  # a chat may be anyone's
            failure = Sentence.of("llm.failed", member=request.member.name, reason=scrubbed(f"{type(error).__name__}: {error}"))
        return Reply(request, "", seconds=time.monotonic() - begun, failure=failure)

    async def _record(self, place: Place, reply: Reply, turn: _Turn) -> Read:
        ended = time.monotonic()
        usable = reply.failure is None
        read, proposals = await asyncio.to_thread(self._read, reply, turn) if usable else (NOTHING, ())
        answer = Answer(place, reply, read, proposals, ended - reply.seconds, ended)
        try:
            if self._ensemble.sink is not None:
                await asyncio.to_thread(self._ensemble.sink, answer)
        except Exception as error:  # a record that cannot be kept ends the run, as everywhere
            self._trouble = error
        with self._lock:
            self._came[place] = answer
        return read

    def _read(self, reply: Reply, turn: _Turn) -> tuple[Read, tuple[Proposal, ...]]:
        """What a reply offers; a form that had been told is an echo."""
        member = reply.request.member
        read = read_reply(reply.text, self._problem)
        offered = (replace(one, echo=one.key in turn.known) for one in to_proposals(read, member, self._problem))
        return read, tuple(admitted(role_of(member.role), offered, turn.known))


@dataclass(frozen=True)
class _Turn:
    """What a round is asked."""

    round: int
    context: Context
    history: tuple[Attempt, ...]
    known: frozenset[str]


def _mending(member: Member, reply: Reply, read: Read) -> tuple[Message, Message]:
    """The answer again, and the exact reason why each formula cannot be read."""
    language: Language = "ja" if member.language == "ja" else "en"
    listed = "\n".join(f"- {text}\n  {reason.text(language)}" for text, reason in read.rejected[:_SHOWN])
    return Message("assistant", reply.text[:8000]), Message("user", Sentence.of("llm.repair", listed=listed).text(language))


def notes_of(answers: Sequence[Answer]) -> Iterator[Sentence]:
    """What a person is told of answers: failures, and formulas that stayed unusable."""
    for answer in answers:
        if answer.reply.failure is not None:
            yield answer.reply.failure
        elif answer.read.rejected:
            text, reason = answer.read.rejected[0]
            count = len(answer.read.rejected)
            yield Sentence.of("llm.unusable", member=answer.reply.request.member.name, count=count, text=text, reason=reason)


class Nobody:
    """A talk without members: asks nobody and hears nothing."""

    def ask(self, context: Context, history: Sequence[Attempt] = (), known: Collection[str] = frozenset()) -> None:
        del context, history, known

    def heard(self, wait: bool = False, stop: Stop = _never) -> list[Answer]:
        del wait, stop
        return []


@contextmanager
def talking(ensemble: Ensemble | None, problem: Problem) -> Iterator[Talk | Nobody]:
    """A talk while the block runs; without an ensemble one that is silent and costs nothing."""
    if ensemble is None or not ensemble.members.members:
        yield Nobody()
        return
    with Talk(ensemble, problem) as talk:
        yield talk


@dataclass(frozen=True)
class RecordedPlan:
    """A plan from what a record says: members by round, places by point."""

    asked: Mapping[int, Collection[int]]
    points: Mapping[int, Collection[Place]]

    def asks(self, round_: int, member: int) -> bool:
        return member in self.asked.get(round_, ())

    def heard(self, point: int) -> Collection[Place]:
        return self.points.get(point, ())
