"""Choosing rows to search on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommender.samples import Samples


def thinned(samples: Samples, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """About `count` rows drawn at random, never by stride (that would alias), with the ends of every column.

    The ends keep a root or a logarithm inside its domain on all rows, not only on those drawn.
    """
    drawn = rng.choice(len(samples), min(count, len(samples)), replace=False)
    ends = [end for values in samples.columns.values() for end in (int(np.argmin(values)), int(np.argmax(values)))]
    return np.union1d(drawn, np.array(ends, np.int64)).astype(np.int64)
