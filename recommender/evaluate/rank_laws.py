"""Laws and tables on which the ranking is learned and tested: generated, so that everyone can make them again.

Three kinds: sums of two to five terms along simulated trajectories (the tuning half of `recover_sums`), curves an engineer meets
(`fit_forms`), and laws of the corpus with constants and inputs drawn from the ranges an entry states, asked in turn with the entry's own
words and the corpus at hand, and without either. Every law comes with three levels of noise; laws, not tables, are dealt to the half that
is learned from and the half that tests.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from corpus.entry import ANY_UNIT, Entry, Parameter, Quantity
from corpus.errors import RecommenderError
from corpus.formula import parse
from corpus.functions import Array
from corpus.units import parse_unit
from recommender.evaluate._base import spread_out
from recommender.evaluate.fit_family import Form, column, draw, read_forms
from recommender.evaluate.recover_tasks import RecoverTask, Variant
from recommender.evaluate.scoring import Rows

Half = Literal["learn", "test"]

NOISES = (0.0, 0.01, 0.05)
ROWS = (15, 25, 40, 60, 100, 150, 250, 400, 600)
PER_KIND = {"curves": 18, "entries": 40, "sums": 6}
_POINTS = 300
_MOST_INPUTS = 4
_MOST_COEFFICIENTS = 6
_LEAST_EFFECT = 0.05  # of the target's spread, of every input
_DRAWS = 8
_DECADES = 100.0

Evaluate = Callable[[Mapping[str, Array]], Array]


@dataclass(frozen=True)
class RankTask:
    """A table, the text of the law behind it, how many numbers the law has, its kind and half."""

    recover: RecoverTask
    law: str
    kind: str
    half: Half

    @property
    def noise(self) -> float:
        return self.recover.variant.noise


@dataclass(frozen=True)
class _Law:
    """A law before noise: the question, training rows, points off the rows."""

    name: str
    text: str
    question: Mapping[str, object]
    train: Rows
    off: Rows
    corpus: bool = False

    def tasks(self, kind: str, half: Half, seed: int) -> Iterator[RankTask]:
        for noise in NOISES:
            variant = Variant(noise=noise, corpus=self.corpus)
            task = RecoverTask(self.name, self.question, self.train, {"id": self.train, "off": self.off}, self.off, 0.0, variant)
            yield RankTask(task.with_noise(seed), self.text, kind, half)


def rank_tasks(seed: int) -> Iterator[RankTask]:
    """Every task, the kinds mixed; the same for the same seed."""
    kinds = {"curves": list(_curves(seed)), "entries": list(_entries(seed)), "sums": list(_sums(seed))}
    dealt = [(place / len(laws), kind, place, law) for kind, laws in kinds.items() for place, law in enumerate(laws)]
    for _, kind, place, law in sorted(dealt, key=lambda row: row[:2]):
        yield from law.tasks(kind, "test" if place % 2 else "learn", seed)


def _rng(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _sums(seed: int) -> Iterator[_Law]:
    from recommender.evaluate.recover_sums import sum_tasks

    for task in spread_out(list(sum_tasks())[::2], PER_KIND["sums"]):
        rng = _rng(seed, task.name)
        kept = np.sort(rng.choice(len(task.values), int(rng.choice(ROWS[4:])), replace=False))
        train = Rows({name: values[kept] for name, values in task.columns.items()}, task.values[kept])
        question = _question(task.kind.target, task.kind.inputs)
        yield _Law(task.name, task.law.text, question, train, Rows(task.box, task.law.evaluate(task.box)))


def _question(target: str, inputs: Sequence[str]) -> dict[str, object]:
    return {"target": target, "inputs": list(inputs), "units": {}, "descriptions": {}, "about": ""}


def _curves(seed: int) -> Iterator[_Law]:
    from recommender.evaluate.fit_forms import FAMILY

    forms = {form.text: form for form in read_forms(FAMILY) if len(form.ranges) <= _MOST_COEFFICIENTS}
    for form in spread_out(list(forms.values()), PER_KIND["curves"]):
        rng = _rng(seed, form.name)
        values = {f"p{i}": draw(given, rng) for i, given in enumerate(form.ranges)}
        rows = int(rng.choice([rows for rows in ROWS if rows >= 4 * len(values)]))
        formula = parse(form.text, [name for name, *_ in form.inputs], list(values))
        train, off = (_curve_columns(form, n, how, rng) for n, how in ((rows, ""), (_POINTS, "uni2")))
        evaluate = lambda columns, f=formula, v=values: np.asarray(f.evaluate(columns, v))  # noqa: E731
        yield _law(form.name, formula.text, _question("y", list(train)), train, off, evaluate)


def _curve_columns(form: Form, rows: int, how: str, rng: np.random.Generator) -> dict[str, Array]:
    return {name: column(how if kind != "log" and how else kind, low, high, rows, rng) for name, kind, low, high in form.inputs}


def _law(
    name: str,
    text: str,
    question: Mapping[str, object],
    train: Mapping[str, Array],
    off: Mapping[str, Array],
    value: Evaluate,
    corpus: bool = False,
) -> _Law:
    return _Law(name, text, question, Rows(train, value(train)), Rows(off, value(off)), corpus)


def _entries(seed: int) -> Iterator[_Law]:
    """Laws of the corpus, every other one asked without it."""
    from corpus.load import seed_entries

    usable = [entry for entry in sorted(seed_entries(), key=lambda e: zlib.crc32(e.id.encode())) if _usable(entry)]
    made = 0
    for entry in usable:
        law = _entry_law(entry, made // 2 % 2 == 0, _rng(seed, entry.id))
        if law is not None:
            yield law
            made += 1
        if made == PER_KIND["entries"]:
            return


def _usable(entry: Entry) -> bool:
    """A law of particular quantities whose ranges are all stated, of few inputs and coefficients."""
    stated = all(part.unit != ANY_UNIT for part in entry.parts) and all(part.range is not None for part in entry.parts[1:])
    few = len(entry.variables) <= _MOST_INPUTS and len(entry.parameters) <= _MOST_COEFFICIENTS
    return stated and few and entry.homogeneous and not entry.id.startswith("shapes.")


def _entry_law(entry: Entry, corpus: bool, rng: np.random.Generator) -> _Law | None:
    """None where no draw gives a target that is finite and moves with every input."""
    for _ in range(_DRAWS):
        given = {part.symbol: float(_drawn(part, 1, rng)[0]) for part in entry.parameters}
        rows = int(rng.choice(ROWS))
        train, off = ({v.symbol: _drawn(v, n, rng) for v in entry.variables} for n in (rows, _POINTS))
        evaluate = lambda columns, g=given: _evaluate(entry, columns, g)  # noqa: E731
        law = _law(entry.id, f"{entry.formula} with {given}", _words(entry, corpus), train, off, evaluate, corpus)
        if _tells(law, evaluate, rng):
            return law
    return None


def _words(entry: Entry, corpus: bool) -> dict[str, object]:
    """Names and units always; what the quantities are called only where the corpus may be asked."""
    named = (entry.target, *entry.variables)
    words = {part.symbol: part.quantity.en for part in named} if corpus else {}
    units = {part.symbol: part.unit for part in named}
    return {**_question(entry.target.symbol, [v.symbol for v in entry.variables]), "units": units, "descriptions": words}


def _drawn(part: Quantity | Parameter, rows: int, rng: np.random.Generator) -> Array:
    """Values in the stated unit, evenly in the logarithm where the range spans more than two decades."""
    assert part.range is not None
    low, high = part.range
    if low > 0 and high / low > _DECADES:
        middle = math.sqrt(low * high)
        low, high = max(low, middle / _DECADES), min(high, middle * _DECADES)
        return np.asarray(np.exp(rng.uniform(math.log(low), math.log(high), rows)))
    return rng.uniform(low, high, rows)


def _evaluate(entry: Entry, columns: Mapping[str, Array], given: Mapping[str, float]) -> Array:
    """The target in its stated unit, from values in theirs."""
    si = {name: np.asarray(parse_unit(entry.symbols[name].unit).to_si(values)) for name, values in columns.items()}
    fixed = {name: float(parse_unit(entry.symbols[name].unit).to_si(np.array(value))) for name, value in given.items()}
    with np.errstate(all="ignore"):
        values = np.broadcast_to(entry.formula_tree.evaluate(si, {**fixed, **entry.constant_values}), np.shape(next(iter(si.values()))))
    return np.asarray(parse_unit(entry.target.unit).from_si(np.array(values)))


def _tells(law: _Law, value: Evaluate, rng: np.random.Generator) -> bool:
    """Finite, and no input could be left out: shuffling it moves the target."""
    target, spread = law.train.target, float(np.std(law.train.target))
    if not np.all(np.isfinite(target)) or not np.all(np.isfinite(law.off.target)) or spread <= 1e-6 * float(np.max(np.abs(target))):
        return False
    try:
        moved = [value({**law.train.columns, name: rng.permutation(v)}) - target for name, v in law.train.columns.items()]
    except RecommenderError:
        return False
    with np.errstate(all="ignore"):
        return all(float(np.std(change)) > _LEAST_EFFECT * spread for change in moved)
