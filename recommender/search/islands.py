"""Islands that search side by side without generations: whoever is free takes the next step, and nobody waits for a language model.

Steps are numbered when they are planned and taken in, in that order, when they have ended; a step is planned from what the `AHEAD`-th step
before it has brought. So the workers always have steps to take, and yet what comes out depends on the seed alone: not on their number, nor
on who was faster. What language models answer is taken in between two steps, and the record says between which.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from recommender.assess import Fitted
from recommender.convergence import Convergence, Finds, is_still
from recommender.journal import Journal
from recommender.proposers import Proposal
from recommender.racing import Race
from recommender.search.island import PATIENCE, Island
from recommender.search.memory import Effect, Memory
from recommender.search.steering import Wishes
from recommender.search.tasks import Check, Child, Step, children_again, children_told
from recommender.search.workers import Outcome, Workers, waited

AHEAD = 12
MIGRATION = 10  # steps of an island between two visitors
_SETTLERS = 12
_KIND = "step"


class Host(Protocol):
    """The run that searches."""

    @property
    def race(self) -> Race:
        """Everyone's fits."""
        ...

    def stop(self) -> bool:
        """Whether to end with what there is."""
        ...

    def point(self, name: str) -> Wishes:
        """What a person wishes at this point of the search; returns when the search may go on."""
        ...

    def heard(self) -> Sequence[Proposal]:
        """What language models have answered since; those that are idle are asked again."""
        ...

    def met(self, proposal: Proposal) -> None:
        """A form was found."""
        ...

    def stepped(self, done: int, total: int) -> None:
        """A step was taken in."""
        ...


@dataclass(frozen=True)
class Plan:
    """How long and how wide to search. steps: of all islands together; islands: how many; mark: tells the names of this search's steps from
    those of others of the same run."""

    steps: int
    islands: int = 3
    mark: str = ""


Move = Step | Check


