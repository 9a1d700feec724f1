"""The evidence score: what speaks against a candidate, in nats, each kind of evidence with a learned weight.

A trait is a cost (0 is best, more is worse), measured against the best of its set where only differences can tell. The score is their
weighted sum, smaller is better; exp(-score) is, up to a common factor, the chance that a candidate is the law (conditional logit:
McFadden 1974). Weights are learned on frozen candidate sets (`formula bench rank`) and never negative, so that better evidence never
lowers a place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.functions import Array
from recommender.assess import Evidence

ROWS_CAP = 120  # so that a large table does not make tiny differences decisive
# of a standard error of the best: what is within it is as good (Breiman et al. 1984 forgive a whole one; but errors on the same rows rise
# and fall together, and a whole one ranked worse)
FORGIVEN = 0.25
EXACT = 1e-13  # errors below are rounding
_WORST = 1e6
_LN2 = math.log(2)

STATISTICAL = ("held_out", "edge", "simplicity", "coefficients", "pattern", "stability", "selection")
DOMAIN = ("physics", "known_law", "agreement")
TRAITS = (*STATISTICAL, *DOMAIN)


@dataclass(frozen=True)
class Numbers:
    """What the score needs of one candidate; errors are NMSE in units of the rows' uncertainties.

    pattern: something is left in the residuals.
    """

    rows: int
    train: float
    held_out: float
    held_out_error: float
    edge: float
    model_bits: float
    parameters: float
    saved_bits: float
    bootstrap: float
    selection: float
    physics: float
    law: float
    votes: float
    pattern: bool

    @classmethod
    def of(cls, evidence: Mapping[str, Evidence], rows: int, status: str) -> Numbers:
        """From the evidence on a candidate, and the key of the sentence its fit ended with; a kind that was not judged counts as worst."""

        def number(kind: str, name: str, default: float) -> float:
            value = evidence[kind].numbers.get(name, default) if kind in evidence else default
            return default if math.isnan(value) else value

        held_out = number("accuracy", "held_out_weighted", math.inf)
        return cls(
            rows=rows,
            train=number("accuracy", "train_nmse", math.inf),
            held_out=_clip(held_out),
            held_out_error=number("accuracy", "held_out_error", 0.0),
            edge=_clip(number("edge", "edge_weighted", held_out)),
            model_bits=number("parsimony", "model_bits", 1e3),
            parameters=number("parsimony", "parameters", 20.0),
            saved_bits=-number("parsimony", "model_bits", 1e3) - number("parsimony", "residual_bits", 0.0),
            bootstrap=evidence["bootstrap"].score if "bootstrap" in evidence else 0.0,
            selection=evidence["selection"].score if "selection" in evidence else 0.0,
            physics=evidence["physics"].score if "physics" in evidence else 0.0,
            law=number("agreement", "law", 0.0),
            votes=number("agreement", "votes", 0.0),
            pattern=status == "fit.structured",
        )


def _clip(value: float) -> float:
    return min(max(value, EXACT), _WORST) if math.isfinite(value) else _WORST


def traits(candidates: Sequence[Numbers]) -> Array:
    """Costs, shape (candidates, len(TRAITS))."""
    if not candidates:
        return np.zeros((0, len(TRAITS)))
    least = min(candidates, key=lambda one: one.held_out)
    forgiven = least.held_out + FORGIVEN * (least.held_out_error if math.isfinite(least.held_out_error) else 0.0)
    edge = max(min(one.edge for one in candidates), forgiven)
    return np.array([_costs(one, forgiven, edge) for one in candidates])


def _gravity(nats: float) -> float:
    """Of an error exp(nats) times as large: near the best the root of the deviance, so that small differences are not everything; from a
    factor e on the deviance itself, so that nothing else, be it a known law, makes up for an error many times larger."""
    return max(math.sqrt(nats), nats)


def _costs(one: Numbers, held_out: float, edge: float) -> list[float]:
    n = min(one.rows, ROWS_CAP)
    costs = {
        "held_out": math.sqrt(n) * _gravity(max(0.0, math.log(one.held_out / held_out))),
        # rests on a few extreme rows, however large the table
        "edge": math.log1p(max(0.0, math.log(one.edge / edge))),
        "simplicity": one.model_bits * _LN2,
        "coefficients": one.parameters,
        "pattern": float(one.pattern),
        "stability": 1 - one.bootstrap,
        "selection": 1 - one.selection,
        "physics": -math.log(max(one.physics, 0.05)),
        "known_law": 1 - one.law,
        "agreement": 0.5 ** max(one.votes - 1, 0),
    }
    return [costs[name] for name in TRAITS]
