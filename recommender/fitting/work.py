"""The budget of one fit, counted in work instead of time so that the same request gives the same answer.

Every evaluation is charged its nominal cost: seconds of one core of the reference machine (a 2023 server core, NumPy with
vector instructions), `NOMINAL_CALL` per NumPy call plus a fraction of a nanosecond to a few per element. A search stops when the
charges reach the budget, whatever the clock says; the thread's CPU clock is only a safety limit, `safety` times the budget away, and read
only once that much time has passed at all, for reading it is a system call.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from corpus import tree
from corpus.evaluate import Program
from corpus.implicit import relation
from corpus.tree import Node

NOMINAL_CALL = 1.5e-6
NOMINAL_ELEMENT = 0.45e-9
SAFETY = 2.0
GRACE = 1.0  # seconds: first imports, and a machine busy with other work
_USUAL = 4.0  # elements' worth of a function that NumPy computes with vector instructions
_DEAR = {"sin": 5.0, "cos": 5.0, "sinc": 8.0, "asin": 12.0, "acos": 12.0, "atanh": 8.0, "j0": 15.0, "j1": 15.0}
_DEAR |= {"erf": 22.0, "erfc": 22.0, "lgamma": 60.0, "wrightomega": 110.0, "lambertw": 350.0}


_ROOT, _ROOT_CALLS = 600.0, 500  # evaluations of its residual with all that stands around them


class Work:
    """Charges against a budget of nominal seconds; safety: of the clock, in budgets."""

    def __init__(self, budget: float, safety: float = SAFETY) -> None:
        self.budget = budget
        self.spent = 0.0
        self.evaluations = 0
        self._started = time.thread_time()
        self._limit = safety * budget + GRACE
        self._look_at = time.perf_counter() + self._limit

    def charge(self, calls: float, elements: float) -> None:
        """Count `calls` NumPy calls over `elements` elements in all."""
        self.spent += calls * NOMINAL_CALL + elements * NOMINAL_ELEMENT

    @contextmanager
    def part(self, share: float) -> Iterator[Work]:
        """At most `share` of the budget, of what is left of it, for one attempt."""
        attempt = Work(max(0.0, min(share * self.budget, self.budget - self.spent)))
        yield attempt
        self.spent += attempt.spent
        self.evaluations += attempt.evaluations

    @property
    def seconds(self) -> float:
        """CPU seconds of this thread since the start."""
        return time.thread_time() - self._started

    @property
    def clock_hit(self) -> bool:
        """Whether the safety limit was passed; from then on the answer depends on the machine."""
        now = time.perf_counter()
        if now < self._look_at:
            return False
        left = self._limit - self.seconds
        self._look_at = now + left if left > 0 else -math.inf
        return left <= 0

    def exhausted(self, share: float = 1.0) -> bool:
        """Whether `share` of the budget is spent."""
        return self.spent > share * self.budget or self.clock_hit


def program_cost(program: Program) -> tuple[int, float]:
    """(NumPy calls, weighted operations per element) of one evaluation of a program."""
    calls, weight = 0, 0.0
    for node in program.order:
        if node.parameters and node.args:
            calls += _ROOT_CALLS if node.op == "root" else max(1, len(node.args) - 1)
            weight += _weight(node) if node.variables else 0.0
    return calls, weight


def _weight(node: Node) -> float:
    if node.op in ("add", "mul"):
        return float(len(node.args) - 1)
    if node.op == "pow" and node.args[1].parameters and node.args[0].parameters:
        return 2.5 * _USUAL  # a logarithm, a product and an exponential
    if node.op == "root":
        return _ROOT * sum(_weight(part) for part in tree.walk(relation(node).residual) if part.args)
    return _DEAR.get(node.op, _USUAL)
