"""Several models asked at once, beside everything else: an event loop in a thread of its own, results as they come.

Life: `Talk` begins with a run and ends with it. `ask` starts a round and returns at once: of the members that are not still answering a
bandit chooses who is asked and in which role, nobody waits for anybody. `heard` gives what came since, in the order of asking, so that
nothing depends on who was faster within a round. A member that fails has said why; caps on calls, cost and seconds hold for the whole run.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import TracebackType
from typing import Self

from corpus.language import Language, Sentence
from recommender.context import Context
from recommender.llm._base import Chat, Member, Message, Read, Reply, Request
from recommender.llm.bandit import Arm, Bandit, Record
from recommender.llm.budget import Budget
from recommender.llm.client import Client
from recommender.llm.evidence import parents
from recommender.llm.faults import scrubbed
from recommender.llm.members import Members
from recommender.llm.prompt import Attempt, Parent, build
from recommender.llm.reply import read_reply, to_proposals
from recommender.llm.roles import admitted, role_of, roles_of
from recommender.llm.schema import REPLY_SCHEMA
from recommender.problem import Problem
from recommender.proposers._base import Proposal

_LOOK = 0.05  # seconds between looks while waiting
_FAREWELL = 5.0
_SHOWN = 3  # formulas a repair turn lists
_UNREAD = 6  # formulas that could not be read, told so that they are not said again
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


@dataclass(frozen=True)
class Plan:
    """What a run that is gone through again is held to, as its record says: roles by round and member that was asked, places by point at
    which they were heard. goes_on: behind the last of these it is free."""

    asked: Mapping[int, Mapping[int, str]]
    points: Mapping[int, Collection[Place]]
    goes_on: bool = False

    def asks(self, round_: int) -> Mapping[int, str] | None:
        """Roles of the members to be asked in a round, None if the record does not say."""
        return None if self._is_free(round_, self.asked) else self.asked.get(round_, {})

    def heard(self, point: int) -> Collection[Place] | None:
        """Places of the answers to be heard at a point, None if the record does not say."""
        return None if self._is_free(point, self.points) else self.points.get(point, ())

    def _is_free(self, number: int, recorded: Collection[int]) -> bool:
        return self.goes_on and number > max(recorded, default=0)


Stop = Callable[[], bool]
Sink = Callable[[Answer], None]
Hear = Callable[[int, Sequence[Answer]], None]


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Ensemble:
    """Who is asked and through what. sink: told of every call as it comes back; hear: told which answers were heard at which point; plan:
    of a run that is gone through again; past: what earlier runs saw of members in roles (see `recommender.llm.priors`)."""

    members: Members
    chat: Chat
    sink: Sink | None = None
    hear: Hear | None = None
    plan: Plan | None = None
    past: Mapping[Arm, Record] = field(default_factory=dict)

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
        self._bandit = Bandit(arms(ensemble.members), problem.seed, ensemble.past)
        self._over: set[int] = set()
        self._unjudged: list[Answer] = []
        self._unread: list[Attempt] = []
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

    def wanted(self) -> bool:
        """Whether anyone could be asked now; if not, the next round is over."""
        planned, everyone = self._planned(self._round + 1), range(len(self._ensemble.members.members))
        free = set(everyone) - {*self._busy, *self._over} if planned is None else planned
        self._round += not free
        return bool(free)

    def ask(self, context: Context, history: Sequence[Attempt] = (), known: Collection[str] = frozenset()) -> None:
        """Start a round. history: what was tried so far; known: canonical keys of all forms, which are no votes when they come back."""
        self._round += 1
        self._begun = self._begun or time.monotonic()
        self._learn({attempt.key for attempt in history if attempt.failure is None})
        turn = _Turn(self._round, context, (*self._unread[-_UNREAD:], *history), frozenset(known))
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
        self._unjudged += answers
        self._unread += [Attempt(text, failure=reason) for answer in answers for text, reason in answer.read.rejected]
        return answers

    def _learn(self, leading: Collection[str]) -> None:
        """What was heard has been raced by now. leading: keys of the best forms; an echo is nobody's merit."""
        for answer in self._unjudged:
            reply, member = answer.reply, answer.reply.request.member
            useful = any(one.key in leading and not one.echo for one in answer.proposals)
            if reply.attempts:
                self._bandit.learn((member.name, member.role), useful, reply.seconds, reply.cost)
        self._unjudged.clear()

    def _pending(self, wait: bool, awaited: Collection[Place] | None) -> bool:
        if awaited is not None:
            return any(place not in self._came for place in awaited) and bool(self._busy)
        return wait and bool(self._busy)

    def _in_time(self) -> bool:
        return time.monotonic() - self._begun < self._ensemble.members.caps.seconds

    async def _start(self, turn: _Turn) -> None:
        for number, role in self._chosen(turn):
            member = replace(self._ensemble.members.members[number], role=role)
            task = asyncio.create_task(self._converse(_for_member(turn, number, role), number, member))
            self._busy[number] = task
            task.add_done_callback(lambda _, number=number: self._busy.pop(number, None))  # type: ignore[misc]

    def _planned(self, round_: int) -> Mapping[int, str] | None:
        return None if self._ensemble.plan is None else self._ensemble.plan.asks(round_)

    def _chosen(self, turn: _Turn) -> Iterator[tuple[int, str]]:
        """Who is asked in this round, and in which role; the most promising first, for the caps may not reach the others."""
        planned = self._planned(turn.round)
        if planned is not None:
            yield from planned.items()
            return
        members = self._ensemble.members
        numbers = {member.name: number for number, member in enumerate(members.members)}
        out = {arm for arm in self._bandit.arms if numbers[arm[0]] in {*self._busy, *self._over}}
        out |= set() if turn.parents else _childless(self._bandit.arms)
        for _ in range(members.caps.together):
            arm = self._bandit.choose(out)
            if arm is None:
                return
            out |= {other for other in self._bandit.arms if other[0] == arm[0]}
            yield numbers[arm[0]], arm[1]

    async def _close(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}  # LiteLLM keeps some of its own
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _converse(self, turn: _Turn, number: int, member: Member) -> None:
        """One member's part in a round: its answer, and once more what of it could not be read."""
        try:
            messages = await asyncio.to_thread(build, self._problem, turn.context, turn.history, member, parent=turn.parent)
        except Exception as error:  # told, as everything that keeps a member from answering
            failure = Sentence.of("llm.failed", member=member.name, reason=scrubbed(f"{type(error).__name__}: {error}"))
            await self._record((turn.round, number, 0), Reply(Request(member, ()), "", attempts=0, failure=failure), turn)
            return
        request = Request(member, messages, REPLY_SCHEMA, names=symbols_of(self._problem))
        read = await self._asked((turn.round, number, 0), request, turn)
        if read is not None and read[1].rejected and not read[1].offered:
            mend = replace(request, messages=(*messages, *_mending(member, *read)), purpose="repair")
            await self._asked((turn.round, number, 1), mend, turn)

    async def _asked(self, place: Place, request: Request, turn: _Turn) -> tuple[Reply, Read] | None:
        """A call within the caps; None if it was not made or failed."""
        refused = self._budget.take(request)
        if refused is not None:
            self._over.add(place[1])
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
        offered = (replace(turn.changed(one), echo=one.key in turn.known) for one in to_proposals(read, member, self._problem))
        return read, tuple(admitted(role_of(member.role), offered, turn.known))


