"""The learned weights of the score and of the confidence, and where they come from."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from corpus.errors import SettingsError
from recommender.ranking.evidence_score import TRAITS

FILE = Path(__file__).with_name("weights.toml")
CLUES = ("odds", "pattern", "noise", "saved", "length")
PROVENANCE = ("command", "date", "sets", "laws", "digest", "seed", "versions")


@dataclass(frozen=True)
class Weights:
    """score: nats for one unit of each trait, none negative. confidence: log odds for one unit of each clue, and `constant`.

    provenance: the command that learned them, the date, how many sets and laws, the hash of the sets, the seed, versions.
    """

    score: Mapping[str, float]
    confidence: Mapping[str, float]
    provenance: Mapping[str, Any] = field(default_factory=dict)


@cache
def load(path: Path = FILE) -> Weights:
    """Read a weights file. SettingsError if it is missing, cannot be read, or a weight is missing or absurd."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        weights = Weights(_numbers(found["score"]), _numbers(found["confidence"]), found["provenance"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError("weights_broken", path=path, reason=f"{type(error).__name__}: {error}"[:200]) from None
    if wrong := _wrong(weights):
        raise SettingsError("weights_broken", path=path, reason=wrong)
    return weights


def _numbers(section: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in section.items()}


def _wrong(weights: Weights) -> str:
    """The first thing that is wrong, "" if nothing is."""
    for name, known, found in (
        ("score", TRAITS, weights.score),
        ("confidence", ("constant", *CLUES), weights.confidence),
        ("provenance", PROVENANCE, weights.provenance),
    ):
        if set(known) != set(found):
            return f"[{name}]: {', '.join(sorted(set(known) ^ set(found)))}"
    if any(not math.isfinite(value) for value in (*weights.score.values(), *weights.confidence.values())):
        return "nan"
    return next((f"[score] {name} < 0" for name, value in weights.score.items() if value < 0), "")


def written(weights: Weights) -> str:
    """The file that `load` reads."""
    lines = ["# Learned, not written by hand: see [provenance] for the command. What each means: recommender/ranking/evidence_score.py."]
    for name in ("provenance", "score", "confidence"):
        lines += ["", f"[{name}]", *(f"{key} = {_text(value)}" for key, value in getattr(weights, name).items())]
    return "\n".join([*lines, ""])


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else f'"{value}"' if isinstance(value, str) else f"{value}"
