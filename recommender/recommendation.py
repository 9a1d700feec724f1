"""The public result: plain data that survives JSON and needs nothing else to be shown or used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from corpus.entry import Words
from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.implicit import is_numerical
from corpus.language import Sentence
from corpus.render import to_latex, to_numpy, to_sympy
from corpus.units import ONE, parse_unit
from recommender.assess import Evidence
from recommender.coefficients import Coefficient
from recommender.convergence import Convergence
from recommender.interpretation import Interpretation

FORMAT = 1


@dataclass(frozen=True)
class Variable:
    """A column: inner name (x0; `y` for the target), symbol in formulas, the customer's header and unit, words; range: its least and
    largest value, in that unit, on the rows that count, None in records of older versions."""

    inner: str
    symbol: str
    name: str
    unit: str | None
    description: str = ""
    range: tuple[float, float] | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Variable:
        """Read back from JSON."""
        ends = data.get("range")
        return cls(**{**data, "range": None if ends is None else (float(ends[0]), float(ends[1]))})

    def to_si(self, values: ArrayLike) -> Array:
        return (ONE if self.unit is None else parse_unit(self.unit)).to_si(np.asarray(values, float))

    def from_si(self, values: Array) -> Array:
        return (ONE if self.unit is None else parse_unit(self.unit)).from_si(values)


@dataclass(frozen=True)
class Origin:
    """Who proposed a form, why, and the corpus entry it came from ("" if none); echo: the proposer had been told this very form."""

    proposer: str
    why: Sentence
    source: str = ""
    echo: bool = False


@dataclass(frozen=True)
class RankedFormula:
    """One candidate of the answer.

    wire: formula text over x0, x1, ... in SI; text, latex: the same with the customer's symbols.
    score: smaller is better (nats); front: Pareto front, 1 is the best. confidence: that it is the law, or equal to it on the data,
    calibrated; NaN in records of older versions. spellings: other candidates of the same family, not shown. lineage: the changes by which
    the search came to it, the first one first.
    """

    rank: int
    wire: str
    text: str
    latex: str
    key: str
    coefficients: tuple[Coefficient, ...]
    evidence: tuple[Evidence, ...]
    origins: tuple[Origin, ...]
    reason: Sentence
    status: Sentence
    warnings: tuple[Sentence, ...]
    score: float
    front: int
    confidence: float
    spellings: int
    variables: tuple[Variable, ...]
    target: Variable
    lineage: tuple[Sentence, ...] = ()

    @cached_property
    def formula(self) -> Formula:
        """The formula over x0, x1, ... ."""
        return parse(self.wire, [v.inner for v in self.variables], [c.name for c in self.coefficients])

    @property
    def body(self) -> str:
        """`text` without `target =`: what a person would type."""
        return self.text.partition("=")[2].strip()

    @property
    def method(self) -> Sentence | None:
        """How its values are computed, where that is worth a word: a relation without a closed form is solved numerically."""
        return Sentence.of("why.numerical", target=self.target.symbol) if is_numerical(self.formula.root) else None

    @property
    def values(self) -> dict[str, float]:
        """Coefficients in SI."""
        return {c.name: c.si for c in self.coefficients}

    def number(self, kind: str, name: str) -> float:
        """One number of one kind of evidence, NaN if it was not measured."""
        return next((e.numbers.get(name, float("nan")) for e in self.evidence if e.kind == kind), float("nan"))

    def predict(self, columns: Mapping[str, ArrayLike]) -> Array:
        """The target in the customer's unit, from columns in the customer's units, keyed by header or symbol; shape (n,)."""
        inner = {v.inner: v.to_si(columns[v.name] if v.name in columns else columns[v.symbol]) for v in self.variables}
        values = self.formula.evaluate({k: np.atleast_1d(a) for k, a in inner.items()}, self.values)
        size = max((np.size(a) for a in inner.values()), default=1)
        return self.target.from_si(np.broadcast_to(values, (size,)))

    def numpy_source(self) -> str:
        """Python source of the formula in SI units, coefficients as keyword arguments."""
        return to_numpy(self.formula.rename({v.inner: v.symbol for v in self.variables}).root, self.values)

    def sympy(self) -> Any:
        """A SymPy expression in the customer's symbols, coefficients kept as symbols. FormulaSyntaxError if it is solved numerically."""
        return to_sympy(self.formula.rename({v.inner: v.symbol for v in self.variables}).root)