@dataclass(frozen=True)
class _Turn:
    """What a round is asked; parent: what one member is to change, None for those that change nothing."""

    round: int
    context: Context
    history: tuple[Attempt, ...]
    known: frozenset[str]
    parent: Parent | None = None

    @cached_property
    def parents(self) -> list[Parent]:
        return parents(self.history)

    def changed(self, proposal: Proposal) -> Proposal:
        """A proposal with the form it was made from, and the change in the member's words."""
        if self.parent is None:
            return proposal
        said = dict(proposal.why.values).get("reasoning", "")
        return replace(proposal, parent=self.parent.key, edit=Sentence.of("llm.edit", words=said))


def _for_member(turn: _Turn, number: int, role: str) -> _Turn:
    """The round for one member: members that change a form begin with different ones, and go on to the next in the next round."""
    if not role_of(role).needs_parent or not turn.parents:
        return turn
    return replace(turn, parent=turn.parents[(turn.round + number) % len(turn.parents)])


def arms(members: Members) -> tuple[Arm, ...]:
    """Every member in every role it may be asked in."""
    return tuple((member.name, role.name) for member in members.members for role in roles_of(member.role))


def symbols_of(problem: Problem) -> tuple[str, ...]:
    """The symbols of a problem, the target's first."""
    return (problem.target_symbol, *problem.names.values())


def _childless(every: Sequence[Arm]) -> set[Arm]:
    """Arms that need a form to change, of members that can be asked in another role."""
    needing = {arm for arm in every if role_of(arm[1]).needs_parent}
    others = {member for member, role in every if (member, role) not in needing}
    return {arm for arm in needing if arm[0] in others}


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

    def wanted(self) -> bool:
        return False

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
