"""Levenberg-Marquardt through MINPACK (Moré 1978), the same to the last bit wherever its arrays lie in memory.

MINPACK is given one parameter more that nothing depends on, and one row more, both zero. The norms of columns that are nearly dependent
are renewed in its pivoted QR by a routine that, in the C translation of SciPy 1.17, reads one number beyond the last column: what happens
to lie there would choose the pivot. A column of zeros always comes last and is never renewed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from corpus.functions import Array


def levenberg_marquardt(
    residual: Callable[[Array], Array], jacobian: Callable[[Array], Array], start: Array, steps: int, tolerance: float = 1e-8
) -> Array:
    """The end point, shape (k,), of at most `steps` evaluations from start (k,).

    residual: (k,) -> (n,); jacobian: (k,) -> (n, k), n >= k. tolerance: relative, of the sum of squares, the step and the gradient.
    ValueError where the residual is not finite.
    """
    from scipy.optimize import least_squares

    found = least_squares(
        lambda x: np.append(residual(x[:-1]), 0.0),
        np.append(start, 0.0),
        lambda x: _bordered(jacobian(x[:-1])),
        method="lm",
        ftol=tolerance,
        xtol=tolerance,
        gtol=tolerance,
        max_nfev=steps,
    )
    return np.asarray(found.x[:-1])


def _bordered(matrix: Array) -> Array:
    rows, columns = matrix.shape
    out = np.zeros((rows + 1, columns + 1))
    out[:-1, :-1] = matrix
    return out
