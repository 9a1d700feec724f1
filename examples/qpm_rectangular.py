"""Which poling makes the second-harmonic spectrum of a quasi-phase-matched crystal a rectangle?

    make example-qpm          # or: python examples/qpm_rectangular.py [--budget 24000] [--seed 1] [--out build]

There is no table: a formula for the local wave number K of the grating along the crystal gives the domain walls, the walls give the
spectrum, and the spectrum gives a loss. `ComputedObjective` takes that chain as it stands; `optimise` finds families of formulas for K,
those below and edits of them. Written are build/qpm_rectangular.png, .json and .txt.

Physics: low depletion, plane waves. The second-harmonic amplitude is the Fourier integral of the sign d(z) = ±1 of the nonlinearity
(Fejer, Magel, Jundt & Byer 1992, IEEE J. Quantum Electron. 28:2631),

    A(dk) = integral_0^L d(z) exp(-i dk z) dz = sum over domains, each integrated in closed form from wall to wall.

Where K(z) sweeps slowly through a band of width B, stationary phase gives |A|^2 = (2/pi)^2 2 pi / |K'| (Charbonneau-Lefort, Afeyan & Fejer
2008, J. Opt. Soc. Am. B 25:463), so an endless linear chirp that spends the length L on the band would give a rectangle of height
(2/pi)^2 2 pi L/B: the ideal. A chirp that begins and ends abruptly ripples; one that leaves the band steeply wastes little and ripples
less. By Parseval's theorem no design of full duty cycle has a larger area in its first-order band than the ideal.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommender.objective import ComputedObjective, Design, Designs, Idea, each, optimise
from recommender.progress import Progress

Array = NDArray[np.float64]

LENGTH = 25e3  # um
PERIOD = 19.0  # um, about what SHG of 1.55 um light asks of lithium niobate
BAND = 0.064  # rad/um, full width of the band in phase mismatch
NARROWEST, WIDEST = 3.0, 40.0  # um, domains that can be poled
POINTS = 2001
BLOCK = 16

K0 = 2 * np.pi / PERIOD
IDEAL = (2 / np.pi) ** 2 * 2 * np.pi * LENGTH / BAND  # um^2
U = np.linspace(-1, 1, POINTS)  # position, -1 and 1 at the ends of the crystal
Z = LENGTH * (U + 1) / 2

FAMILIES = (
    "a*u",  # linear chirp
    "a*u + b*u**2",  # quadratic
    "a*u + b*u**3",  # cubic
    "a*tanh(b*u)",  # flat at the ends
    Idea("a*u + b*u*abs(u)**n", bounds={"n": (1.0, 200.0)}),  # a power law that steepens the ends
)


# --- physics ----------------------------------------------------------------------------------------------------------------


def wave_number(detuning: Array) -> Array:
    """K along the crystal, rad/um, from a formula's values in units of the band."""
    return np.asarray(K0 + BAND * detuning)


def walls(detuning: Array) -> Array:
    """Positions of the domain walls, both faces of the crystal included, um: where the phase of the grating is a multiple of pi."""
    k = wave_number(detuning)
    phase = np.concatenate([[0.0], np.cumsum((k[1:] + k[:-1]) / 2 * np.diff(Z))])
    inner = np.interp(np.pi * np.arange(1, int(phase[-1] / np.pi) + 1), phase, Z)
    return np.concatenate([[0.0], inner[inner < LENGTH], [LENGTH]])


