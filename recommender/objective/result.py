"""What comes of an objective: designs, best first, as plain data that survives JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.language import Language, Sentence, text
from corpus.render import to_numpy

FORMAT = 1


@dataclass(frozen=True)
class Design:
    """One family at its best coefficients.

    text, latex: the formula with its coefficients as symbols. loss: as the user's function gives it. robustness: in [0, 1], see
    `robust.Robustness`; rises: by coefficient, the rise of the loss, in units of the loss that matters, when it alone errs.
    simplicity: 1/(1 + bits/60). score: smaller is better, see `rank.Weights`; front: Pareto front of loss, robustness and bits from 1.
    proposer, why: who proposed the family.
    """

    rank: int
    front: int
    text: str
    latex: str
    key: str
    coefficients: Mapping[str, float]
    loss: float
    robustness: float
    rises: Mapping[str, float]
    simplicity: float
    bits: float
    score: float
    proposer: str
    why: Sentence
    reason: Sentence
    variables: tuple[str, ...]

    @cached_property
    def formula(self) -> Formula:
        return parse(self.text, self.variables, list(self.coefficients))

    def curve(self, columns: Mapping[str, ArrayLike]) -> Array:
        """The formula at its coefficients, shape (n,), from the variables."""
        return self.formula.evaluate({name: np.atleast_1d(np.asarray(columns[name], float)) for name in self.variables}, self.coefficients)

    def numpy_source(self) -> str:
        """Python source, coefficients as keyword arguments."""
        return to_numpy(self.formula.root, self.coefficients)


@dataclass(frozen=True)
class Designs:
    """Designs of distinct families, best first.

    tolerance: the relative error of coefficients that robustness and simplicity are told for. matters: the difference of loss that
    matters. evaluations: curves scored. families: how many were tried. notes: what the reader must know.
    """

    designs: tuple[Design, ...]
    tolerance: float
    matters: float
    evaluations: int
    families: int
    seed: int
    notes: tuple[Sentence, ...]

    @property
    def best(self) -> Design:
        return self.designs[0]

    def to_json(self) -> str:
        """JSON text; the same question and seed give the same bytes."""
        return json.dumps({"format": FORMAT, **self._plain()}, ensure_ascii=False, indent=1, sort_keys=True)

    def _plain(self) -> dict[str, Any]:
        fields = asdict(self)
        fields["notes"] = [note.to_dict() for note in self.notes]
        for row, design in zip(fields["designs"], self.designs, strict=True):
            row["why"], row["reason"] = design.why.to_dict(), design.reason.to_dict()
            row["rises"] = {name: rise if math.isfinite(rise) else str(rise) for name, rise in design.rises.items()}
        return fields

    @classmethod
    def from_json(cls, written: str) -> Designs:
        """Read back what `to_json` wrote."""
        data = json.loads(written)
        del data["format"]
        notes = tuple(map(Sentence.from_dict, data.pop("notes")))
        return cls(designs=tuple(map(_design, data.pop("designs"))), notes=notes, **data)

    def report(self, language: Language = "en") -> str:
        """The list in words: formula, coefficients, numbers, reason."""
        lines = [line for design in self.designs for line in _lines(design, self.tolerance, language)]
        return "\n".join([*lines, *(note.text(language) for note in self.notes)])

    def _repr_markdown_(self) -> str:
        """A ranked list for notebooks."""
        return "\n".join(f"{design.rank}. ${design.latex}$ ({design.loss:.4g})" for design in self.designs)


def _lines(design: Design, tolerance: float, language: Language) -> list[str]:
    numbers = {
        "loss": f"{design.loss:.5g}",
        "robustness": f"{design.robustness:.2f}",
        "tolerance": f"{100 * tolerance:g}",
        "simplicity": f"{design.simplicity:.2f}",
        "front": design.front,
    }
    values = ", ".join(f"{name} = {value:.6g}" for name, value in design.coefficients.items())
    head = [f"#{design.rank}  {design.text}"] + ([f"    {values}"] if values else [])
    told = [text("objective.numbers", language, **numbers), design.reason.text(language), design.why.text(language)]
    return [*head, *(f"    {line}" for line in told)]


def _design(data: Mapping[str, Any]) -> Design:
    fields = {**data, "variables": tuple(data["variables"])}
    fields |= {"rises": {name: float(rise) for name, rise in data["rises"].items()}}
    return Design(**{**fields, "why": Sentence.from_dict(data["why"]), "reason": Sentence.from_dict(data["reason"])})
