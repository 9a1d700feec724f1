"""The source of a function that solves what `roots` solves, for those who take a formula away as a program of NumPy alone."""

from __future__ import annotations

ROOT_SOURCE = '''def _root(residual, low, high, branch=1):
    """The branch-th zero of residual(u) from low on (from high down if negative), NaN where there is none; by bisection."""
    with np.errstate(all="ignore"):
        shape = np.shape(residual(low) + low + high)
        low, high = (np.broadcast_to(np.asarray(end, float), shape) for end in (low, high))
        steps = np.linspace(0.0, 1.0, 33).reshape(-1, *[1] * len(shape))
        decades = np.abs(np.log(high / low))
        geometric = (decades > np.log(100.0)) & np.isfinite(decades)
        grid = np.where(geometric, low * (high / low) ** steps, low + (high - low) * steps)
        values = residual(grid) + 0.0 * grid
        for away, at in ((slice(None, -1), slice(1, None)), (slice(1, None), slice(None, -1))):
            edge = np.isnan(values[away]) & ~np.isnan(values[at])
            outer, inner = grid[away].copy(), grid[at].copy()
            for _ in range(60):
                full = grid.copy()
                full[away] = np.where(edge, (outer + inner) / 2, full[away])
                missing = np.isnan(residual(full) + 0.0 * full)[away]
                outer, inner = np.where(missing, full[away], outer), np.where(missing, inner, full[away])
            grid[away] = np.where(edge, inner, grid[away])
        values = residual(grid) + 0.0 * grid
        sign, size = np.sign(values), np.abs(values)
        change = np.concatenate([(sign[:-1] == 0) | (sign[:-1] * sign[1:] < 0), sign[-1:] == 0])
        change[1:-2] &= (sign[1:-2] == 0) | ~((size[1:-2] > size[:-3]) & (size[2:-1] > size[3:]))
        order = np.cumsum(change[:: 1 if branch > 0 else -1], axis=0)
        first = np.argmax(order >= abs(branch), axis=0)
        first = np.asarray(first if branch > 0 else 32 - first)[None]
        a = np.take_along_axis(grid, first, 0)[0]
        b = np.take_along_axis(grid, np.minimum(first + 1, 32), 0)[0]
        larger = np.fmax(np.abs(residual(a)), np.abs(residual(b)))
        side = np.sign(residual(a))
        for _ in range(200):
            u = (a + b) / 2
            same = np.sign(residual(u)) == side
            a, b = np.where(same, u, a), np.where(same, b, u)
        good = (order[-1] >= abs(branch)) & (np.abs(residual(b)) <= 1e-6 * larger)
        return np.where(good, b, np.nan)
'''
