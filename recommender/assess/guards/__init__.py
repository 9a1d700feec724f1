"""Guards: one file for each way in which a table or a formula deceives (see `_base`)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from recommender.assess.guards._base import Finding, Guard, Scene
from recommender.assess.guards.chance import Chance
from recommender.assess.guards.few_rows import FewRows, Overfull
from recommender.assess.guards.flat import FlatTarget
from recommender.assess.guards.ignored import IdleInput, IgnoredInput
from recommender.assess.guards.leak import Leak
from recommender.assess.guards.overfit import Overfit
from recommender.assess.guards.repeated import RepeatedRows
from recommender.assess.guards.tied import TiedForms, TiedInputs
from recommender.assess.guards.trivial import Constant, Identity
from recommender.assess.guards.unit_mistake import UnitMistake

TABLE_GUARDS: tuple[Guard, ...] = (Leak(), FlatTarget(), RepeatedRows(), TiedInputs(), FewRows())
FORM_GUARDS: tuple[Guard, ...] = (
    Chance(),
    UnitMistake(),
    IgnoredInput(),
    IdleInput(),
    Identity(),
    Constant(),
    Overfull(),
    Overfit(),
    TiedForms(),
)


def look(guards: Sequence[Guard], scene: Scene) -> tuple[Finding, ...]:
    """What these guards find, in their order. Values too large to square count as what they overflow to."""
    with np.errstate(all="ignore"):
        return tuple(chain.from_iterable(guard.check(scene) for guard in guards))


__all__ = ["FORM_GUARDS", "TABLE_GUARDS", "Finding", "Guard", "Scene", "look"]
