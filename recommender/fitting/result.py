"""What a fit gives: plain values that survive JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from corpus.formula import Formula, parse
from corpus.functions import Array
from corpus.language import Language, Sentence
from recommender.fitting.work import Work
from recommender.samples import Samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.95


@dataclass(frozen=True)
class Prior:
    """What is known of a parameter beforehand: mean and standard deviation, of its logarithm if `kind` is "lognormal"."""

    mean: float
    sd: float
    kind: Literal["normal", "lognormal"] = "normal"

    def deviation(self, value: float) -> float:
        """How many standard deviations a value is from the mean; inf for a logarithm that does not exist."""
        if self.kind == "lognormal":
            value = math.log(value) if value > 0 else math.inf
        return (value - self.mean) / self.sd


def sentence(key: str, **values: str | float) -> Sentence:
    """A sentence of the section `fit`; numbers to four significant digits."""
    return Sentence.of(f"fit.{key}", **{name: f"{value:.4g}" if isinstance(value, float) else value for name, value in values.items()})


@dataclass(frozen=True)
class Optimum:
    """Another minimum: its parameters, its rss, and how far its curve is from the best one between the rows.

    curve_difference: root mean square difference over the standard deviation of the target.
    """

    parameters: Mapping[str, float]
    rss: float
    curve_difference: float


@dataclass(frozen=True, eq=False)
class Fit:
    """Coefficients found for one formula.

    parameters, standard_errors: by name, for every parameter of `formula` (known ones have error 0; nan: not determined by the
    data). covariance: (k, k) in the order of `formula.parameters`. rss: sum of squared residuals, each over its sigma where given.
    n: rows used. dof: rows minus determined parameters. sigma: standard deviation of the residuals in the target's unit.
    reduced_chi2: rss/dof where measurement uncertainties were given. status, warnings: sentences. optima: other minima of similar rss.
    starts, hits: local searches run, and how many ended at the best one. work: nominal seconds spent (reproducible);
    cpu_seconds: the clock's (not kept in JSON, for it differs from run to run).
    """

    formula: Formula
    parameters: Mapping[str, float]
    standard_errors: Mapping[str, float]
    covariance: Array
    rss: float
    n: int
    dof: int
    sigma: float
    reduced_chi2: float | None
    status: Sentence
    converged: bool
    warnings: tuple[Sentence, ...] = ()
    optima: tuple[Optimum, ...] = ()
    starts: int = 0
    hits: int = 0
    work: float = 0.0
    cpu_seconds: float = math.nan

    @classmethod
    def failed(
        cls,
        formula: Formula,
        n: int,
        status: Sentence,
        known: Mapping[str, float],
        warnings: Sequence[Sentence] = (),
        work: Work | None = None,
    ) -> Fit:
        """A fit without coefficients: `status` says why."""
        k = len(formula.parameters)
        parameters = {name: known.get(name, math.nan) for name in formula.parameters}
        return cls(
            formula=formula,
            parameters=parameters,
            standard_errors=dict.fromkeys(parameters, math.nan),
            covariance=np.full((k, k), np.nan),
            rss=math.inf,
            n=n,
            dof=max(n - k, 0),
            sigma=math.nan,
            reduced_chi2=None,
            status=status,
            converged=False,
            warnings=tuple(warnings),
            work=round(work.spent, 6) if work else 0.0,
            cpu_seconds=work.seconds if work else math.nan,
        )

    def status_text(self, language: Language = "en") -> str:
        """How the fit ended, in a sentence."""
        return self.status.text(language)

    def warning_texts(self, language: Language = "en") -> tuple[str, ...]:
        """What to beware of, in sentences."""
        return tuple(warning.text(language) for warning in self.warnings)

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % intervals: Student's t with `dof` degrees of freedom, the normal law where measurement uncertainties were given."""
        width = quantile(self.dof, known_sigma=self.reduced_chi2 is not None)
        return {
            name: (v - width * self.standard_errors[name], v + width * self.standard_errors[name]) for name, v in self.parameters.items()
        }

    @cached_property
    def correlation(self) -> Array:
        """Correlation matrix (k, k); nan where a parameter is not determined."""
        errors = np.sqrt(np.diag(self.covariance))
        with np.errstate(all="ignore"):
            matrix: Array = self.covariance / np.outer(errors, errors)
        return matrix

    def predict(self, columns: Mapping[str, Array]) -> Array:
        """The fitted curve on other rows, shape (n,)."""
        return self.formula.evaluate(columns, self.parameters)

    def report(self, language: Language = "en") -> str:
        """The fit as a page of plain text."""
        from recommender.fitting.report import report

        return report(self, language)

    def plot(self, samples: Samples, language: Language = "en") -> Figure:
        """Data, curve with its 95 % band, and residuals, on the rows given."""
        from recommender.fitting.curve import plot_fit

        return plot_fit(self, samples, language)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready values; nan and infinity become null."""
        return {
            "formula": {"text": self.formula.text, "variables": list(self.formula.variables), "parameters": list(self.formula.parameters)},
            "parameters": _finite(self.parameters),
            "standard_errors": _finite(self.standard_errors),
            "covariance": [[_number(v) for v in row] for row in self.covariance.tolist()],
            **{name: _number(getattr(self, name)) for name in _SCALARS},
            "reduced_chi2": None if self.reduced_chi2 is None else _number(self.reduced_chi2),
            "status": self.status.to_dict(),
            "converged": self.converged,
            "warnings": [warning.to_dict() for warning in self.warnings],
            "optima": [
                {"parameters": _finite(o.parameters), "rss": _number(o.rss), "curve_difference": _number(o.curve_difference)}
                for o in self.optima
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fit:
        """The fit that `to_dict` wrote."""
        given = data["formula"]
        return cls(
            formula=parse(given["text"], given["variables"], given["parameters"]),
            parameters=_floats(data["parameters"]),
            standard_errors=_floats(data["standard_errors"]),
            covariance=np.array([[_float(v) for v in row] for row in data["covariance"]]).reshape(
                len(data["covariance"]), len(data["covariance"])
            ),
            reduced_chi2=None if data["reduced_chi2"] is None else float(data["reduced_chi2"]),
            status=Sentence.from_dict(data["status"]),
            converged=bool(data["converged"]),
            warnings=tuple(map(Sentence.from_dict, data["warnings"])),
            optima=tuple(Optimum(_floats(o["parameters"]), _float(o["rss"]), _float(o["curve_difference"])) for o in data["optima"]),
            rss=_float(data["rss"]),
            sigma=_float(data["sigma"]),
            work=_float(data["work"]),
            n=int(data["n"]),
            dof=int(data["dof"]),
            starts=int(data["starts"]),
            hits=int(data["hits"]),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fit) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @cached_property
    def _key(self) -> str:
        return json.dumps(self.to_dict(), sort_keys=True)


_SCALARS = ("rss", "sigma", "work", "n", "dof", "starts", "hits")


def quantile(dof: int, *, known_sigma: bool = False) -> float:
    """Half width of a 95 % interval in standard errors; nan without degrees of freedom."""
    from scipy.special import ndtri, stdtrit

    upper = (1 + LEVEL) / 2
    if known_sigma:
        return float(ndtri(upper))
    return float(stdtrit(dof, upper)) if dof > 0 else math.nan


def _number(value: float) -> float | int | None:
    return value if isinstance(value, int) or math.isfinite(value) else None


def _float(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}


def _floats(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: _float(value) for name, value in values.items()}
