"""Cases on disk: a folder each with `problem.json` (what a customer would give), CSV tables and `truth.json` (for the scorer alone).

A folder of cases may be given at any height: one case, a folder of cases, or a folder of such folders. `question` is all that the
program under test may know: context, target and features; never the name of a folder, nor `id`, `title`, `origin`, `notes` or the
truth.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import BenchError
from corpus.functions import Array

PROBLEM = "problem.json"
TRUTH = "truth.json"
_TRAIN = ("train", "data")


@dataclass(frozen=True)
class Sheet:
    """A CSV table as text, so that what is handed on is what was written: header, then rows of cells."""

    header: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """BenchError if there is no such table."""
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = [tuple(row) for row in csv.reader(file) if row]
        except (OSError, UnicodeDecodeError) as error:
            raise BenchError("bench_case_broken", path=path, reason=error) from None
        if not rows:
            raise BenchError("bench_case_broken", path=path, reason="empty")
        return cls(rows[0], tuple(rows[1:]))

    def write(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([self.header, *self.cells])

    def take(self, rows: Iterable[int]) -> Sheet:
        return Sheet(self.header, tuple(self.cells[row] for row in rows))

    def column(self, name: str) -> Array:
        """Numbers of one column, nan where a cell is none."""
        place = self.header.index(name)
        return np.array([_number(row[place]) if place < len(row) else math.nan for row in self.cells])


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Case:
    """One case: where it lies and what its `problem.json` says."""

    folder: Path
    problem: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Case:
        return cls(folder, _json(folder / PROBLEM, ("target", "features", "files")))

    @property
    def label(self) -> str:
        """Name for the scorer's table."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def target(self) -> str:
        return str(self.problem["target"]["name"])

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(str(feature["name"]) for feature in self.problem["features"])

    @property
    def question(self) -> dict[str, Any]:
        """What a customer would say of the table."""
        columns = [self.problem["target"], *self.problem["features"]]
        return {
            "about": str(self.problem.get("context") or ""),
            "target": self.target,
            "inputs": list(self.features),
            "units": {str(column["name"]): str(column["unit"]) for column in columns if column.get("unit")},
            "descriptions": {str(column["name"]): str(column.get("description") or "") for column in columns},
        }

    @cached_property
    def files(self) -> dict[str, Path]:
        """Role of each table (train, test, ...) and where it is."""
        return {role: self.folder / str(name) for role, name in self.problem["files"].items()}

    def sheet(self, *roles: str) -> Sheet | None:
        """The table of the first of these roles there is."""
        found = next((self.files[role] for role in roles if role in self.files), None)
        return None if found is None else self._complete(Sheet.read(found), found)

    @property
    def train(self) -> Sheet:
        sheet = self.sheet(*_TRAIN)
        if sheet is None:
            raise BenchError("bench_case_broken", path=self.folder / PROBLEM, reason=f"files: {', '.join(_TRAIN)}?")
        return sheet

    def truth(self) -> Mapping[str, Any]:
        """The answer. Only a scorer may ask."""
        return _json(self.folder / TRUTH, ())

    def columns(self, sheet: Sheet) -> dict[str, Array]:
        """Numbers of the features."""
        return {name: sheet.column(name) for name in self.features}

    def _complete(self, sheet: Sheet, path: Path) -> Sheet:
        missing = [name for name in (self.target, *self.features) if name not in sheet.header]
        if missing:
            raise BenchError("bench_case_broken", path=path, reason=f"{', '.join(missing)}?")
        return sheet


def _json(path: Path, needed: Sequence[str]) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchError("bench_case_broken", path=path, reason=error) from None
    missing = [key for key in needed if not isinstance(found, Mapping) or key not in found]
    if missing:
        raise BenchError("bench_case_broken", path=path, reason=f"{', '.join(missing)}?")
    return dict(found)


def find_cases(root: Path | None, sources: Sequence[str]) -> list[Case]:
    """The cases below a folder, in order of name.

    root: one case, a folder of cases (taken whole), or a folder of sources: of these, the ones whose name is one of `sources` after
    its leading number, or all of them if none is. BenchError if there is nothing.
    """
    if root is None:
        raise BenchError("bench_needs_cases", names=", ".join(sources) or "-", others="-")
    folders = [root] if (root / PROBLEM).is_file() else _below(root)
    if not folders:
        found = sorted(child for child in root.iterdir() if child.is_dir()) if root.is_dir() else []
        wanted = [child for child in found if child.name.lstrip("0123456789_") in sources]
        folders = [case for child in wanted or found for case in _below(child)]
    if not folders:
        raise BenchError("bench_no_cases", folder=root)
    return [Case.read(folder) for folder in folders]


def _below(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{PROBLEM}"))


def held_out_rows(case: Case, sheet: Sheet, share: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(train, held-out) row numbers: a random `share` of the rows held out, rows with equal inputs on one side."""
    values = np.nan_to_num(np.column_stack([*case.columns(sheet).values()]), nan=math.inf)
    _, group = np.unique(values, axis=0, return_inverse=True)
    group = np.ravel(group)
    order = np.random.default_rng(seed).permutation(int(group.max()) + 1)
    sizes = np.cumsum(np.bincount(group)[order])
    chosen = order[: max(1, int(np.searchsorted(sizes, share * len(group) + 0.5, side="right")))]
    held = np.isin(group, chosen)
    return np.flatnonzero(~held), np.flatnonzero(held)
