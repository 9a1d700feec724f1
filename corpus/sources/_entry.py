"""From a mapping to an entry: what is plainly wrong is refused, what is missing is filled in as far as the law itself says it.

`strict` takes a mapping that claims to be an entry as it is. `lenient` takes one with gaps: units that the dimensions of the
formula determine are inferred, everything else that is missing is listed for a person.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from corpus import tree
from corpus.constants import CODATA, known_constant
from corpus.dimension import Dimension, infer
from corpus.entry import ANY_UNIT, Entry, Words, violations
from corpus.errors import EntryError, RecommenderError
from corpus.formula import Formula, parse
from corpus.language import Sentence
from corpus.sources._base import MAX_RAW, Collected
from corpus.sources._files import invisible, shown
from corpus.units import parse_unit, unit_for

MAX_WORDS = 4000
MAX_PARTS = 60
_MARKUP = re.compile(r"<\s*[!?/]?\s*[a-zA-Z][^<>]{0,200}>")
_NAMED_UNITS = tuple(map(parse_unit, ("N", "Pa", "J", "W", "C", "V", "ohm", "S", "F", "H", "T", "Wb", "W/(m*K)", "W/(m**2*K)", "Pa*s")))
_UNSORTED = "unsorted"


@dataclass(frozen=True)
class Origin:
    """What all items of one file or query share: the stem of their ids, provenance, tenant."""

    stem: str
    provenance: str
    tenant: str


def strict(value: object, where: str, raw: str) -> Collected:
    """The entry a mapping claims to be, or why it is none."""
    try:
        return Collected(where, _validated(_screened(value)), raw=raw[:MAX_RAW])
    except EntryError as error:
        return Collected.rejected(where, error.sentence, raw)


def lenient(value: object, where: str, raw: str, origin: Origin, notes: Sequence[Sentence] = ()) -> Collected:
    """The entry a mapping gives once its gaps are filled, with the list of those gaps behind `notes`; or why it gives none."""
    try:
        draft = _Draft(_screened(value), origin, notes)
        entry = _validated(draft.finished())
        broken = tuple(_broken(entry))
        if broken and not draft.missing:
            raise EntryError("item_broken", problems=broken)
    except RecommenderError as error:
        return Collected.rejected(where, error.sentence, raw)
    return Collected(where, entry, (*draft.missing, *broken), raw=raw[:MAX_RAW])


def _broken(entry: Entry) -> Iterator[Sentence]:
    """The rules an entry breaks; that words are missing is said elsewhere."""
    worded = entry.model_copy(update={"name": Words(en=entry.name.en, ja=entry.name.ja or "名")})
    with np.errstate(all="ignore"):
        problems = list(violations(worded))
    for problem in problems:
        yield Sentence.of("missing.violation", problem=shown(problem, 400))


def _validated(value: Mapping[str, object]) -> Entry:
    try:
        return Entry.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "entry"
        raise EntryError("item_schema", place=shown(place), problem=shown(first["msg"]), count=error.error_count()) from None


def _screened(value: object) -> dict[str, Any]:
    """The mapping, if all its texts are fit to be shown: no control characters, no markup, no endless words."""
    if isinstance(value, EntryError):
        raise value
    if not isinstance(value, Mapping):
        raise EntryError("item_no_mapping")
    for text in _texts(value):
        if len(text) > MAX_WORDS:
            raise EntryError("item_words", limit=MAX_WORDS)
        if invisible(text):
            raise EntryError("item_invisible", text=shown(text, 60))
        if _MARKUP.search(text):
            raise EntryError("item_markup", text=shown(text, 60))
    return dict(value)


def _texts(value: object) -> Iterator[str]:
    """Every text inside; readers bound the nesting."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


