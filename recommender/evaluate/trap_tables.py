"""Tables that deceive, and honest ones, drawn from laws of several fields.

A law: name | formula | target and its unit | inputs as name=how(low,high)[unit] | words. How an input is drawn: as in `fit_family.column`.
A case: law | what is done to it | rows | relative noise. Every seed draws other rows; FIRST and SECOND share no law.

Traps (the column they concern stands beside them in `Trapped.named`):

    leak:copy, convert, log, square, reciprocal, rounded, lagged, ahead    an input made from the target
    shuffled           the target's values in another order            noise       a target drawn without looking at the inputs
    repeated:0.3       that share of the rows copied                    ignored     an input drawn without looking at the target
    tied:linear, power, sum                                             constant:exact, rounded, still
    unit:0.001         an input's numbers times a factor, its unit as before; unit:-273.15 a shift

Honest: plain; few; series (the first input runs evenly, in order); grid (five settings of each input, three repeats); weak (one more input
that moves the target by three times the noise); rounded (three significant digits everywhere).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corpus.formula import parse
from corpus.functions import Array
from recommender.evaluate.fit_family import column

LAWS = """
spring | 0.5*k*x**2 | E [J] | k=uni2(50,400)[N/m] x=uni2(0.01,0.2)[m] | energy stored in a stretched spring
discharge | 5*exp(-t/0.02) | U [V] | t=lin(0,0.1)[s] | a capacitor is discharged through a resistor
heater | U**2/R | P [W] | U=uni2(5,48)[V] R=uni2(2,90)[ohm] | electric power of a heater
pendulum | 6.2831853*sqrt(l/9.80665) | T [s] | l=uni2(0.1,2)[m] | period of a pendulum
drag | 0.48*A*v**2 | F [N] | A=uni2(0.2,3)[m**2] v=uni2(2,40)[m/s] | air drag of plates in a wind tunnel
rate | 1e7*exp(-6000/T) | k [1/s] | T=uni2(300,420)[K] | rate of a reaction at several temperatures
lift | 9.80665*m*h | W [J] | m=uni2(1,60)[kg] h=uni2(0.5,12)[m] | potential energy of a lifted mass
beam | 0.004*Q*L**3/b | d [mm] | Q=uni2(5,80)[N] L=uni2(0.3,1.2)[m] b=uni2(0.01,0.05)[m] | deflection of loaded beams
kinetic | 0.5*m*v**2 | E [J] | m=uni2(0.2,9)[kg] v=uni2(1,30)[m/s] | kinetic energy of a moving body
gas | n*8.314462618*T/V | p [Pa] | n=uni2(0.5,4)[mol] T=uni2(280,500)[K] V=uni2(0.01,0.09)[m**3] | pressure of an ideal gas
cooling | 21 + 58*exp(-t/13) | T [degC] | t=lin(0,60)[min] | a cup of tea cools down
enzyme | 2.4*S/(0.3 + S) | v [umol/s] | S=log(0.02,6)[mmol/L] | initial rate of an enzyme against its substrate
fall | 4.903325*t**2 | s [m] | t=uni2(0.1,3)[s] | distance fallen from rest
wall | 0.8*A*D/d | Q [W] | A=uni2(1,20)[m**2] D=uni2(5,40)[K] d=uni2(0.05,0.4)[m] | heat through a wall
radiator | 5.670374419e-8*T**4 | M [W/m**2] | T=uni2(350,1200)[K] | thermal radiation of a black body
growth | 8/(1 + 15*exp(-0.6*t)) | N [g] | t=lin(0,16)[h] | growth of a yeast culture
"""
FIRST = """
heater|leak:copy|60|0.02; drag|leak:convert|25|0.05; beam|leak:log|120|0.01; spring|leak:rounded|40|0.02; discharge|leak:lagged|80|0.01
lift|shuffled|30|0.01; beam|shuffled|300|0.02; rate|shuffled|14|0
heater|repeated:0.3|40|0.03; discharge|repeated:0.1|200|0.01; drag|repeated:1|12|0.05
spring|tied:linear|50|0.01; lift|tied:power|24|0.03; heater|tied:sum|150|0.02
rate|constant:rounded|30|0; drag|constant:still|60|0.01; beam|ignored|80|0.02; lift|ignored|20|0.01; heater|noise|100|0
lift|unit:0.01|40|0.01
heater|plain|60|0.02; rate|few|9|0.02; discharge|series|80|0.01; beam|plain|400|0.05; drag|grid|75|0.03; spring|weak|120|0.02
pendulum|rounded|25|0.01; lift|rounded|40|0; rate|plain|30|0.05; heater|few|12|0
"""
SECOND = """
gas|leak:convert|200|0.01; kinetic|leak:square|30|0; wall|leak:reciprocal|70|0.03; cooling|leak:ahead|50|0.005; growth|leak:copy|16|0.03
kinetic|leak:rounded|800|0.05; enzyme|shuffled|40|0.02; wall|shuffled|150|0.01; gas|repeated:0.5|30|0.02; growth|repeated:0.2|60|0.02
fall|repeated:0.15|100|0; wall|tied:linear|90|0.02; kinetic|tied:power|300|0.05; gas|tied:sum|45|0.01; wall|constant:still|40|0.02
cooling|constant:exact|20|0; gas|ignored|60|0.01; fall|ignored|25|0.02; enzyme|noise|12|0; kinetic|unit:0.001|35|0.02
gas|plain|100|0.01; kinetic|weak|200|0.02; cooling|series|60|0.01; wall|grid|375|0.05; enzyme|few|8|0.03; fall|rounded|30|0.01
growth|series|24|0.03; wall|plain|800|0.02; gas|rounded|20|0.02; radiator|few|10|0.01
"""
_INPUT = re.compile(r"(\w+)=(lin|log|uni2|uni)\(([^,]+),([^)]+)\)\[([^\]]*)\]")
_REPEATS, _SETTINGS = 3, 5


@dataclass(frozen=True)
class Trapped:
    """A table as a customer would give it; what is wrong with it ("" if nothing), and the columns concerned.

    columns: in the stated units, the target last.
    """

    label: str
    kind: str
    columns: Mapping[str, Array]
    units: Mapping[str, str]
    about: str
    named: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        return list(self.columns)[-1]

    @property
    def inputs(self) -> list[str]:
        return list(self.columns)[:-1]

    def with_input(self, name: str, values: Array, unit: str = "") -> Trapped:
        """One more input, concerned."""
        goal = self.columns[self.target]
        rest = {one: old for one, old in self.columns.items() if one != self.target}
        units = {**self.units, **({name: unit} if unit else {})}
        return replace(self, columns={**rest, name: values, self.target: goal}, units=units, named=(name,))

    def with_column(self, name: str, values: Array) -> Trapped:
        """Other values in one column."""
        return replace(self, columns={**self.columns, name: values})

    def take(self, rows: NDArray[np.int64]) -> Trapped:
        return replace(self, columns={name: values[rows] for name, values in self.columns.items()})


def trap_tables(cases: str, seed: int) -> list[Trapped]:
    """The tables of FIRST or SECOND."""
    laws = {line.partition("|")[0].strip(): line for line in LAWS.strip().splitlines()}
    found = []
    for place, case in enumerate(re.split(r"[;\n]", cases.strip())):
        law, done, rows, noise = (part.strip() for part in case.split("|"))
        rng = np.random.default_rng([seed, place, zlib.crc32(case.strip().encode())])
        found.append(_table(laws[law], done, int(rows), float(noise), rng))
    return found


def _table(line: str, done: str, rows: int, noise: float, rng: np.random.Generator) -> Trapped:
    name, formula, target, inputs, about = (part.strip() for part in line.split("|"))
    how, _, detail = done.partition(":")
    drawn = {n: (kind, float(low), float(high), unit) for n, kind, low, high, unit in _INPUT.findall(inputs)}
    columns = _grid(drawn, rows) if how == "grid" else {n: column(k, low, high, rows, rng) for n, (k, low, high, _) in drawn.items()}
    clean = parse(formula, list(columns)).evaluate(columns)
    goal, unit = re.fullmatch(r"(\w+) \[(.*)\]", target).groups()  # type: ignore[union-attr]  # the table above is well-formed
    values = clean * (1 + noise * rng.standard_normal(len(clean)))
    units = {n: u for n, (*_, u) in drawn.items()} | {goal: unit}
    table = Trapped(f"{name} {done} n={rows} {noise:g}", how, {**columns, goal: values}, units, about)
    return _MAKERS[how](table, detail, noise, rng)


def _grid(drawn: Mapping[str, tuple[str, float, float, str]], rows: int) -> dict[str, Array]:
    """Every combination of five settings of each input, `rows` of them with repeats."""
    settings = [np.round(np.linspace(low, high, _SETTINGS), 3) for _, low, high, _ in drawn.values()]
    mesh = [np.repeat(np.ravel(values), _REPEATS) for values in np.meshgrid(*settings)]
    return {name: values[:rows] for name, values in zip(drawn, mesh, strict=True)}


Maker = Callable[[Trapped, str, float, np.random.Generator], Trapped]


def _leak(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del noise, rng
    y = table.columns[table.target]
    if detail in ("lagged", "ahead"):
        step = 1 if detail == "lagged" else -2
        table = table.with_input("reading", np.roll(y, step), table.units[table.target])
        return table.take(np.arange(2, len(y) - 2))
    digits = 2 - int(np.floor(np.log10(np.max(y))))
    made = {
        "copy": y.copy(),
        "convert": 1.8 * y + 32,
        "log": 20 * np.log10(y),
        "square": y**2,
        "reciprocal": 1 / y,
        "rounded": np.round(y, digits),
    }
    return table.with_input("reading", made[detail])


def _shuffled(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del detail, noise
    return table.with_column(table.target, rng.permutation(table.columns[table.target]))


def _noise(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del detail, noise
    y = table.columns[table.target]
    return table.with_column(table.target, rng.normal(y.mean(), y.std(), len(y)))


def _repeated(table: Trapped, share: str, noise: float, rng: np.random.Generator) -> Trapped:
    del noise
    n = len(table.columns[table.target])
    rows = np.concatenate([np.arange(n), rng.choice(n, int(float(share) * n), replace=False)])
    return table.take(rng.permutation(rows))


def _tied(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del noise
    first, *others = table.inputs
    x = table.columns[first]
    small = 1 + 1e-3 * rng.standard_normal(len(x))
    if detail == "sum":
        extra = table.with_input("other", rng.uniform(np.ptp(x) / 2, np.ptp(x), len(x)))
        total = (x + extra.columns["other"]) * small
        return replace(extra.with_input("total", total), named=("total", first))
    made = 2.5 * x * small + 1 if detail == "linear" else 3 * x**2 * small
    del others
    return replace(table.with_input("other", made), named=("other", first))


def _constant(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    y = table.columns[table.target]
    mean = float(f"{y.mean():.2g}")
    if detail == "exact":
        return table.with_column(table.target, np.full(len(y), mean))
    if detail == "rounded":
        return table.with_column(table.target, mean * np.round(1 + 5e-4 * rng.standard_normal(len(y)), 3))
    return table.with_column(table.target, mean * (1 + noise * rng.standard_normal(len(y))))


def _ignored(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del detail, noise
    n = len(table.columns[table.target])
    return table.with_input("humidity", rng.uniform(20, 80, n), "%")


def _unit(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del noise, rng
    name = table.inputs[-1]
    change = float(detail)
    values = table.columns[name] + change if change < 0 else table.columns[name] / change
    return replace(table.with_column(name, values), named=(name,))


def _honest(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del detail, noise, rng
    return replace(table, kind="")


def _weak(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del detail
    y = table.columns[table.target]
    extra = rng.uniform(10, 35, len(y))
    moved = y * (1 + 3 * noise * (extra - extra.mean()) / extra.std())
    return replace(table.with_column(table.target, moved).with_input("ambient", extra, "degC"), kind="", named=())


def _rounded(table: Trapped, detail: str, noise: float, rng: np.random.Generator) -> Trapped:
    del detail, noise, rng
    columns = {name: np.array([float(f"{value:.3g}") for value in values]) for name, values in table.columns.items()}
    return replace(table, columns=columns, kind="")


_MAKERS: Mapping[str, Maker] = {
    "leak": _leak,
    "shuffled": _shuffled,
    "noise": _noise,
    "repeated": _repeated,
    "tied": _tied,
    "constant": _constant,
    "ignored": _ignored,
    "unit": _unit,
    "plain": _honest,
    "few": _honest,
    "series": _honest,
    "grid": _honest,
    "weak": _weak,
    "rounded": _rounded,
}
