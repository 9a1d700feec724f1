"""Whether probabilities are true: expected calibration error, and the reliability diagram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recommender.settings import home

BINS = 10
Pairs = Sequence[tuple[float, bool]]


def calibration_error(pairs: Pairs) -> float:
    """Mean over BINS equal bins, each counted by its size, of |mean probability - share that came true|; nan without pairs.

    Naeini, Cooper & Hauskrecht 2015, AAAI.
    """
    if not pairs:
        return math.nan
    return float(sum(count * abs(said - came) for said, came, count in bins(pairs)) / len(pairs))


def bins(pairs: Pairs) -> list[tuple[float, float, int]]:
    """(mean probability, share that came true, how many) of each bin that is not empty."""
    said, came = np.array([p for p, _ in pairs]), np.array([hit for _, hit in pairs], float)
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    return [
        (float(said[place == b].mean()), float(came[place == b].mean()), int(np.sum(place == b))) for b in range(BINS) if np.any(place == b)
    ]


def draw(pairs: Pairs, first: Pairs) -> Path:
    """The diagram as SVG, of all candidates shown and of the first ones, in the folder of the benches; says where."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="tight")
    axes = figure.add_subplot(xlabel="confidence", ylabel="share that is the law", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, found, colour in (("all shown", pairs, "#0072b2"), ("first", first, "#d55e00")):
        told = bins(found) if found else []
        axes.plot([x for x, _, _ in told], [y for _, y, _ in told], "o-", color=colour, label=f"{name} ({len(found)})")
        for x, y, count in told:
            axes.annotate(str(count), (x, y), textcoords="offset points", xytext=(4, 4), fontsize=7, color=colour)
    axes.legend(loc="upper left", frameon=False)
    path = home() / "bench" / "reliability.svg"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    return path
