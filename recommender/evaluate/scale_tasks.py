"""The program under test of `scale`: builds an index of variants of the seed corpus, and answers from it."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.entry import ANY_UNIT, Entry
from corpus.load import seed_entries
from indexes import ColumnHint, CurrentIndex, Query, Retriever, embedder, publish, shape_of
from indexes.embed import DEFAULT
from indexes.golden import packaged

_UNITS = ("m", "s", "kg", "A", "K", "mol", "1/m", "1/s", "1/kg", "1/A", "1/K", "1/mol", "m/s", "kg/m", "A*s", "m**2")
_ADDED = (
    ("copper", "銅"),
    ("silicon", "シリコン"),
    ("winter", "冬季"),
    ("marine", "海洋"),
    ("pilot plant", "試験設備"),
    ("micro scale", "微小"),
    ("high voltage", "高電圧"),
    ("second grade", "二級"),
)
_FACTOR = "c_variant"
_WARM, _ASKED, _TABLES = 20, 300, 100
_ROWS = 100


def variants(entries: Sequence[Entry], count: int) -> Iterator[Entry]:
    """`count` entries: the given ones, then variants of them, round by round."""
    for number in range(count):
        entry, round_ = entries[number % len(entries)], number // len(entries)
        yield entry if round_ == 0 else _variant(entry, round_)


def _variant(entry: Entry, number: int) -> Entry:
    """A law times a coefficient of another dimension, in other words."""
    unit, (en, ja) = _UNITS[number % len(_UNITS)], _ADDED[number % len(_ADDED)]
    fields = entry.model_dump()
    fields["id"] = f"{entry.id}_v{number}"
    fields["name"] = {"en": f"{entry.name.en}, {en} {number}", "ja": f"{entry.name.ja}({ja}{number})"}
    fields["description"] = {"en": f"{entry.description.en} Case {number}, {en}.", "ja": f"{entry.description.ja}{ja}の場合 {number}。"}
    fields["formula"] = f"{_FACTOR}*({entry.formula})*(1 + {number}/1000)"
    fields["parameters"] = [*fields["parameters"], {"symbol": _FACTOR, "meaning": {"en": en, "ja": ja}, "unit": unit}]
    if entry.target.unit != ANY_UNIT and entry.homogeneous:
        fields["target"] = {**fields["target"], "unit": f"({_si(entry)})*{unit}", "range": None}
    return Entry.model_validate({**fields, "check": [], "equivalent_forms": []})


def _si(entry: Entry) -> str:
    return str(entry.dimension_of(entry.target.symbol))


def build(request: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds and memory of publishing `entries` variants into `folder`."""
    wall, cpu = time.perf_counter(), time.process_time()
    publish(variants(seed_entries(), request["entries"]), Path(request["folder"]), embedder(DEFAULT))
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "memory": _memory()}


def ask(request: Mapping[str, Any]) -> dict[str, Any]:
    """Milliseconds of each answer, warm, and memory."""
    retriever = Retriever(CurrentIndex(Path(request["folder"]), embedder(DEFAULT)))
    rng = np.random.default_rng(request["seed"])
    queries = [*_worded(rng), *_tables(rng)]
    for query in queries[::-1][:_WARM] + queries[:_WARM]:
        retriever.search(query)
    timed = [_timed(retriever, query) for query in queries]
    return {"wall_ms": [wall for wall, _ in timed], "cpu_ms": [cpu for _, cpu in timed], "memory": _memory()}


def _worded(rng: np.random.Generator) -> list[Query]:
    questions = packaged().queries
    return [Query(questions[i].text) for i in rng.permutation(len(questions))[:_ASKED]]


def _tables(rng: np.random.Generator) -> list[Query]:
    """Tables computed from entries of the seed corpus."""
    entries = [entry for entry in seed_entries() if entry.homogeneous and all(part.range for part in entry.variables)]
    drawn = [entries[i] for i in rng.permutation(len(entries))[:_TABLES]]
    return [_table(entry, rng) for entry in drawn]


def _table(entry: Entry, rng: np.random.Generator) -> Query:
    """Rows over the ranges of the variables, parameters at the middle of theirs, values in SI."""
    columns = {v.symbol: _between(entry, v.symbol, v.range, rng.random(_ROWS)) for v in entry.variables}
    values = {p.symbol: float(_between(entry, p.symbol, p.range, np.array(0.5))) for p in entry.parameters}
    with np.errstate(all="ignore"):
        target = entry.formula_tree.evaluate(columns, {**values, **entry.constant_values})
    good = np.isfinite(target)
    shape = shape_of([column[good] for column in columns.values()], target[good]) if good.any() else None
    inputs = tuple(ColumnHint(f"x{i}", entry.dimension_of(v.symbol), v.quantity.en) for i, v in enumerate(entry.variables))
    hint = ColumnHint("y", entry.dimension_of(entry.target.symbol), entry.target.quantity.en)
    return Query(target=hint, inputs=inputs, shape=shape)


def _between(entry: Entry, symbol: str, ends: tuple[float, float] | None, share: Any) -> Any:
    low, high = ends or (1.0, 1.0)
    values = low + (high - low) * share
    unit = entry.unit_of(symbol)
    return values if unit is None else unit.to_si(values)


def _timed(retriever: Retriever, query: Query) -> tuple[float, float]:
    """(wall-clock, processor) milliseconds of one answer."""
    wall, cpu = time.perf_counter(), time.process_time()
    retriever.search(query)
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def _memory() -> float:
    """Most memory this process ever held, in GB."""
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e9
