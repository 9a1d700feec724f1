"""What a model is told of a problem: facts in order of how much they say, as many as a budget of tokens allows, as inert JSON.

Everything that customers or libraries wrote is quoted: it stands inside JSON strings, and the characters that could end the block, or
be read as a turn of the conversation by a chat template (`<`, `>`, backquotes), are written as escapes.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus.language import Language, Sentence
from recommender.context import Context
from recommender.probes import described
from recommender.problem import Problem
from recommender.table import Column

if TYPE_CHECKING:
    from indexes import Retrieved

MOST_WORDS = 300
MOST_ABOUT = 2000
_PIECE = re.compile(r"[A-Za-z]+|[^\sA-Za-z]")
_ESCAPED = re.compile(r"[<>`\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class Attempt:
    """A form that was tried in this run: in the customer's symbols; what was changed from its parent; NMSE before and after (nan where
    not known; of rows held out, or of those trained on); why it could not be used, None if it could; what it leaves over (see
    `recommender.llm.residual`); its canonical key, if it is one of the best."""

    formula: str
    change: Sentence | str = ""
    before: float = math.nan
    after: float = math.nan
    failure: Sentence | None = None
    residual: tuple[Sentence, ...] = ()
    key: str = ""
    held_out: bool = True


@dataclass(frozen=True)
class Parent:
    """A formula to be changed: in the customer's symbols, its NMSE (of rows held out, or of those trained on), what it leaves over (see
    `recommender.llm.residual`), its canonical key."""

    formula: str
    error: float = math.nan
    residual: tuple[Sentence, ...] = field(default=())
    key: str = ""


@dataclass(frozen=True)
class Item:
    """One fact: the section it belongs to, JSON-ready, and how much it says (larger first)."""

    section: str
    value: Any
    weight: float


def tokens(text: str) -> int:
    """A cheap estimate: 0.85 for every five letters of a word, every digit, sign and character of another script.

    On prompts of this kind a byte-pair vocabulary of 49,000 takes 1.0 times as many in English, 0.8 to 1.2 times in Japanese; larger
    vocabularies take fewer. (Four characters to a token, the usual rule, is wrong by half on JSON and formulas.)
    """
    return math.ceil(0.85 * sum(math.ceil(len(piece) / 5) for piece in _PIECE.findall(text)))


def inert(value: Any) -> str:
    """JSON that no reader takes for anything but data: one line for each fact."""
    plain = _plain(value)
    text = _lines(plain) if isinstance(plain, dict) else json.dumps(plain, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _lines(value: Mapping[str, Any]) -> str:
    """A JSON object, one line for each key and for each item of a list: what indentation would cost in tokens, it need not."""
    parts = []
    for key, item in value.items():
        told = [json.dumps(one, ensure_ascii=False) for one in item] if isinstance(item, list) else []
        body = "[\n" + ",\n".join(told) + "\n]" if told and isinstance(item[0], dict) else json.dumps(item, ensure_ascii=False)
        parts.append(f"{json.dumps(key, ensure_ascii=False)}: {body}")
    return "{" + ",\n".join(parts) + "}"


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.encode("utf-8", "replace").decode("utf-8"))
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(item) for key, item in value.items() if item not in ("", None, [], {})}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def fixed_part(problem: Problem, language: Language) -> dict[str, Any]:
    """What no budget cuts: the question, its columns, what must hold, what is known."""
    columns = zip(problem.names.values(), problem.inputs, strict=True)
    return {
        "about": problem.about[:MOST_ABOUT],
        "target": _column(problem.target_symbol, problem.target, problem),
        "inputs": [_column(symbol, column, problem) for symbol, column in columns],
        "rows": len(problem.samples),
        "known": [{"name": q.name, "value": q.shown, "words": q.description[:MOST_WORDS]} for q in problem.known],
        "required": [requirement.text for requirement in problem.require],
        "notes": [note.text(language)[:MOST_WORDS] for note in problem.notes[:3]],
    }


def _column(symbol: str, column: Column, problem: Problem) -> dict[str, Any]:
    values = column.shown[problem.rows]
    told = {"symbol": symbol, "header": column.name if column.name != symbol else "", "words": column.description[:MOST_WORDS]}
    unit = {"unit": column.unit.label or "1", "dimension": str(column.unit.dimension)} if column.unit is not None else {"unit": "unknown"}
    return {**told, **unit, "range": [float(f"{edge:.4g}") for edge in (np.min(values), np.max(values))]}


def probe_items(problem: Problem, context: Context, language: Language) -> Iterator[Item]:
    """The facts about the rows."""
    for place, sentence in enumerate(described(context.probes, problem), 1):
        yield Item("probes", {"id": f"P{place}", "fact": sentence.text(language)}, 1.0 / (1 + 0.1 * place))


def retrieved_items(problem: Problem, retrieved: Sequence[Retrieved], language: Language) -> Iterator[Item]:
    """Laws that may fit, each with why it was found; in the customer's symbols where its own can be matched."""
    from recommender.proposers.matching import assignments

    for place, found in enumerate(retrieved, 1):
        entry = found.entry
        told = {"id": f"R{place}", "name": entry.name.of(language), "formula": f"{entry.target.symbol} = {entry.formula}"}
        for reading in assignments(entry, problem, 1):
            columns = {symbol: problem.names[x] for symbol, x in reading.columns.items()}
            told["in_your_columns"] = entry.formula_tree.as_columns(columns).text
        told["symbols"] = "; ".join(f"{p.symbol}: {p.meaning.of(language)} [{p.unit}]" for p in entry.parts[1:])[:MOST_WORDS]
        told["why"] = " ".join(reason.text(language) for reason in found.reasons)[:MOST_WORDS]
        yield Item("retrieved", told, 1.0 / place)