@dataclass(frozen=True, eq=False)
class Recommendation:
    """Several formulas, best first, and what the reader must know.

    notes: what was mended, left out or not done; warnings: how the table itself may deceive. convergence: how far the search came;
    tried: changes of forms that helped, and some that did not. ranges: those a person has kept the rows to, `T 300 400 K`.
    undecided: between which places the data do not decide, and which reading would; None where they decide.
    """

    table: str
    table_hash: str
    rows: int
    target: Variable
    inputs: tuple[Variable, ...]
    about: str
    seed: int
    formulas: tuple[RankedFormula, ...]
    notes: tuple[Sentence, ...]
    warnings: tuple[Sentence, ...]
    counts: Mapping[str, int]
    versions: Mapping[str, str]
    convergence: Convergence = field(default_factory=Convergence)
    tried: tuple[Sentence, ...] = ()
    ranges: tuple[str, ...] = ()
    undecided: Sentence | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {"format": FORMAT, **_plain(asdict(self), self)}

    def to_json(self) -> str:
        """JSON text; the same question and seed give the same bytes."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Recommendation:
        """Read back what `to_json` wrote."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Recommendation:
        """Read back what `to_dict` gave."""
        return cls(
            table=data["table"],
            table_hash=data["table_hash"],
            rows=data["rows"],
            target=Variable.from_dict(data["target"]),
            inputs=tuple(map(Variable.from_dict, data["inputs"])),
            about=data["about"],
            seed=data["seed"],
            formulas=tuple(_formula(f) for f in data["formulas"]),
            notes=tuple(map(Sentence.from_dict, data["notes"])),
            warnings=tuple(map(Sentence.from_dict, data.get("warnings", ()))),  # records of older versions have none
            counts=data["counts"],
            versions=data["versions"],
            convergence=Convergence.from_dict(data["convergence"]) if "convergence" in data else Convergence(),
            tried=tuple(map(Sentence.from_dict, data.get("tried", ()))),
            ranges=tuple(data.get("ranges", ())),
            undecided=Sentence.from_dict(data["undecided"]) if data.get("undecided") else None,
        )

    def __eq__(self, other: object) -> bool:
        """Equal as JSON: numbers that are not known (NaN) are equal to each other."""
        return isinstance(other, Recommendation) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.table_hash, self.target, self.inputs, self.seed))

    def _repr_markdown_(self) -> str:
        """A ranked list for notebooks."""
        return "\n".join(f"{f.rank}. ${self.target.symbol} = {f.latex}$" for f in self.formulas)


def _plain(fields: dict[str, Any], result: Recommendation) -> dict[str, Any]:
    """Sentences as dictionaries, non-finite numbers as text, everything else as it is."""
    fields["notes"] = [note.to_dict() for note in result.notes]
    fields["warnings"] = [warning.to_dict() for warning in result.warnings]
    fields["convergence"] = result.convergence.to_dict()
    fields["tried"] = [one.to_dict() for one in result.tried]
    fields["undecided"] = None if result.undecided is None else result.undecided.to_dict()
    for row, formula in zip(fields["formulas"], result.formulas, strict=True):
        row["reason"], row["status"] = formula.reason.to_dict(), formula.status.to_dict()
        row["warnings"] = [warning.to_dict() for warning in formula.warnings]
        row["lineage"] = [one.to_dict() for one in formula.lineage]
        row["origins"] = [{"proposer": o.proposer, "why": o.why.to_dict(), "source": o.source, "echo": o.echo} for o in formula.origins]
        row["evidence"] = [_evidence_dict(e) for e in formula.evidence]
        for cells, coefficient in zip(row["coefficients"], formula.coefficients, strict=True):
            cells["interpretations"] = [one.to_dict() for one in coefficient.interpretations]
    cleaned: dict[str, Any] = _finite(fields)
    return cleaned


def _evidence_dict(e: Evidence) -> dict[str, Any]:
    warnings = [w.to_dict() for w in e.warnings]
    told = {"kind": e.kind, "score": e.score, "words": e.words.to_dict(), "numbers": dict(e.numbers), "warnings": warnings}
    return {**told, "part_of": e.part_of}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if isinstance(value, Words):
        return value.model_dump()
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _formula(data: Mapping[str, Any]) -> RankedFormula:
    return RankedFormula(
        **{name: data[name] for name in ("rank", "wire", "text", "latex", "key", "front")},
        score=float(data["score"]),
        confidence=float(data.get("confidence", "nan")),  # records of older versions have none
        spellings=data.get("spellings", 0),
        coefficients=tuple(_coefficient(c) for c in data["coefficients"]),
        evidence=tuple(_evidence(e) for e in data["evidence"]),
        origins=tuple(Origin(o["proposer"], Sentence.from_dict(o["why"]), o["source"], o.get("echo", False)) for o in data["origins"]),
        reason=Sentence.from_dict(data["reason"]),
        status=Sentence.from_dict(data["status"]),
        warnings=tuple(map(Sentence.from_dict, data["warnings"])),
        variables=tuple(map(Variable.from_dict, data["variables"])),
        target=Variable.from_dict(data["target"]),
        lineage=tuple(map(Sentence.from_dict, data.get("lineage", ()))),
    )


def _coefficient(data: Mapping[str, Any]) -> Coefficient:
    numbers = {name: float(data[name]) for name in ("value", "standard_error", "low", "high", "si")}
    meaning = None if data["meaning"] is None else Words(**data["meaning"])
    found = tuple(map(Interpretation.from_dict, data.get("interpretations", ())))  # records of older versions have none
    return Coefficient(
        name=data["name"],
        unit=data["unit"],
        known=data["known"],
        meaning=meaning,
        quantity=data["quantity"],
        interpretations=found,
        **numbers,
    )


def _evidence(data: Mapping[str, Any]) -> Evidence:
    numbers = {name: float(value) for name, value in data["numbers"].items()}
    warnings = tuple(map(Sentence.from_dict, data["warnings"]))
    return Evidence(data["kind"], float(data["score"]), Sentence.from_dict(data["words"]), numbers, warnings, data.get("part_of", ""))


def shown_latex(formula: Formula, names: Mapping[str, str]) -> str:
    """LaTeX with the customer's symbols."""
    return to_latex(formula.rename(names).root)