class Islands:
    """The search of one run; see the module. It ends when other rows count than at its beginning: its fits are not for them."""

    def __init__(self, host: Host, plan: Plan, seed: int, journal: Journal, workers: Workers, memory: Memory | None = None) -> None:
        self._host = host
        self._plan = plan
        self._seed = seed
        self._journal = journal
        self._workers = workers
        self._islands = [Island(i) for i in range(plan.islands)]
        self._finds = Finds()
        self._wishes = Wishes()
        self._queue: deque[tuple[Move, Outcome[list[Child]]]] = deque()
        self._planned = self._done = 0
        self._since = 0
        self._rows = host.race.problem.rows
        self.memory = memory or Memory()

    def run(self) -> None:
        """Search until the steps are taken, nothing moves any more, or the host says stop."""
        self._populate()
        with self._journal.behind():
            while not self._host.stop():
                self._steer()
                if self._host.race.problem.rows is not self._rows:
                    return
                self._gather()
                if not self._queue:
                    return
                task, outcome = self._queue.popleft()
                found = self._ended(task, outcome)
                if found is not None:
                    self._take_in(task, found)

    @property
    def convergence(self) -> Convergence:
        """How far it has come."""
        best = self._finds.best
        return Convergence(
            curves=tuple(tuple(island.curve) for island in self._islands),
            rediscovered=max(self._finds.seen[best] - 1, 0),
            islands=sum(best in island.members for island in self._islands),
            of=len(self._islands),
            since=self._since,
            steps=self._done,
            chance=self._finds.chance(),
            unseen=self._finds.unseen(),
            families=len(self._finds.good()),
            restarts=sum(island.restarts for island in self._islands),
            fixed=self._is_still,
        )

    # --- tasks ------------------------------------------------------------------------------------------------------------

    def _gather(self) -> None:
        """More tasks: what language models have said, and the islands' own steps."""
        self._queue.extend((task, self._begun(task)) for task in self._checks(self._host.heard()))
        self._plan_ahead()

    def _plan_ahead(self) -> None:
        """Steps for the workers, as long as any are to be taken."""
        while len(self._queue) < AHEAD and self._planned < self._plan.steps and not self._is_still:
            step = self._next_step()
            if step is None:
                return
            self._queue.append((step, self._begun(step)))

    def _next_step(self) -> Step | None:
        """One more step of the island whose turn it is; None if nobody has parents."""
        alive = [island for island in self._islands if island.members]
        if not alive:
            return None
        number, island = self._planned, alive[self._planned % len(alive)]
        rng = np.random.default_rng([self._seed, number])
        parents = [self._parent(key) for key in island.parents(rng)]
        self._planned += 1
        return Step(number, island.number, island.move(rng), (parents[0], parents[1]), self._wishes.forbidden)

    def _parent(self, key: str) -> Proposal:
        """A form with its fitted coefficients."""
        one = self._host.race.standing(key)
        assert one is not None  # only such live on an island
        return one.parent

    def _checks(self, proposals: Iterable[Proposal]) -> list[Check]:
        """Fits of forms that somebody proposed, or a person added."""
        return [Check(proposal) for proposal in proposals if self._host.race.standing(proposal.key) is None]

    def _begun(self, task: Move) -> Outcome[list[Child]]:
        told = self._journal.find(_KIND, self._plan.mark + task.name)
        if told is not None:
            return lambda seconds: children_again(told)  # noqa: ARG005
        return self._workers.submit(task)

    def _ended(self, task: Move, outcome: Outcome[list[Child]]) -> list[Child] | None:
        """What a task has given; None if the run is stopped before."""
        found = waited(outcome, self._host.stop)
        if found is not None:
            self._journal.write(_KIND, self._plan.mark + task.name, children_told(found))
        return found

    # --- what they bring --------------------------------------------------------------------------------------------------

    def _take_in(self, task: Move, found: Sequence[Child]) -> None:
        island = self._islands[task.island] if isinstance(task, Step) else self._islands[self._done % len(self._islands)]
        before, leader = island.best, self._finds.best
        for child in found:
            if self._wishes.welcome(child.proposal):
                self._settle(island, child, task.move if isinstance(task, Step) else "told")
        if isinstance(task, Step):
            self._done += 1
            island.learn(task.move, self._done, before)
            self._visit(island)
        self._since = 0 if self._finds.best != leader else self._since + 1
        self._host.stepped(self._done, self._plan.steps)

    def _settle(self, island: Island, child: Child, move: str) -> None:
        """A form enters the race and the island, and what its change did is remembered."""
        proposal, is_new = child.proposal, self._host.race.standing(child.proposal.key) is None
        fitted = self._host.race.meet(proposal, child.fit)
        self._host.met(proposal)
        bits = math.inf if fitted is None else self._host.race.score(proposal.key)
        self._remember(proposal, fitted, bits, move, is_new)
        if fitted is not None:
            self._finds.add(proposal.key, bits)
            island.settle(proposal.key, fitted.fit.formula, bits)

    def _remember(self, proposal: Proposal, fitted: Fitted | None, bits: float, move: str, is_new: bool) -> None:
        parent = self._host.race.standing(proposal.parent)
        if parent is not None and proposal.edit is not None:
            after = math.nan if fitted is None else fitted.train_share
            before = self._host.race.score(proposal.parent)
            self.memory.add(Effect(proposal.parent, proposal.key, proposal.edit, move, before, bits, parent.train_share, after, is_new))

    def _visit(self, island: Island) -> None:
        """Now and then the best form of the next island comes over; an island that has not moved for long begins again."""
        steps = sum(island.tries.values())
        if steps % MIGRATION == 0:
            other = self._islands[(island.number + 1) % len(self._islands)]
            if other.leader:
                self._move_in(island, [other.leader])
        if island.stagnant >= PATIENCE and not island.focus:
            self._begin_again(island)

    def _begin_again(self, island: Island) -> None:
        """Other forms than those it had, drawn from all that is known."""
        known = [one.candidate.key for one in self._host.race.fitted if one.candidate.key not in island.members]
        rng = np.random.default_rng([self._seed, self._done, island.number])
        drawn = sorted(rng.permutation(len(known))[:_SETTLERS].tolist())
        if drawn:
            best = island.leader
            island.members.clear()
            island.skeletons.clear()
            self._move_in(island, [best, *(known[i] for i in drawn)])
            island.stagnant, island.restarts = 0, island.restarts + 1

    def _populate(self) -> None:
        """The best of the race, dealt out in turn: every island gets the leader."""
        known = [one.candidate.key for one in self._host.race.fitted[: _SETTLERS * len(self._islands)]]
        for island in self._islands:
            self._move_in(island, dict.fromkeys([*known[:1], *known[island.number :: len(self._islands)]]))
            island.curve.append((0, island.best))
        for one in self._host.race.fitted:
            self._finds.add(one.candidate.key, self._host.race.score(one.candidate.key))

    def _move_in(self, island: Island, keys: Iterable[str]) -> None:
        for key in keys:
            one = self._host.race.standing(key)
            if one is not None and all(map(math.isfinite, one.fit.parameters.values())):
                island.settle(key, one.fit.formula, self._host.race.score(key))

    # --- steering ---------------------------------------------------------------------------------------------------------

    def _steer(self) -> None:
        """Obey what was asked since the last step."""
        wishes = self._host.point(f"{self._plan.mark}step:{self._done}:{len(self._queue)}")
        if wishes is self._wishes:
            return
        self._wishes = wishes
        alive = {one.candidate.key for one in self._host.race.fitted}  # the race knows who is welcome
        for island in self._islands:
            for key in [key for key in island.members if key not in alive]:
                island.leave(key)
        last = self._islands[-1]
        last.focus = wishes.focus
        if wishes.focus:
            self._move_in(last, [wishes.focus])
            last.stagnant = 0

    @property
    def _is_still(self) -> bool:
        return is_still([island.quiet for island in self._islands], 2 * PATIENCE, self._finds)
