"""A smooth stand-in for the unknown function: Gaussian process regression (Rasmussen & Williams 2006, ch. 2 and 5)."""

from __future__ import annotations

import warnings

import numpy as np

from corpus.functions import Array
from recommender.proposers.dimensional.data import Data

_DECADES = 30.0  # largest over smallest value from which a positive column is seen on a logarithmic scale
_STEP = 1e-3


class Surrogate:
    """A function of all columns fitted to the rows; `error` is its leave-one-out error over the standard deviation of the target."""

    def __init__(self, data: Data) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

        self.wide = np.array([bool(x.min() > 0 and x.max() > _DECADES * x.min()) for x in data.X])
        self.positive = bool(data.y.min() > 0 and data.y.max() > _DECADES * data.y.min())
        scaled = self._scaled(data.X)
        self.centre, self.width = scaled.mean(axis=1, keepdims=True), scaled.std(axis=1, keepdims=True)
        kernel = ConstantKernel(10.0, (1e-2, 1e6)) * RBF(np.full(len(data.X), 2.0), (1e-1, 1e3)) + WhiteKernel(1e-4, (1e-10, 1.0))
        self._model = GaussianProcessRegressor(kernel, normalize_y=True)
        goal = np.log(data.y) if self.positive else data.y
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound means that the column does not matter
            self._model.fit(self._inputs(data.X), goal)
        self.error = self._left_out(goal)

    def values(self, X: Array) -> Array:
        """The function at points of shape (k, m); shape (m,)."""
        found = self._model.predict(self._inputs(X))
        return np.asarray(np.exp(found) if self.positive else found)

    def slopes(self, X: Array) -> Array:
        """Derivatives by each column at points of shape (k, m), by central differences; shape (k, m)."""
        found = []
        for i, x in enumerate(X):
            step = _STEP * (np.abs(x) if self.wide[i] else np.full(len(x), float(np.ptp(x))))
            above, below = X.copy(), X.copy()
            above[i], below[i] = x + step, x - step
            found.append((self.values(above) - self.values(below)) / (2 * step))
        return np.array(found)

    def _scaled(self, X: Array) -> Array:
        return np.where(self.wide[:, None], np.log(np.where(self.wide[:, None], X, 1.0)), X)

    def _inputs(self, X: Array) -> Array:
        return np.asarray(((self._scaled(X) - self.centre) / self.width).T)

    def _left_out(self, goal: Array) -> float:
        """Leave-one-out error from the inverse of the covariance (Rasmussen & Williams, eq. 5.12)."""
        factor = np.linalg.inv(self._model.L_)
        inverse = factor.T @ factor
        rest = np.ravel(self._model.alpha_) / np.diag(inverse)
        return float(np.sqrt(np.mean(rest**2)) * np.std(goal) / np.std(goal))
