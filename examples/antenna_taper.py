"""Which taper gives an antenna array low side lobes and wastes least of its aperture?

    make example-taper        # or: python examples/antenna_taper.py [--budget 20000] [--seed 1]

The excitation of 40 elements half a wavelength apart is a formula of their place x, -1 and 1 at the ends. The array factor is the discrete
Fourier transform of the excitations (Balanis, Antenna Theory, 4th ed., ch. 6), the side-lobe level its highest value beyond the first null,
and the taper efficiency |sum w|^2/(n sum w^2) what is left of the gain of an even excitation. Asked for is the highest efficiency with side
lobes of at most -30 dB: a loss and a constraint. Taylor's taper (1955, IRE Trans. Antennas Propag. 3:16) is given for comparison.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray
from scipy.signal.windows import taylor

from recommender.objective import ComputedObjective, Designs, Idea, optimise

Array = NDArray[np.float64]

ELEMENTS = 40
LEVEL = -30.0  # dB
DIRECTIONS = 2048
X = np.linspace(-1, 1, ELEMENTS)

TAPERS = (
    "a + (1 - a)*cos(pi*x/2)",  # cosine on a pedestal
    "a + (1 - a)*cos(pi*x/2)**2",  # Hamming's
    "exp(-b*x**2)",  # Gaussian
    Idea("(1 - x**2)**n + a", bounds={"n": (0.1, 20.0)}),  # parabolas on a pedestal
    "1 - b*abs(x)",  # triangular
)


def losses(tapers: Array) -> Array:
    """Share of the gain that the taper costs, shape (b,), of excitations of shape (b, ELEMENTS)."""
    return np.asarray(1 - tapers.sum(axis=1) ** 2 / (ELEMENTS * (tapers**2).sum(axis=1)))


def side_lobes(tapers: Array) -> Array:
    """Highest side lobe over the main lobe, dB, shape (b,)."""
    pattern = np.abs(np.fft.rfft(tapers, DIRECTIONS, axis=1))
    falling = np.diff(pattern, axis=1) < 0
    inside = np.logical_and.accumulate(falling, axis=1)  # of the main lobe: until the pattern first rises
    beyond = np.where(inside, 0.0, pattern[:, 1:]).max(axis=1)
    return np.asarray(20 * np.log10(np.maximum(beyond, 1e-12) / np.maximum(pattern[:, 0], 1e-12)))


def excess(tapers: Array) -> Array:
    """At most 0 where the side lobes are low enough; 1 is 10 dB too high."""
    return (side_lobes(tapers) - LEVEL) / 10


def objective() -> ComputedObjective:
    """Efficiency at a bounded side-lobe level."""
    return ComputedObjective(losses, {"x": X}, constraints=[excess], typical=(0.0, 1.0), matters=0.01)


def table(designs: Designs) -> str:
    """One line for each family, and Taylor's taper."""
    rows = [(f"#{d.rank} {d.text}", d.curve({"x": X}), d) for d in designs.designs]
    lines = [f"{'taper efficiency':>16} {'side lobes':>10} {'robust':>6}  formula"]
    for name, taper, design in rows:
        values = ", ".join(f"{key}={value:.4g}" for key, value in design.coefficients.items())
        lines.append(f"{_numbers(taper)} {design.robustness:6.2f}  {name}  ({values})")
    return "\n".join([*lines, f"{_numbers(taylor(ELEMENTS, nbar=5, sll=-LEVEL, norm=False))} {'':6}  Taylor's, five lobes"])


def _numbers(taper: Array) -> str:
    return f"{100 * (1 - losses(taper[None])[0]):15.2f}% {side_lobes(taper[None])[0]:7.1f} dB"


def main() -> Designs:
    """Search and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=int, default=20_000, help="curves that may be scored")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    start = time.perf_counter()
    found = optimise(objective(), TAPERS, budget=asked.budget, seed=asked.seed)
    print(table(found))
    print(f"\n{found.report()}\n{found.families} families, {found.evaluations} curves, {time.perf_counter() - start:.0f} s")
    return found


if __name__ == "__main__":
    main()
