"""Who is asked next: Thompson sampling on useful answers per cost, over pairs of member and role.

Of each arm are remembered how often an answer was useful (a Beta distribution; Thompson 1933) and what answers cost. A draw of usefulness
over the mean cost is the arm's worth; the arm of the largest worth is asked (budgeted bandits: Xia et al., IJCAI 2015). With the
probability FLOOR an arm is drawn evenly instead, so that no arm is given up for ever. What past runs saw enters discounted, as a prior.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

FLOOR = 0.15
MEMORY = 20.0  # calls of past runs that an arm's prior is worth at most
CALL_SECONDS = 1.0  # what every call costs beside its time: starting it, fitting what it gives
SECONDS_PER_DOLLAR = 600.0

Arm = tuple[str, str]


@dataclass
class Record:
    """calls asked, of which useful; cost: their sum, in seconds (see `cost_of`)."""

    calls: float = 0.0
    useful: float = 0.0
    cost: float = 0.0

    def add(self, useful: bool, seconds: float, dollars: float | None) -> None:
        """One more call."""
        self.calls += 1
        self.useful += useful
        self.cost += cost_of(seconds, dollars)

    def __add__(self, other: Record) -> Record:
        return Record(self.calls + other.calls, self.useful + other.useful, self.cost + other.cost)

    def faded(self) -> Record:
        """The same rates, worth MEMORY calls at most."""
        share = min(1.0, MEMORY / self.calls) if self.calls > 0 else 0.0
        return Record(self.calls * share, self.useful * share, self.cost * share)


def cost_of(seconds: float, dollars: float | None) -> float:
    """One number for what a call takes: its seconds, and its price at SECONDS_PER_DOLLAR (0 where it is not known)."""
    return CALL_SECONDS + max(seconds, 0.0) + SECONDS_PER_DOLLAR * max(dollars or 0.0, 0.0)


@dataclass
class Bandit:
    """Chooses arms (member, role) and learns from how they did. The same seed and the same outcomes give the same choices.

    arms: those of this run. past: what earlier runs saw, also of arms that are not in this one. Not safe for several threads.
    """

    arms: tuple[Arm, ...]
    seed: int = 0
    past: Mapping[Arm, Record] = field(default_factory=dict)
    seen: dict[Arm, Record] = field(default_factory=dict)
    draws: int = 0

    def choose(self, busy: Collection[Arm] = ()) -> Arm | None:
        """The arm to ask next, of those that are not busy; None if there is none."""
        free = [arm for arm in self.arms if arm not in busy]
        self.draws += 1
        rng = np.random.default_rng([self.seed, self.draws])
        if not free:
            return None
        if rng.random() < FLOOR:
            return free[int(rng.integers(len(free)))]
        return free[int(np.argmax([self._worth(arm, rng) for arm in free]))]

    def learn(self, arm: Arm, useful: bool, seconds: float, dollars: float | None = None) -> None:
        """One answer of an arm: useful if something of it survived to be ranked."""
        self.seen.setdefault(arm, Record()).add(useful, seconds, dollars)

    def rates(self) -> dict[Arm, tuple[float, float]]:
        """Of each arm the expected share of useful answers and the mean cost: to be shown, not hidden."""
        shares = ((arm, self._beta(arm)) for arm in self.arms)
        return {arm: (useful / (useful + useless), self._cost(arm)) for arm, (useful, useless) in shares}

    def _worth(self, arm: Arm, rng: np.random.Generator) -> float:
        return float(rng.beta(*self._beta(arm))) / self._cost(arm)

    def _known(self, arm: Arm) -> Record:
        """This run and the faded past of an arm together; an arm never met takes what its member or its role did elsewhere, lightly."""
        past = self.past[arm].faded() if arm in self.past else self._alike(arm)
        return past + self.seen.get(arm, Record())

    def _alike(self, arm: Arm) -> Record:
        others = [record.faded() for other, record in self.past.items() if other[0] == arm[0] or other[1] == arm[1]]
        calls = sum(record.calls for record in others)
        share = min(1.0, 2.0 / calls) if calls else 0.0
        return Record(calls * share, share * sum(r.useful for r in others), share * sum(r.cost for r in others))

    def _beta(self, arm: Arm) -> tuple[float, float]:
        known = self._known(arm)
        return 1.0 + known.useful, 1.0 + known.calls - known.useful

    def _cost(self, arm: Arm) -> float:
        """Mean cost of an arm; one not asked yet counts as the cheapest, so that it is tried."""
        known = self._known(arm)
        if known.calls > 0:
            return known.cost / known.calls
        costs = [record.cost / record.calls for record in (*self.seen.values(), *self.past.values()) if record.calls > 0]
        return min(costs, default=CALL_SECONDS)