def spectrum(wall: Array, mismatch: Array) -> Array:
    """|A|^2 in units of the ideal at equidistant mismatches (a multiple of BLOCK of them), rad/um.

    A domain from a to b of sign s adds s (exp(-i dk a) - exp(-i dk b))/(i dk), so a wall counts by the jump of the sign there. The sums
    over the walls for all mismatches are one matrix product: exp(-i (coarse + fine) z) = exp(-i coarse z) exp(-i fine z).
    """
    jumps = 2.0 * (-1.0) ** np.arange(wall.size)
    jumps[[0, -1]] /= 2
    step = mismatch[1] - mismatch[0]
    fine = _powers(jumps * np.exp(-1j * mismatch[0] * wall), np.exp(-1j * step * wall), BLOCK)
    coarse = _powers(np.ones(wall.size), np.exp(-1j * BLOCK * step * wall), mismatch.size // BLOCK)
    amplitude = (coarse @ fine.T).ravel() / mismatch
    return np.asarray(np.abs(amplitude) ** 2 / IDEAL, float)


def _powers(first: NDArray[np.generic], base: NDArray[np.complex128], count: int) -> NDArray[np.complex64]:
    """first * base**0, first * base**1, ..., shape (count, n); multiplied in double, kept in single precision."""
    out, value = np.empty((count, base.size), np.complex64), first.astype(complex)
    for row in out:
        row[:] = value
        value *= base
    return out


def mismatches(width: float, per_cell: int) -> Array:
    """Mismatches over `width` bands about the middle, `per_cell` for each 2 pi/L."""
    count = int(np.ceil(width * BAND * LENGTH / (2 * np.pi) * per_cell / BLOCK)) * BLOCK
    return np.asarray(K0 + width * BAND * np.linspace(-0.5, 0.5, count))


# --- the objective ------------------------------------------------------------------------------------------------------------

_IN_BAND = mismatches(1.0, 2)


def loss(detuning: Array) -> float:
    """Ripple inside the band plus the share of the ideal that is lost."""
    inside = spectrum(walls(detuning), _IN_BAND)
    return float(np.ptp(inside) / inside.mean() + 1 - inside.mean())


def poling(detunings: Array) -> Array:
    """At most 0 where every domain can be poled, shape (b, 2)."""
    k = wave_number(detunings)
    return np.stack([k.max(axis=1) * NARROWEST / np.pi - 1, 1 - k.min(axis=1) * WIDEST / np.pi], axis=1)


def objective() -> ComputedObjective:
    """The chain from a formula's values to a loss, and what can be made."""
    return ComputedObjective(each(loss), {"u": U}, constraints=[poling], typical=(-0.5, 0.5), matters=0.05)


# --- what is reported -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quality:
    """A design's spectrum, sampled finely.

    ripple: peak to peak over mean, in the whole band. share: mean in the band over the ideal. width: full width at half the mean, in bands.
    edge: 10-90 % width of the wider edge, in bands.
    """

    ripple: float
    share: float
    width: float
    edge: float

    @property
    def product(self) -> float:
        """Efficiency times bandwidth (full width at half maximum), over that of the ideal linear chirp."""
        return self.share * self.width


def quality(detuning: Array) -> Quality:
    """Measured on 16 mismatches for each 2 pi/L."""
    mismatch = mismatches(2.0, 16)
    x, s = (mismatch - K0) / BAND, spectrum(walls(detuning), mismatch)
    inside = s[np.abs(x) <= 0.5]
    mean = float(inside.mean())
    left, right = (_crossings(half, values / mean) for half, values in ((-x[x < 0][::-1], s[x < 0][::-1]), (x[x >= 0], s[x >= 0])))
    return Quality(float(np.ptp(inside)) / mean, mean, left[1] + right[1], max(left[2] - left[0], right[2] - right[0]))


def _crossings(x: Array, s: Array) -> tuple[float, float, float]:
    """Where the spectrum last falls below 90 % within the slope, below 50 %, and below 10 %, going outwards from the middle."""
    half = int(np.argmax(s < 0.5))
    ninety = half - int(np.argmax(s[half::-1] >= 0.9))
    ten = half + int(np.argmax(s[half:] < 0.1))
    return float(x[ninety]), float(x[half]), float(x[ten])


def table(designs: Sequence[Design]) -> str:
    """One line for each family."""
    head = f"{'#':>2} {'ripple':>7} {'in band':>8} {'eff x FWHM':>10} {'10-90 %':>8} {'robust':>6} {'domains um':>12} {'by':>10}  formula"
    return "\n".join([head, *(_row(design) for design in designs)])


def _row(design: Design) -> str:
    detuning = design.curve({"u": U})
    q, width = quality(detuning), np.pi / wave_number(detuning)
    domains = f"{width.min():.1f}..{width.max():.1f}"
    values = ", ".join(f"{name}={value:.4g}" for name, value in design.coefficients.items())
    numbers = f"{100 * q.ripple:6.1f}% {100 * q.share:7.1f}% {100 * q.product:9.1f}% {100 * q.edge:7.1f}% {design.robustness:6.2f}"
    return f"{design.rank:2d} {numbers} {domains:>12} {design.proposer:>10}  {design.text}  ({values})"


def draw(found: Sequence[Design], listed: Sequence[Design], path: Path) -> None:
    """Spectra of the families, and the domain width along the crystal."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 9), layout="constrained")
    top, bottom = figure.subplots(2, 1)
    mismatch = mismatches(1.6, 8)
    for kind, design in [*(("searched", design) for design in found), *(("by hand", design) for design in listed)]:
        wall, label = walls(design.curve({"u": U})), f"{kind} #{design.rank}: {design.text}"
        thick, order = (2.0, 3) if design is found[0] else (0.7, 2)
        top.plot((mismatch - K0) * 1e3, spectrum(wall, mismatch), lw=thick, label=label, zorder=order)
        bottom.plot(wall[1:-1] / 1e3, np.diff(wall)[:-1], lw=thick, zorder=order)
    edge = 500 * BAND
    top.plot([-800 * BAND, -edge, -edge, edge, edge, 800 * BAND], [0, 0, 1, 1, 0, 0], "k--", lw=1, label="ideal linear chirp")
    top.set(xlabel="phase mismatch - K0 [rad/mm]", ylabel="efficiency / ideal", ylim=(0, 1.8))
    top.legend(fontsize=7, loc="upper center", ncols=2)
    bottom.set(xlabel="z [mm]", ylabel="domain width [um]")
    figure.savefig(path, dpi=120)


def said(progress: Progress) -> None:
    """One line that is written over."""
    print(f"\r{progress.stage} {progress.done}/{progress.total}  {progress.best[:70]:70}", end="", flush=True)


def main() -> Designs:
    """Search, print the table, write the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--budget", type=int, default=80_000, help="curves that may be scored")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build"))
    asked = parser.parse_args()
    start = time.perf_counter()
    found = optimise(objective(), FAMILIES, budget=asked.budget, seed=asked.seed, limit=8, tolerance=0.001, progress=said)
    listed = optimise(objective(), ["0.5*u", *FAMILIES], budget=asked.budget // 4, rounds=0, seed=asked.seed, limit=6, tolerance=0.001)
    told = f"{table(found.designs)}\n\nthe families listed by hand alone:\n{table(listed.designs)}"
    print(f"\n{told}\n{found.families} families, {found.evaluations} curves, {time.perf_counter() - start:.0f} s")
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "qpm_rectangular.json").write_text(found.to_json(), encoding="utf-8")
    (asked.out / "qpm_rectangular.txt").write_text(f"{told}\n\n{found.report()}\n", encoding="utf-8")
    draw(found.designs[:3], listed.designs, asked.out / "qpm_rectangular.png")
    return found


if __name__ == "__main__":
    main()