def history_items(history: Sequence[Attempt], language: Language) -> Iterator[Item]:
    """What was tried and what it did: the largest effects and the latest attempts say most; bare forms keep others from repeating them."""
    for age, attempt in enumerate(reversed(history)):
        change = attempt.change if isinstance(attempt.change, str) else attempt.change.text(language)
        told: dict[str, Any] = {"formula": attempt.formula, "change": change[:MOST_WORDS], "effect": effect(attempt)}
        if attempt.failure is not None:
            told["failed"] = attempt.failure.text(language)[:MOST_WORDS]
        if len([value for value in told.values() if value]) > 1:
            yield Item("history", told, 0.6 * (1 + abs(_gain(attempt))) / (1 + 0.2 * age))
        yield Item("tried", attempt.formula, 0.5 / (1 + 0.02 * age))


def effect(attempt: Attempt) -> str:
    """`held-out NMSE 0.03 to 4e-05`, or "" where it is not known."""
    if not math.isfinite(attempt.after):
        return ""
    name = "held-out NMSE" if attempt.held_out else "training NMSE"
    if not math.isfinite(attempt.before):
        return f"{name} {attempt.after:.2g}"
    return f"{name} {attempt.before:.2g} to {attempt.after:.2g}" + (" (unchanged)" if abs(_gain(attempt)) < 0.05 else "")


def _gain(attempt: Attempt) -> float:
    """Decades by which the error fell, 0 where not known; at most 6."""
    if not (attempt.before > 0 and attempt.after > 0):
        return 0.0
    return float(np.clip(math.log10(attempt.before / attempt.after), -6, 6))


def parents(history: Sequence[Attempt]) -> list[Parent]:
    """What editors may start from, the best first: forms whose residual is known, else the one with the smallest error."""
    good = [one for one in reversed(history) if one.failure is None and math.isfinite(one.after)]
    chosen = [one for one in good if one.residual] or sorted(good, key=lambda one: one.after)[:1]
    return [Parent(one.formula, one.after, one.residual, one.key) for one in chosen]


def parent_part(parent: Parent, language: Language) -> dict[str, Any]:
    """The formula to change, with what it leaves over."""
    error = {"nmse": float(f"{parent.error:.3g}")} if math.isfinite(parent.error) else {}
    return {"formula": parent.formula, **error, "residual": [sentence.text(language) for sentence in parent.residual]}


def fitted_in(fixed: Mapping[str, Any], items: Iterable[Item], budget: int) -> dict[str, Any]:
    """The fixed part and as many items as the budget allows, the weightiest first, in their own order; what is left out is counted."""
    chosen, left_out, spent = dict(fixed), dict[str, int](), tokens(inert(fixed))
    offered = _distinct(items)
    kept: set[int] = set()
    for i in sorted(range(len(offered)), key=lambda i: -offered[i].weight):
        cost = tokens(inert(offered[i].value)) + 2
        if spent + cost <= budget:
            spent += cost
            kept.add(i)
        else:
            left_out[offered[i].section] = left_out.get(offered[i].section, 0) + 1
    for i, item in enumerate(offered):
        if i in kept:
            chosen.setdefault(item.section, []).append(item.value)
    return {**chosen, "left_out": left_out}


def _distinct(items: Iterable[Item]) -> list[Item]:
    seen: set[tuple[str, str]] = set()
    out = []
    for item in items:
        key = (item.section, json.dumps(item.value, ensure_ascii=False))
        if key not in seen:
            seen.add(key)
            out.append(item)
    return out
