"""A target that the inputs do not explain."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from corpus.language import Sentence
from recommender.assess.guards._base import CERTAIN, SIGNIFICANT, Finding, Scene, usable
from recommender.assess.parsimony import saved_bits

STILL = 0.05


def unrelated(scene: Scene) -> bool:
    """No formula is worth its length, and no smoother sees more than chance would show it."""
    earned = any(usable(fitted) and saved_bits(fitted) > -np.log2(CERTAIN) for fitted in scene.finals)
    return not earned and scene.chance >= SIGNIFICANT


class Chance:
    """Smoothers of no form predict the target no better than they predict shuffled targets, and no formula is worth its length.

    A form that shortens the description of the target by b bits does so on shuffled rows with a chance of at most 2**-b (Rissanen
    1978), so the first formula settles it where the smoothers are blind (fast oscillations).
    """

    name = "chance"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.chance` with the p-value, or `guard.still` where the target hardly moves about its mean."""
        if not scene.shown or not unrelated(scene):
            return
        problem, p = scene.problem, scene.chance
        values = scene.values(problem.target)
        mean, spread = float(np.mean(values)), float(np.std(values))
        if spread < STILL * abs(mean):
            told = Sentence.of("guard.still", target=problem.target.name, mean=f"{mean:.6g}", spread=f"{spread:.2g}", p=f"{p:.2g}")
        else:
            told = Sentence.of("guard.chance", target=problem.target.name, p=f"{p:.2g}")
        yield Finding(told)
