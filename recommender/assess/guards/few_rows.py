"""Fewer rows than the inputs need, and more coefficients than the rows can carry."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from corpus.language import Sentence
from recommender.assess.guards._base import Finding, Scene

PER_COEFFICIENT = 2  # below this, fewer rows are left to check the coefficients than there are coefficients
PLAINEST = 1.5  # the same for the plainest law, whose form is taken for granted: half as many


def distinct_points(scene: Scene) -> int:
    """Rows with different inputs: repeats do not tell one form from another."""
    return len(np.unique(np.column_stack([*scene.problem.samples.columns.values()]), axis=0))


class FewRows:
    """Even the plainest law has an offset and a slope for each input; with few more different rows than these, anything fits."""

    name = "few_rows"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.few_rows` with how many rows there are and how many it takes."""
        inputs, points = len(scene.columns), distinct_points(scene)
        needed = math.ceil(PLAINEST * (inputs + 1))
        if points < needed:
            yield Finding(Sentence.of("guard.few_rows", rows=points, inputs=inputs, needed=needed))


class Overfull:
    """A formula with less than two different rows for each fitted coefficient."""

    name = "overfull"

    def check(self, scene: Scene) -> Iterable[Finding]:
        """`guard.overfull` with coefficients and rows."""
        points = distinct_points(scene)
        for fitted in scene.shown:
            if points < PER_COEFFICIENT * len(fitted.free):
                yield Finding(Sentence.of("guard.overfull", parameters=len(fitted.free), rows=points), fitted)
