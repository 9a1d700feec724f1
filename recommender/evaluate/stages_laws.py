"""Laws of four to six inputs with tables of them, for `stages`: random rows or a full grid, with or without noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from corpus.formula import Formula, parse
from corpus.functions import Array
from recommender.evaluate.scoring import Rows

ROWS, POINTS = 400, 600
_LEVELS = {4: 5, 5: 4, 6: 3}


@dataclass(frozen=True)
class Law:
    """text: of the inputs, each with its range. kept: not looked at while the search was written."""

    name: str
    text: str
    box: Mapping[str, tuple[float, float]]
    kept: bool

    @cached_property
    def formula(self) -> Formula:
        return parse(self.text, list(self.box))

    def rows(self, grid: bool, seed: int) -> Rows:
        """Noise-free rows of its table."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        drawn = {name: rng.uniform(*ends, ROWS) for name, ends in self.box.items()}
        return self._at(self._grid() if grid else drawn)

    def elsewhere(self, seed: int) -> Rows:
        """Noise-free rows at random points of the box."""
        rng = np.random.default_rng([seed, 5, *self.name.encode()])
        return self._at({name: rng.uniform(*ends, POINTS) for name, ends in self.box.items()})

    def _at(self, columns: dict[str, Array]) -> Rows:
        return Rows(columns, np.asarray(self.formula.evaluate(columns)))

    def _grid(self) -> dict[str, Array]:
        levels = _LEVELS[len(self.box)]
        mesh = np.meshgrid(*(np.linspace(*ends, levels) for ends in self.box.values()), indexing="ij")
        return {name: values.ravel() for name, values in zip(self.box, mesh, strict=True)}


LAWS = (
    Law(
        "competitive inhibition",
        "3e7*E*S/(1.5*(1 + I/0.8) + S)*exp(-5200/T)",
        {"S": (0.2, 8), "I": (0, 4), "T": (290, 340), "E": (0.5, 3)},
        kept=False,
    ),
    Law(
        "second harmonic",
        "0.12*P**2*L**2*sinc(0.5*L*(T - 45))**2/w",
        {"P": (0.5, 4), "L": (1, 3), "T": (42, 47), "w": (1, 3)},
        kept=False,
    ),
    Law(
        "damped beam",
        "0.25*F*L**3/E*exp(-0.4*t/m)",
        {"F": (10, 50), "L": (1, 3), "E": (5, 12), "t": (0, 6), "m": (0.5, 3)},
        kept=False,
    ),
    Law(
        "saturating reactor",
        "2e6*c**1.4*exp(-4500/T)*w/(1 + 0.6*p*w)",
        {"T": (300, 360), "c": (0.2, 3), "p": (0.1, 5), "w": (0.5, 2)},
        kept=False,
    ),
    Law(
        "heat exchanger",
        "1.7*m*(H - C)*(1 - exp(-0.9*A/(1.7*m)))",
        {"m": (0.3, 3), "H": (60, 100), "C": (10, 40), "A": (0.5, 5)},
        kept=False,
    ),
    Law(
        "damped oscillator",
        "A*exp(-0.5*c*t/m)*cos(1.2*t)/(1 + 0.3*h)",
        {"A": (0.5, 2), "c": (0.1, 1), "t": (0, 6), "m": (0.5, 3), "h": (0, 4)},
        kept=True,
    ),
    Law(
        "mixed adsorption",
        "4.2*w*p/(p + 0.7*(1 + q/1.3)*exp(0.02*(T - 300)))",
        {"p": (0.1, 5), "q": (0, 4), "T": (280, 330), "w": (0.5, 2)},
        kept=True,
    ),
    Law(
        "photodiode",
        "G*a*0.4 - 0.02*a*(exp(8*V/n) - 1)",
        {"G": (0.5, 3), "a": (0.5, 2), "V": (0, 0.8), "n": (1, 2)},
        kept=True,
    ),
    Law(
        "quenched fluorescence",
        "5*c*(1 - exp(-0.8*x*d))*P/(1 + 0.45*q*s)",
        {"c": (0.2, 2), "x": (0.1, 3), "d": (0.2, 1), "P": (1, 5), "q": (0, 4), "s": (0.5, 2)},
        kept=True,
    ),
    Law(
        "tilted resonance",
        "3*V/(1 + (2*(f - 5 - 0.4*B)/g)**2)/sqrt(1 + 0.6*z**2)",
        {"V": (0.5, 3), "f": (3, 9), "B": (0, 4), "g": (1, 3), "z": (0, 3)},
        kept=True,
    ),
)  # those for working on, then the kept ones