class _Draft:
    """A mapping on its way to an entry, and what a person must still add or confirm."""

    def __init__(self, value: dict[str, Any], origin: Origin, notes: Sequence[Sentence]) -> None:
        self.value = value
        self.origin = origin
        self.missing = list(notes)

    def finished(self) -> dict[str, Any]:
        """The mapping with every gap filled."""
        value = self.value
        formula = self._formula()
        if not isinstance(value.setdefault("constants", {}), Mapping) or not all(
            isinstance(name, str) for name in value["constants"].values()
        ):
            raise EntryError("item_part", part="constants")
        value["target"] = self._part(value.get("target"), "quantity")
        value["variables"] = [self._part(part, "quantity") for part in _listed(value.get("variables"), "variables")]
        value["parameters"] = [self._part(part, "meaning") for part in _listed(value.get("parameters"), "parameters")]
        self._add_undeclared(formula)
        self._infer_units()
        self._fill_words()
        value |= {"tenant": self.origin.tenant, "provenance": self.origin.provenance}
        value.setdefault("id", self._id())
        return value

    def _formula(self) -> Formula:
        text = self.value.get("formula")
        if not isinstance(text, str) or not text.strip():
            raise EntryError("item_no_formula")
        return parse(text, [])

    def _part(self, part: object, words: str) -> dict[str, Any]:
        """Target, variable or parameter, with both languages of its meaning and a unit (`any` until inferred)."""
        if not isinstance(part, Mapping):
            raise EntryError("item_part", part=shown(str(part), 60))
        found = dict(part)
        symbol = _symbol(found.get("symbol"))
        given = found.get(words)
        said = dict(given) if isinstance(given, Mapping) else {}
        if not said.get("en") and not said.get("ja"):
            self.missing.append(Sentence.of("missing.meaning", symbol=symbol))
        else:
            self.missing += [Sentence.of(f"missing.meaning_{tongue}", symbol=symbol) for tongue in ("en", "ja") if not said.get(tongue)]
        found[words] = {"en": "", "ja": "", **said}
        return found

    def _add_undeclared(self, formula: Formula) -> None:
        """Symbols of the formula that nobody explained become variables."""
        value = self.value
        known = {part["symbol"] for part in (*value["variables"], *value["parameters"])} | set(value["constants"])
        for symbol in formula.parameters:
            if symbol not in known:
                value["variables"].append(self._part({"symbol": symbol}, "quantity"))
        if not value["variables"] and value["parameters"]:
            raise EntryError("item_no_variable")

    def _infer_units(self) -> None:
        """Units nobody stated, where the law and the stated ones determine them."""
        value = self.value
        parts = [value["target"], *value["variables"], *value["parameters"]]
        gaps = [part for part in parts if str(part.get("unit") or "") == ""]
        inferred = self._solved(parts) if gaps else {}
        for part in gaps:
            symbol = part["symbol"]
            dimension = inferred.get(symbol)
            part["unit"] = ANY_UNIT if dimension is None else unit_for(dimension, _NAMED_UNITS).text
            self.missing.append(
                Sentence.of("missing.unit", symbol=symbol)
                if dimension is None
                else Sentence.of("missing.unit_inferred", symbol=symbol, unit=part["unit"])
            )

    def _solved(self, parts: list[dict[str, Any]]) -> Mapping[str, Dimension]:
        stated = {part["symbol"]: str(part["unit"]) for part in parts if str(part.get("unit") or "") not in ("", ANY_UNIT)}
        known = {symbol: parse_unit(unit).dimension for symbol, unit in stated.items()}
        for symbol, name in self.value["constants"].items():
            if name in CODATA:
                known[str(symbol)] = parse_unit(known_constant(name)[1]).dimension
        root = parse(self.value["formula"], []).root
        minus = tree.mul(tree.const(-1), tree.param(parts[0]["symbol"]))
        report = infer(tree.add(root, minus), known, None)
        return report.known if report.consistent else known

    def _fill_words(self) -> None:
        value = self.value
        for key in ("name", "description"):
            given = value.get(key)
            said = dict(given) if isinstance(given, Mapping) else {}
            self.missing += [Sentence.of(f"missing.{key}_{tongue}") for tongue in ("en", "ja") if not said.get(tongue)]
            value[key] = {"en": "", "ja": "", **said}
        for key, filler in (("source", ""), ("domain", _UNSORTED)):
            if not value.get(key):
                value[key] = filler
                self.missing.append(Sentence.of(f"missing.{key}"))

    def _id(self) -> str:
        """Stable, and different for every item of a file."""
        value = self.value
        words = _slug(value["name"].get("en") or value["target"]["symbol"])
        seed = "|".join(map(str, (self.origin.provenance, value["formula"], value["target"]["symbol"], words)))
        return f"{_slug(self.origin.stem)}.{words}_{hashlib.sha256(seed.encode()).hexdigest()[:8]}"


def _listed(value: object, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise EntryError("item_part", part=name)
    if len(value) > MAX_PARTS:
        raise EntryError("item_parts", limit=MAX_PARTS)
    return list(value)


def _symbol(text: object) -> str:
    """A name that a formula can hold."""
    if not isinstance(text, str) or len(text) > 40 or parse(text, []).parameters != (text,):
        raise EntryError("item_part", part=shown(str(text), 60))
    return text


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(text).lower()).strip("_")[:40] or "item"
