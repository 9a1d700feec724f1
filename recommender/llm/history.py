"""What members are told of the run so far: the best forms, what editors may start from, and what each change of a form did.

A change is known by a proposal that names its `parent` and its `edit`, whoever made it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from recommender.assess import Fitted
from recommender.llm.evidence import Attempt
from recommender.llm.residual import residual_facts
from recommender.proposers import Proposal

BEST = 12
CHANGES = 8
PARENTS = 3


def attempts(fitted: Sequence[Fitted], held_out: Mapping[str, float]) -> tuple[Attempt, ...]:
    """Changes that led to none of the best, then the best, worst first; of the last PARENTS also what they leave over.

    fitted: all forms of a run, best first. held_out: NMSE of the rows held out, by canonical key, as far as it is known.
    """
    by_key = {one.candidate.key: one for one in fitted}
    best = [_attempt(one, by_key, held_out, place < PARENTS) for place, one in enumerate(fitted[:BEST])]
    changed = (one for one in fitted[BEST:] if _made(one, by_key) is not None)
    others = [replace(_attempt(one, by_key, held_out, False), key="") for one in islice(changed, CHANGES)]
    return (*others[::-1], *best[::-1])


def _attempt(one: Fitted, by_key: Mapping[str, Fitted], held_out: Mapping[str, float], starts: bool) -> Attempt:
    made, key = _made(one, by_key), one.candidate.key
    line = [key] if made is None else [key, made.parent]
    known = all(math.isfinite(held_out.get(each, math.nan)) for each in line)  # only finalists are judged by rows held out
    after, *before = [held_out[each] if known else by_key[each].train_share for each in line]
    text = one.fit.formula.rename(dict(one.problem.names)).text
    change = "" if made is None or made.edit is None else made.edit
    bound = one.fit.formula.bind(one.candidate.lead.known)
    rest = residual_facts(one.problem, bound, one.fit.parameters) if starts else ()
    return Attempt(text, change, before[0] if before else math.nan, after, residual=rest, key=key, held_out=known)


def _made(one: Fitted, by_key: Mapping[str, Fitted]) -> Proposal | None:
    """The first proposal of a form that changed another one."""
    changes: Iterator[Proposal] = (p for p in one.candidate.proposals if p.parent in by_key and p.parent != one.candidate.key)
    return next(changes, None)
