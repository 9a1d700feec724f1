"""A target that does not move."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from corpus.language import Sentence
from recommender.assess.guards._base import ROUNDING, Finding, Scene, quantum

FEW_STEPS = 3
SMALL = 0.01


class FlatTarget:
    """The target's whole range is a rounding error: of double precision, or at most FEW_STEPS steps of its printed digits.

    A range above SMALL of the values themselves is a scale of few grades (0, 1, 2), not a constant.
    """

    name = "flat_target"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.flat_target` with the range in percent."""
        values = scene.values(scene.problem.target)
        size, reach = float(np.max(np.abs(values))), float(np.ptp(values))
        steps = FEW_STEPS * quantum(values) * (1 + 1e-6)
        if reach <= ROUNDING * size or (reach <= steps and reach <= SMALL * size):
            yield Finding(Sentence.of("guard.flat_target", target=scene.problem.target.name, percent=f"{100 * reach / size:.2g}"))
