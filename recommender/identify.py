"""What each coefficient of a fitted formula may be: by tuning tests, by what the customer knows, by constants of nature, by its source."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from corpus.dimension import Dimension
from corpus.language import Sentence
from corpus.units import Unit, parse_unit
from recommender.assess import Evidence, Fitted
from recommender.grouping import listed
from recommender.interpretation import FAIR, Interpretation, Kind, Strength, strength_of
from recommender.meaning import Meaning, si_range
from recommender.quantities import Match, matches
from recommender.spelling import energy, spelled
from recommender.tuning import GroupFit, Quantity, Relation, relations

_MOST = 5
_MISFIT = 3.0  # times the error of the reference group
_SMALL = 0.05
_HALF = 0.5
_ORDER = ("tuning", "known", "constant", "same", "varies", "corpus")
_RANKS: Mapping[Strength, int] = {"strong": 0, "fair": 1, "weak": 2}


@dataclass(frozen=True)
class Subject:
    """A coefficient: SI value and standard error, the unit it is shown in, its dimension (None if units leave it open)."""

    name: str
    value: float
    error: float
    unit: Unit
    dimension: Dimension | None
    meaning: Meaning | None


def identify(subject: Subject, fitted: Fitted, fits: Sequence[GroupFit]) -> tuple[Interpretation, ...]:
    """What a coefficient may be, strongest evidence first; fits: of the groups, none if there are no groups."""
    found = [] if subject.name in fitted.candidate.lead.known else [*_measured(subject, fitted, fits)]
    found += [] if subject.meaning is None else [_from_corpus(subject, subject.meaning)]
    found.sort(key=lambda one: (_RANKS[one.strength], _ORDER.index(one.kind), one.chance))
    return tuple(found[:_MOST])


def _measured(subject: Subject, fitted: Fitted, fits: Sequence[GroupFit]) -> Iterator[Interpretation]:
    """By its value, or by its values in the groups; a coefficient that differs between groups is no constant."""
    tuned = list(_tuned(subject, fitted, fits)) if fits else []
    yield from (told for _, told in tuned)
    if not tuned:
        yield from _given(subject, fitted)
    elif (last := tuned[-1][0]).law == "same":
        yield from _given(replace(subject, value=last.factor, error=last.factor_error), fitted)


# --- groups -----------------------------------------------------------------------------------------------------------


def _tuned(subject: Subject, fitted: Fitted, fits: Sequence[GroupFit]) -> Iterator[tuple[Relation, Interpretation]]:
    grouping = fitted.problem.grouping
    assert grouping is not None
    kept = [i for i, one in enumerate(fits) if _determined(subject.name, one, fits)]
    lost = [fits[i].label for i in range(len(fits)) if i not in kept]
    values, errors = (np.array([getattr(fits[i], part)[subject.name] for i in kept]) for part in ("values", "errors"))
    known = [
        Quantity(q.column.name, q.values[kept], None if q.column.unit is None else q.column.unit.dimension, q.serial)
        for q in grouping.quantities
    ]
    known = [Quantity(q.name, q.values, _dimension(q, subject), q.serial) for q in known]
    for relation in relations(values, errors, subject.dimension, known)[:3]:
        yield relation, _told(subject, fitted, relation, lost)


def _dimension(quantity: Quantity, subject: Subject) -> Dimension | None:
    """A column without a unit beside coefficients with known ones is taken for a pure number."""
    return Dimension() if quantity.dimension is None and subject.dimension is not None else quantity.dimension


def _determined(name: str, one: GroupFit, fits: Sequence[GroupFit]) -> bool:
    """A coefficient is left out where the form explains less than half, its error is not known, or is larger than any of its values."""
    if not one.fitted or one.share > _HALF or not math.isfinite(one.errors[name]):
        return False
    return one.errors[name] <= max(abs(other.values[name]) for other in fits if other.fitted)


def _told(subject: Subject, fitted: Fitted, relation: Relation, lost: Sequence[str]) -> Interpretation:
    grouping = fitted.problem.grouping
    assert grouping is not None
    columns = [quantity.column for quantity in grouping.quantities]
    text = spelled(subject.name, subject.unit, subject.dimension is not None, relation, columns)
    strength = strength_of(relation.chance)
    strength = "fair" if strength == "strong" and relation.rivals else strength
    words = Sentence.of(
        f"meaning.{_key(relation)}",
        **_facts(relation),
        words=" · ".join(columns[i].description or columns[i].name for i in relation.quantities),
        relation=text,
        group=grouping.name,
        likely=Sentence.of("meaning.perhaps" if strength == "weak" else "meaning.probably"),
        strength=Sentence.of(f"meaning.{strength}"),
        factor=_named_factor(subject, fitted, relation),
        rivals=Sentence.of("meaning.rivals", names=", ".join(columns[i].name for i in relation.rivals)) if relation.rivals else "",
        lost=Sentence.of("meaning.lost", names=listed(lost)) if lost else "",
    )
    kind: Kind = relation.law if relation.law == "same" or relation.law == "varies" else "tuning"
    names = tuple(columns[i].name for i in relation.quantities)
    return Interpretation(kind, names, text, strength, relation.chance, words, _numbers(relation))


def _named_factor(subject: Subject, fitted: Fitted, relation: Relation) -> Sentence | str:
    """What the factor of a power law is, if it has a dimension and known things make it up."""
    grouping = fitted.problem.grouping
    assert grouping is not None
    left = subject.dimension
    for place, exponent in zip(relation.quantities, relation.exponents, strict=False):
        unit = grouping.quantities[place].column.unit
        left = left / unit.dimension ** Fraction(exponent).limit_denominator(100) if left is not None and unit is not None else None
    if relation.law != "power" or left is None or left.is_dimensionless:
        return ""
    found = matches(relation.factor, relation.factor_error, left, fitted.problem.known)
    return Sentence.of("meaning.factor", shown=found[0].shown) if found and found[0].chance < FAIR else ""


def _key(relation: Relation) -> str:
    """Of the sentence: `is` where the coefficient equals the quantity, `follows` where a factor, a power or a law stands between."""
    if relation.law == "arrhenius" and relation.slope < 0:
        return "released"
    if relation.law in ("same", "varies", "arrhenius"):
        return relation.law
    return "is" if relation.exponents == (1,) and relation.multiple == "1·" else "follows"


def _facts(relation: Relation) -> dict[str, object]:
    facts: dict[str, object] = {"groups": relation.groups, "r": f"{relation.r:.5f}".rstrip("0").rstrip(".")[:7]}
    if relation.law in ("same", "varies"):
        facts["spread"] = f"{100 * relation.slope:.2g}"
    if relation.law == "arrhenius":
        facts["energy"] = energy(relation)
    return facts


def _numbers(relation: Relation) -> dict[str, float]:
    numbers = {"r": relation.r, "groups": float(relation.groups), "factor": relation.factor, "factor_error": relation.factor_error}
    numbers |= {f"exponent_{i}": float(b) for i, b in enumerate(relation.exponents)}
    return numbers | ({"slope": relation.slope, "slope_error": relation.slope_error} if relation.law != "power" else {})


def groups_evidence(fitted: Fitted, fits: Sequence[GroupFit]) -> Evidence:
    """Whether the form holds in the other groups. score: the share of all groups in which its error is that of the group it was found on
    (within a factor of 3) or below 5 % of the spread, and which explains half of the variance."""
    grouping = fitted.problem.grouping
    assert grouping is not None
    most = min(max(_MISFIT * math.sqrt(fits[grouping.reference].share), _SMALL), math.sqrt(_HALF))
    bad = [one.label for one in fits if one.fitted and math.sqrt(one.share) > most]
    lost = [one.label for one in fits if not one.fitted]
    held = len(fits) - len(bad) - len(lost)
    worst = max(math.sqrt(one.share) for one in fits if one.fitted)
    words = Sentence.of("evidence.groups", held=held, groups=len(fits), group=grouping.name, worst=f"{100 * worst:.2g}")
    warnings = [Sentence.of("warning.group_misfit", names=listed(bad))] if bad else []
    warnings += [Sentence.of("warning.group_unfitted", names=listed(lost))] if lost else []
    numbers = {"groups": float(len(fits)), "held": float(held), "worst": worst}
    return Evidence("groups", held / len(fits), words, numbers, tuple(warnings))


# --- known quantities and constants -----------------------------------------------------------------------------------


def _given(subject: Subject, fitted: Fitted) -> Iterator[Interpretation]:
    """Products of what is known that agree with the value, the best of each set of things."""
    if subject.dimension is None and fitted.problem.has_units:
        return
    known = fitted.problem.known
    seen: set[tuple[str, ...]] = set()
    for match in matches(subject.value, subject.error, subject.dimension, known):
        parts = (*match.quantities, *match.constants)
        if match.chance < 1 and parts not in seen and len(seen) < 3:
            seen.add(parts)
            yield _agreement(subject, fitted, match)


def _agreement(subject: Subject, fitted: Fitted, match: Match) -> Interpretation:
    known = {quantity.name: quantity for quantity in fitted.problem.known}
    relation, strength = f"{subject.name} = {match.shown}", strength_of(match.chance)
    kind: Kind = "known" if match.quantities else "constant"
    single = match.plain and len(match.quantities) + len(match.constants) == 1
    likely = Sentence.of("meaning.perhaps" if strength == "weak" else "meaning.probably")
    facts: dict[str, object] = {"relation": relation, "likely": likely, "strength": Sentence.of(f"meaning.{strength}")}
    facts["deviation"] = f"{match.deviation:.1f}"
    if match.quantities:
        facts["given"] = ", ".join(f"{name} = {known[name].shown}" for name in match.quantities)
        facts["words"] = known[match.quantities[0]].description or match.quantities[0]
    else:
        facts["words"] = tuple(Sentence.of(f"constant.{name}") for name in match.constants)
    words = Sentence.of(f"meaning.{kind}_{'is' if single else 'from'}", **facts)
    names = (*match.quantities, *match.constants)
    return Interpretation(kind, names, relation, strength, match.chance, words, {"deviation": match.deviation})


# --- the source -------------------------------------------------------------------------------------------------------


def _from_corpus(subject: Subject, meaning: Meaning) -> Interpretation:
    """Strong where its unit agrees and the value is usual, fair where the unit agrees, weak where units say nothing."""
    stated = None if meaning.unit in (None, "any") else parse_unit(str(meaning.unit)).dimension
    agrees = stated is not None and subject.dimension == stated and not stated.is_dimensionless
    ends = si_range(meaning)
    usual = ends is not None and ends[0] <= abs(subject.value) <= ends[1]
    strength: Strength = "strong" if agrees and usual else "fair" if agrees else "weak"
    words = Sentence.of("meaning.corpus", en=meaning.words.en, ja=meaning.words.ja, strength=Sentence.of(f"meaning.{strength}"))
    return Interpretation("corpus", (), "", strength, math.nan, words)
