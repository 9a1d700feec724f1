"""`family`: 118 forms an engineer meets, from clean sinc² to twelve overlapping coefficients, a third of them in raw SI scales.

Each line: name | class | formula | inputs | rows | noise | range of each coefficient p0, p1, ... . Inputs are drawn `lin`early or
`log`arithmically spaced, `uni`formly at random and sorted, or `uni2` at random. A range is `low:high` (uniform) or `low~high` (uniform
in the logarithm). Every seed draws new coefficients, random inputs and noise.

Passed as in `fit_base.global_optimum`. The bar: 99.5 %, median 0.05 s, 95 % within 0.5 s, mean 0.12 s, over four seeds.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.formula import parse
from corpus.functions import Array
from recommender.evaluate._base import Options, spread_out
from recommender.evaluate.fit_base import Bar, FitProblem, FitSuite

SEEDS = 4
QUICK = 40
_INPUT = re.compile(r"(\w+)=(lin|log|uni2|uni)\(([^,]+),([^)]+)\)")


@dataclass(frozen=True)
class Form:
    """One line of a family."""

    name: str
    group: str
    text: str
    inputs: tuple[tuple[str, str, float, float], ...]
    rows: int
    noise: float
    ranges: tuple[str, ...]

    @classmethod
    def read(cls, line: str) -> Form:
        name, group, text, inputs, rows, noise, ranges = (part.strip() for part in line.split("|"))
        found = tuple((n, kind, float(low), float(high)) for n, kind, low, high in _INPUT.findall(inputs))
        return cls(name, group, text, found, int(rows), float(noise), tuple(ranges.split()))

    def problem(self, seed: int) -> FitProblem:
        """Coefficients, inputs and noise drawn for one seed."""
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        truth = {f"p{i}": draw(given, rng) for i, given in enumerate(self.ranges)}
        columns = {name: column(kind, low, high, self.rows, rng) for name, kind, low, high in self.inputs}
        clean = parse(self.text, list(columns), list(truth)).evaluate(columns, truth)
        target = clean + self.noise * float(np.std(clean)) * rng.standard_normal(self.rows)
        return FitProblem(f"{self.name} seed {seed}", self.group, self.text, columns, target, tuple(truth), truth, self.noise, seed)


def draw(given: str, rng: np.random.Generator) -> float:
    """A number from `low:high` or `low~high`."""
    low, high = (float(end) for end in re.split("[:~]", given))
    return float(low * (high / low) ** rng.random() if "~" in given else rng.uniform(low, high))


def column(kind: str, low: float, high: float, rows: int, rng: np.random.Generator) -> Array:
    """One input."""
    if kind == "lin":
        return np.linspace(low, high, rows)
    if kind == "log":
        return np.geomspace(low, high, rows)
    values = rng.uniform(low, high, rows)
    return np.sort(values) if kind == "uni" else values


def read_forms(table: str) -> list[Form]:
    """The forms of a table; a line that begins with a space continues the one before."""
    return [Form.read(line) for line in re.sub(r"\n +", " ", table.strip()).splitlines()]


def problems(forms: Sequence[Form], seeds: Iterable[int]) -> list[FitProblem]:
    """Every form for every seed."""
    return [form.problem(seed) for seed in seeds for form in forms]


def _family(options: Options) -> Sequence[FitProblem]:
    from recommender.evaluate.fit_forms import FAMILY

    forms = read_forms(FAMILY)
    first = 1000 + SEEDS * options.seed
    return problems(spread_out(forms, QUICK), [first]) if options.quick else problems(forms, range(first, first + SEEDS))


def family() -> FitSuite:
    """The suite."""
    return FitSuite("family", _family, Bar(share=0.995, median=0.05, p95=0.5, mean=0.12))
