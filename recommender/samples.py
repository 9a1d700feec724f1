"""Rows as the fitter sees them: float arrays in SI base units, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corpus.functions import Array


@dataclass(frozen=True)
class Samples:
    """n rows: columns of shape (n,), the target of shape (n,), and its standard uncertainty of shape (n,) if known.

    up_to_scale: the uncertainties are known but for a common factor, which the residuals tell (weights).
    Every value is finite; whoever makes samples has dropped and reported the rows that are not.
    """

    columns: Mapping[str, Array]
    target: Array
    sigma: Array | None = None
    groups: NDArray[np.int64] | None = field(default=None)
    up_to_scale: bool = False

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Samples:
        """The rows of an index or mask."""
        return replace(
            self,
            columns={name: values[rows] for name, values in self.columns.items()},
            target=self.target[rows],
            sigma=None if self.sigma is None else self.sigma[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def weighted(self, factor: Array | float) -> Samples:
        """The same rows, their standard uncertainty (1 where none is known) times a factor."""
        sigma = np.ones(len(self)) if self.sigma is None else self.sigma
        return replace(self, sigma=sigma * factor)

    def with_target(self, target: Array) -> Samples:
        """The same rows with another target (bootstrap of residuals)."""
        return replace(self, target=target)
