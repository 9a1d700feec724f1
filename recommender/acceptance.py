"""What a person decides of a candidate: taken into the corpus inbox with its provenance, or turned down with a reason.

Both are events of the run (`accepted`, `rejected`), so that who decided what can be looked up; only what is accepted becomes an entry,
which the nightly job reads from the inbox. It belongs to the person's tenant and is never shown for the table it was learned from.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.entry import ANY_UNIT, Entry
from corpus.errors import EntryError, ProblemError
from corpus.inbox import Acceptance, accept
from corpus.language import LANGUAGES, text
from corpus.units import parse_unit
from recommender.coefficients import Coefficient
from recommender.ingest_config import inbox_folder
from recommender.recommendation import RankedFormula, Recommendation, Variable
from recommender.show import confidence_words
from recommender.store import Store

_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
DOMAIN = "discovery"


@dataclass(frozen=True)
class Decision:
    """Who decides, and why. name_en, name_ja: what the formula is to be called; one may be left empty."""

    person: str
    reason: str
    tenant: str = "local"
    name_en: str = ""
    name_ja: str = ""


def take(store: Store, run_id: str, result: Recommendation, rank: int, decision: Decision, folder: Path | None = None) -> Path:
    """Write the candidate of a run into the inbox and record the decision; the file. EntryError or ProblemError says what is missing."""
    formula = of_rank(result, rank)
    _check(decision)
    acceptance = Acceptance(decision.person, evidence_told(formula, decision), (result.table_hash,), run_id, decision.tenant)
    path = accept(entry_of(result, formula, decision), folder or inbox_folder(), acceptance)
    store.append_event(run_id, "accepted", _told(formula, decision) | {"file": path.name}, decision.person)
    return path


def turn_down(store: Store, run_id: str, result: Recommendation, rank: int, decision: Decision) -> None:
    """Record that a person does not believe a candidate, and why."""
    _check(decision)
    store.append_event(run_id, "rejected", _told(of_rank(result, rank), decision), decision.person)


def of_rank(result: Recommendation, rank: int) -> RankedFormula:
    """ProblemError if there is no such rank."""
    for formula in result.formulas:
        if formula.rank == rank:
            return formula
    raise ProblemError("no_such_rank", rank=rank, count=len(result.formulas))


def evidence_told(formula: RankedFormula, decision: Decision) -> str:
    """One line of why: the person's reason, the confidence, the error on unseen rows."""
    error = formula.number("accuracy", "held_out_nmse")
    measured = f"held-out NMSE {error:.3g}; " if np.isfinite(error) else ""
    return f"{decision.reason.strip()} ({measured}confidence {confidence_words(formula, 'en')})"


def entry_of(result: Recommendation, formula: RankedFormula, decision: Decision) -> Entry:
    """The candidate as an entry of the corpus, its numbers as a check."""
    symbols = _symbols(formula)
    inner = {v.inner: symbols[v.inner] for v in formula.variables} | {c.name: symbols[c.name] for c in formula.coefficients}
    body = formula.formula.rename(inner).text
    digest = hashlib.sha256(f"{body}{result.table_hash}{decision.tenant}".encode()).hexdigest()[:8]
    fields = {
        "id": f"{DOMAIN}.{_slug(decision.name_en or formula.target.symbol)}_{digest}",
        "name": _names(formula, decision),
        "description": _described(result, formula),
        "domain": DOMAIN,
        "formula": body,
        "target": _quantity(formula.target, symbols["y"]),
        "variables": [_quantity(v, symbols[v.inner]) for v in _used(formula)],
        "parameters": [_parameter(c, symbols[c.name]) for c in formula.coefficients],
        "homogeneous": _is_homogeneous(formula),
        "source": f"{result.table} ({result.table_hash})",
        **_valid(result, formula),
    }
    return Entry.model_validate(fields)


def _check(decision: Decision) -> None:
    for missing in ("person", "reason"):
        if not getattr(decision, missing).strip():
            raise EntryError("acceptance_incomplete", missing=missing)


