"""One number for all kinds of stability."""

from __future__ import annotations

import math
from collections.abc import Mapping

from corpus.language import Sentence
from recommender.assess._base import Evidence

KIND = "stability"
# What a form's coefficients do on other rows says most; being found again says least, for it depends on who searched.
WEIGHTS = {"bootstrap": 0.5, "selection": 0.15, "jitter": 0.15, "multiplicity": 0.15, "search": 0.05}
FLOOR = 0.05


def stability(parts: Mapping[str, Evidence]) -> Evidence:
    """The geometric mean of the parts that were judged, each at least FLOOR, with the WEIGHTS above: one weak part is not made good by
    the others, and no part alone decides. Numbers: the score of each part; the words name the part that takes most from it.
    """
    known = {kind: max(parts[kind].score, FLOOR) for kind in WEIGHTS if kind in parts}
    if not known:
        return Evidence(KIND, 0.0, Sentence.of("evidence.stability_unknown"))
    loss = {kind: -WEIGHTS[kind] * math.log(score) for kind, score in known.items()}
    score = math.exp(-sum(loss.values()) / sum(WEIGHTS[kind] for kind in known))
    weakest = Sentence.of(f"stability.{max(loss, key=lambda kind: loss[kind])}")
    words = Sentence.of("evidence.stability", percent=f"{100 * score:.0f}", weakest=weakest)
    return Evidence(KIND, score, words, {kind: parts[kind].score for kind in known})
