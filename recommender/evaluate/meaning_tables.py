"""Grouped tables for `formula bench meaning`: curves of several devices, temperatures or runs, each with columns that are one number in a
group. Constants, values, noise, headers and what is beside the point are drawn; which column a coefficient follows is known.

`{p}` in a form is the coefficient asked for, `{a}`, `{b}`, `{c}` the others, `{x}` the input; headers never stand in a form's
coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from corpus.functions import Array

Law = Callable[[Array, Mapping[str, float], Mapping[str, float]], Array]
GAS, BOLTZMANN, CHARGE = 8.314462618, 1.380649e-23, 1.602176634e-19


@dataclass(frozen=True)
class Kind:
    """A kind of table.

    form: what the person types. x, y: headers with units to draw from; span: of x, in its unit; law: y of x, the group's quantities (in the
    units of their headers) and the table's constants. quantities: headers to draw from, with their range; constants: ranges.
    follows: keys of the quantities that `{p}` follows. group: header of the labels, or the key of the quantity that tells groups apart.
    """

    name: str
    form: str
    x: tuple[str, ...]
    y: tuple[str, ...]
    span: tuple[float, float]
    law: Law
    quantities: Mapping[str, tuple[tuple[str, ...], float, float]]
    constants: Mapping[str, tuple[float, float]]
    follows: tuple[str, ...]
    group: str
    groups: tuple[int, int] = (5, 8)


@dataclass(frozen=True)
class MeaningTable:
    """A table as a customer gives it, and what is right: `expected`, names of the columns that coefficient `asked` follows."""

    label: str
    columns: Mapping[str, list[float] | list[str]]
    target: str
    group: str
    form: str
    asked: str
    expected: frozenset[str]


def _header(choices: tuple[str, ...], rng: Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def bare(header: str) -> str:
    """A header without its unit."""
    return header.partition(" [")[0]


_BESIDE = (
    ("batch", 1, 40),
    ("humidity [%]", 30, 60),
    ("operator age", 25, 60),
    ("ambient [degC]", 18, 27),
    ("mass of holder [g]", 80, 120),
)


def draw(kind: Kind, seed: int) -> MeaningTable:
    """One table of a kind: 5 to 8 groups of 24 to 60 rows, noise of 0.3 to 2 % of the largest value, two columns beside the point."""
    rng = np.random.default_rng([seed, len(kind.name), *kind.name.encode()])
    count = int(rng.integers(kind.groups[0], kind.groups[1] + 1))
    headers = {key: _header(choices, rng) for key, (choices, _, _) in kind.quantities.items()}
    values = {key: _spread(low, high, count, rng) for key, (_, low, high) in kind.quantities.items()}
    constants = {key: float(np.exp(rng.uniform(np.log(low), np.log(high)))) for key, (low, high) in kind.constants.items()}
    x_header, y_header = _header(kind.x, rng), _header(kind.y, rng)
    noise = float(np.exp(rng.uniform(np.log(0.003), np.log(0.02))))
    beside = [_BESIDE[int(i)] for i in rng.choice(len(_BESIDE), 2, replace=False)]
    others = {header: np.round(rng.uniform(low, high, count), 1) for header, low, high in beside}
    rows: dict[str, list[float] | list[str]] = {}
    for g in range(count):
        x = np.sort(rng.uniform(*kind.span, int(rng.integers(24, 61))))
        y = kind.law(x, {key: float(v[g]) for key, v in values.items()}, constants)
        cells: dict[str, Array | list[str]] = {x_header: x, **{headers[key]: np.full(len(x), v[g]) for key, v in values.items()}}
        cells |= {header: np.full(len(x), v[g]) for header, v in others.items()}
        cells |= {} if kind.group in headers else {kind.group: [f"{kind.group[:1].upper()}{g + 1}"] * len(x)}
        cells |= {y_header: y + noise * float(np.max(np.abs(y))) * rng.standard_normal(len(x))}
        for header, column in cells.items():
            rows.setdefault(header, []).extend(column)  # type: ignore[arg-type]  # each column holds one type
    names = dict(zip("pabc", rng.permutation(["p1", "p2", "p3", "p4"]).tolist(), strict=True))
    form = kind.form.format(x=_symbol(bare(x_header)), **names)
    expected = frozenset(bare(headers[key]) for key in kind.follows)
    return MeaningTable(kind.name, rows, bare(y_header), headers.get(kind.group, kind.group), form, names["p"], expected)


def _symbol(name: str) -> str:
    return name.replace(" ", "_")


def _spread(low: float, high: float, count: int, rng: Generator) -> Array:
    """Values well apart over a range, in no order, to three digits."""
    steps = (np.arange(count) + rng.uniform(0.2, 0.8, count)) / count
    values = low * (high / low) ** steps if low > 0 else low + (high - low) * steps
    values[0] = low if low == 0 else values[0]
    digits = 3 if low <= 0 else max(0, 2 - math.floor(math.log10(low)))
    return np.round(rng.permutation(values), digits)


KINDS = (
    Kind(
        "shg",
        "{a}*sinc({p}*{x})**2",
        ("dk [1/m]", "mismatch [1/m]", "位相不整合 [1/m]"),
        ("power [mW]", "P2w [mW]"),
        (-1500, 1500),
        lambda x, q, c: c["P"] * (q["L"] / 10) ** 2 * np.sinc(x * q["L"] * 1e-3 / 2 / np.pi) ** 2,
        {"L": (("L [mm]", "length [mm]", "素子長 [mm]"), 4, 20), "w": (("width [um]", "w [um]"), 5, 12)},
        {"P": (0.5, 5)},
        ("L",),
        "device",
    ),
    Kind(
        "arrhenius",
        "{a}*exp(-{p}*{x})",
        ("t [min]", "time [min]"),
        ("c [mol/L]", "濃度 [mol/L]"),
        (0, 60),
        lambda x, q, c: c["c"] * np.exp(-0.05 * x * np.exp(-c["E"] * 1e3 / GAS * (1 / (q["T"] + 273.15) - 1 / 320))),
        {"T": (("T [degC]", "temperature [degC]", "温度 [℃]"), 25, 75), "n": (("stirring [rpm]",), 200, 800)},
        {"c": (0.2, 2), "E": (30, 70)},
        ("T",),
        "T",
    ),
    Kind(
        "rc",
        "{a}*(1 - exp(-{x}/{p}))",
        ("t [ms]", "time [ms]"),
        ("V [V]", "voltage [V]"),
        (0, 40),
        lambda x, q, c: q["V0"] * (1 - np.exp(-x / (q["R"] * c["C"]))),
        {"R": (("R [kohm]", "抵抗 [kΩ]"), 2, 22), "V0": (("supply [V]", "V0 [V]"), 3, 12)},
        {"C": (0.5, 1.5)},
        ("R",),
        "board",
    ),
    Kind(
        "lens",
        "1/(1/{p} - 1/{x})",
        ("a [mm]", "object distance [mm]"),
        ("b [mm]", "image distance [mm]"),
        (260, 900),
        lambda x, q, c: 1 / (1 / (q["f"] * c["k"]) - 1 / x),
        {"f": (("f nominal [mm]", "focal length [mm]", "焦点距離 [mm]"), 50, 180), "d": (("diameter [mm]",), 20, 60)},
        {"k": (0.97, 1.03)},
        ("f",),
        "lens",
    ),
    Kind(
        "pendulum",
        "{a}*exp(-{b}*{x})*cos({p}*{x} + {c})",
        ("t [s]",),
        ("angle [deg]", "角度 [deg]"),
        (0, 12),
        lambda x, q, c: c["A"] * np.exp(-c["d"] * x) * np.cos(math.sqrt(9.81 / q["l"]) * x + 0.4),
        {"l": (("l [m]", "string [m]", "糸の長さ [m]"), 0.3, 2), "m": (("bob [g]",), 50, 300)},
        {"A": (4, 10), "d": (0.01, 0.05)},
        ("l",),
        "run",
    ),
    Kind(
        "spring",
        "{a}*cos({p}*{x} + {b})",
        ("t [s]", "time [s]"),
        ("x [mm]", "displacement [mm]"),
        (0, 4),
        lambda x, q, c: c["A"] * np.cos(math.sqrt(q["k"] / q["m"]) * x + c["phi"]),
        {"k": (("k [N/m]", "stiffness [N/m]"), 8, 60), "m": (("m [kg]", "mass [kg]", "質量 [kg]"), 0.2, 1.2)},
        {"A": (5, 30), "phi": (0.2, 1)},
        ("k", "m"),
        "rig",
        (7, 9),
    ),
    Kind(
        "diode",
        "{a}*(exp({x}/{p}) - 1)",
        ("V [V]", "bias [V]"),
        ("I [mA]", "電流 [mA]"),
        (0.3, 0.62),
        lambda x, q, c: 1e-5 * np.exp(0.03 * (q["T"] - 300)) * (np.exp(x / (c["n"] * BOLTZMANN * q["T"] / CHARGE)) - 1),
        {"T": (("T [K]", "stage [K]"), 280, 380), "A": (("area [mm2]",), 0.5, 2)},
        {"n": (1.1, 1.9)},
        ("T",),
        "T",
    ),
    Kind(
        "inhibitor",
        "{a}*{x}/({p} + {x})",
        ("S [mmol/L]", "substrate [mmol/L]"),
        ("v [umol/L/s]", "rate [umol/L/s]"),
        (0.05, 12),
        lambda x, q, c: c["v"] * x / (c["Km"] * (1 + q["I"] / c["Ki"]) + x),
        {"I": (("I [mmol/L]", "inhibitor [mmol/L]", "阻害剤 [mmol/L]"), 0, 5), "pH": (("pH",), 6.5, 7.5)},
        {"v": (2, 20), "Km": (0.5, 2), "Ki": (0.5, 2)},
        ("I",),
        "I",
    ),
    Kind(
        "beam",
        "{p}*{x}",
        ("F [N]", "load [N]", "荷重 [N]"),
        ("deflection [mm]", "たわみ [mm]"),
        (0, 40),
        lambda x, q, c: x * (q["L"] * 1e-3) ** 3 / (3 * c["EI"]) * 1e3,
        {"L": (("L [mm]", "span [mm]"), 150, 600), "m": (("tip mass [g]",), 5, 15)},
        {"EI": (2, 20)},
        ("L",),
        "beam",
    ),
    Kind(
        "beer_lambert",
        "{a}*exp(-{p}*{x})",
        ("c [mmol/L]", "concentration [mmol/L]"),
        ("I [uW]", "intensity [uW]", "透過光 [uW]"),
        (0, 3),
        lambda x, q, c: c["I0"] * np.exp(-c["eps"] * x * q["d"]),
        {"d": (("path [mm]", "cuvette [mm]", "光路長 [mm]"), 1, 20), "T": (("T [degC]",), 20, 26)},
        {"I0": (50, 300), "eps": (0.05, 0.3)},
        ("d",),
        "cell",
    ),
    Kind(
        "slab",
        "{a} + {b}*exp(-{x}/{p})",
        ("t [s]", "time [s]"),
        ("T [degC]", "centre [degC]", "中心温度 [℃]"),
        (0, 400),
        lambda x, q, c: c["Ta"] + c["dT"] * np.exp(-x * math.pi**2 * c["alpha"] / q["d"] ** 2),
        {"d": (("thickness [mm]", "厚さ [mm]"), 6, 30), "l": (("side [mm]",), 80, 160)},
        {"Ta": (18, 25), "dT": (40, 70), "alpha": (0.3, 0.8)},
        ("d",),
        "plate",
    ),
    Kind(
        "langmuir",
        "{a}*{p}*{x}/(1 + {p}*{x})",
        ("P [kPa]", "pressure [kPa]", "圧力 [kPa]"),
        ("q [mmol/g]", "uptake [mmol/g]"),
        (0.5, 120),
        lambda x, q, c: c["qm"] * (k := 0.05 * np.exp(c["Q"] * 1e3 / GAS * (1 / q["T"] - 1 / 310))) * x / (1 + k * x),
        {"T": (("T [K]", "temperature [K]"), 280, 345), "m": (("sample [mg]",), 40, 90)},
        {"qm": (1, 6), "Q": (15, 35)},
        ("T",),
        "T",
    ),
)