def _told(formula: RankedFormula, decision: Decision) -> dict[str, object]:
    return {"rank": formula.rank, "key": formula.key, "formula": formula.text, "reason": decision.reason.strip()}


def _used(formula: RankedFormula) -> list[Variable]:
    """The columns that the formula speaks of."""
    return [v for v in formula.variables if v.inner in formula.formula.variables]


def _symbols(formula: RankedFormula) -> dict[str, str]:
    """Inner name -> one the corpus allows; letters of other scripts give way to x1, x2, ..."""
    out: dict[str, str] = {}
    wanted = {"y": formula.target.symbol} | {v.inner: v.symbol for v in formula.variables} | {c.name: c.name for c in formula.coefficients}
    for number, (inner, symbol) in enumerate(wanted.items()):
        plain = symbol if _SYMBOL.fullmatch(symbol) else "y" if inner == "y" else f"x{number}"
        while plain in out.values():
            plain += "_"
        out[inner] = plain
    return out


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40] or "formula"


def _names(formula: RankedFormula, decision: Decision) -> dict[str, str]:
    """A name in both languages; where a person gave one only, the target names the other."""
    told = {"en": decision.name_en.strip(), "ja": decision.name_ja.strip()}
    return {language: told[language] or text("accept.name", language, target=formula.target.name) for language in LANGUAGES}


def _described(result: Recommendation, formula: RankedFormula) -> dict[str, str]:
    inputs = ", ".join(v.name for v in _used(formula))
    about = f" {result.about}" if result.about else ""
    return {k: text("accept.description", k, target=formula.target.name, inputs=inputs, table=result.table) + about for k in LANGUAGES}


def _valid(result: Recommendation, formula: RankedFormula) -> dict[str, Any]:
    """Where it was found: between which values of each column, of those it does not speak of too, and which rows a person kept; nothing
    where the record does not say."""
    told = [_range_told(v) for v in (*formula.variables, formula.target) if v.range is not None]
    if not told:
        return {}
    kept = {k: text("accept.kept", k, ranges=", ".join(result.ranges)) if result.ranges else "" for k in LANGUAGES}
    return {"validity": {k: text("accept.validity", k, rows=result.rows, ranges=", ".join(told)) + kept[k] for k in LANGUAGES}}


def _range_told(v: Variable) -> str:
    assert v.range is not None
    low, high = v.range
    unit = "" if v.unit is None else parse_unit(v.unit).label
    return f"{v.name} {low:.6g}…{high:.6g} {unit}".strip()


def _quantity(variable: Variable, symbol: str) -> dict[str, Any]:
    words = variable.description or variable.name
    told = {"symbol": symbol, "quantity": dict.fromkeys(LANGUAGES, words), "unit": variable.unit or ANY_UNIT}
    return told | ({} if variable.range is None else {"range": variable.range})


def _parameter(c: Coefficient, symbol: str) -> dict[str, Any]:
    words = c.meaning.model_dump() if c.meaning is not None else _probable(c)
    told = {"symbol": symbol, "meaning": words, "unit": ANY_UNIT if c.unit == "?" else c.unit or "1"}
    return told | ({"range": (c.low, c.high)} if np.isfinite(c.low) and np.isfinite(c.high) and c.low < c.high else {})


def _probable(c: Coefficient) -> dict[str, str]:
    """The first reading of a coefficient, or that it is one."""
    first = next(iter(c.interpretations), None)
    if first is not None:
        return {language: first.words.text(language) for language in LANGUAGES}
    return {language: text("accept.coefficient", language, name=c.name) for language in LANGUAGES}


def _is_homogeneous(formula: RankedFormula) -> bool:
    """Whether units were stated for all, so that the formula holds in SI."""
    return all(v.unit for v in (formula.target, *_used(formula))) and all(c.unit != "?" for c in formula.coefficients)
