"""A free sentence about a table as a draft of the question: target, inputs, units, known quantities, requirements.

Rules read it first, in Japanese or English; a language model may fill what they left open (`ask`). Every finding keeps the words it was
read from. A draft is only ever shown: the caller makes a Problem of it after a person has seen it.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from corpus.errors import RecommenderError
from corpus.units import parse_unit
from recommender.problem import Problem
from recommender.quantities import Quantity
from recommender.requirements import Requirement
from recommender.table import Table, symbols_for

Kind = Literal["target", "input", "unit", "known", "require"]
MOST = 2000
_OPEN, _CLOSE = "\ue000", "\ue001"
_M = rf"{_OPEN}(\d+){_CLOSE}"
_ANY = rf"{_OPEN}\d+{_CLOSE}"
_LIST = rf"{_ANY}(?:\s*(?:,|、|と|や|および|及び|and|or|&)+\s*(?:the\s+)?{_ANY})*"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_GAP = rf"[^。.;\n{_OPEN}]{{0,14}}?"
_ASKED = r"(?:どう|どのよう|どんな|決ま|依存|変わ|変化|左右|影響を受け|関係|説明|予測|推定|モデル|表し|表す|求め|知り|式)"
_TARGETS = (
    rf"(?:target|goal|output|目的(?:変数|量)?|出力)\s*(?:is|:|は|＝|=)\s*(?:the\s+)?{_M}",
    rf"(?:effect|influence|impact)s?\s+of\s+.*?\s+on\s+(?:the\s+)?{_GAP}{_M}",
    rf"how\s+(?:do(?:es)?\s+)?(?:the\s+)?{_GAP}{_M}{_GAP}\b(?:depend|var|chang|scale|determin|go|behav|relat|respond)",
    rf"(?:formula|equation|law|model|expression|dependence)\s+(?:for|of|behind)\s+(?:the\s+)?{_GAP}{_M}",
    rf"(?:explain|predict|model|describe|fit|estimate)\s+(?:the\s+)?{_GAP}{_M}",
    rf"{_M}{_GAP}\s*(?:depends?|scales?|varies|as\s+a\s+function|versus|vs\.?|against|\bfrom\b)",
    rf"{_M}\s*=\s*\w+\s*\(\s*{_ANY}",
    rf"{_ANY}[^。\n]*?が、?{_M}に(?:与える|及ぼす)",
    rf"{_M}\s*と\s*(?:{_LIST})\s*の関係",
    rf"{_M}{_GAP}(?:が|は|を|の)[^。\n]*?{_ASKED}",
)
_LEFT_OUT = (rf"(?:except|without|ignor\w*|not)\s+(?:the\s+)?({_LIST})", rf"({_LIST})\s*(?:以外|を除|は除|は使わ|を使わ|は無視|を無視)")
_HELD = rf"{_M}\s*(?:=|＝|is|は)\s*(?!0(?![.\d])){_NUMBER}"
_UNIT = r"(?P<unit>[^\s、。,;；()（）\[\]［］\ue000\ue001]{1,20})"
_UNITS = (
    rf"(?P<which>{_LIST})\s*(?:の単位)?\s*は\s*{_UNIT}?(?=\s*(?:、|。|,|;|で|です|だ|$|\s))",
    rf"(?P<which>{_LIST})\s+(?:is|are)?\s*(?:given|measured|expressed|each)?\s*in\s+{_UNIT}",
    rf"(?P<which>{_ANY})\s*[\[(（［]\s*{_UNIT}\s*[\])）］]",
)
_NAME = r"(?P<name>[A-Za-zα-ωΑ-Ω][A-Za-z0-9_α-ω]{0,14}|[一-龥ァ-ヴー]{1,10})"
_KNOWNS = (rf"{_NAME}\s*(?:=|＝|is|was|:|は|が|を)\s*(?P<value>{_NUMBER}(?:\s*(?:±|\+-)\s*{_NUMBER})?)\s*(?P<unit>[^\s、。,;）)\ue000]*)",)
_MUST = rf"{_M}{_GAP}(?:must|should|has to|always|is|必ず|常に|は)?{_GAP}(?:be\s+)?"
_WITH = rf"{_M}{_GAP}(?:とともに|につれ|に対して|ほど)\s*{_GAP}"
_REQUIRED = (
    (rf"{_MUST}(?:positive|正の|正で|正に|負にならな|マイナスにならな)", "positive"),
    (rf"{_MUST}(?:negative|負で|負の|負に(?!な))", "negative"),
    (r"\b(?:bounded|no poles?|does not diverge|finite everywhere)\b|発散しない|有界", "bounded"),
    (rf"(?:increas\w+|rises?|grows?)\s+(?:with|in)\s+(?:the\s+)?{_M}|{_WITH}(?:増|大き|上が)", "increasing in {}"),
    (rf"(?:decreas\w+|falls?|drops?)\s+(?:with|in)\s+(?:the\s+)?{_M}|{_WITH}(?:減|小さ|下が)", "decreasing in {}"),
    (rf"(?:vanish\w*|zero|0)\s+(?:at|for|when)\s+{_M}\s*(?:=|is)\s*0", "0 at {} = 0"),
    (rf"{_M}\s*(?:=|が|は)?\s*0\s*(?:のとき|で|なら)[^。\n]{{0,10}}?(?:0|ゼロ|零)", "0 at {} = 0"),
)


@dataclass(frozen=True)
class Finding:
    """One thing read: what kind, the column or name it is of, its value, and the words it was read from; by: rules or model."""

    kind: Kind
    name: str
    value: str = ""
    words: str = ""
    by: str = "rules"


@dataclass(frozen=True)
class Draft:
    """What a sentence says of a table; nothing in it has been applied. about: the sentence itself."""

    about: str
    findings: tuple[Finding, ...]

    @property
    def target(self) -> str | None:
        """None where the sentence does not say."""
        return next((found.name for found in self.findings if found.kind == "target"), None)

    @property
    def inputs(self) -> tuple[str, ...] | None:
        """None for all other columns."""
        return tuple(found.name for found in self.findings if found.kind == "input") or None

    def pairs(self, kind: Kind) -> dict[str, str]:
        """Name -> value of the units or known quantities."""
        return {found.name: found.value for found in self.findings if found.kind == kind}

    @property
    def require(self) -> tuple[str, ...]:
        return tuple(found.value for found in self.findings if found.kind == "require")

    def problem(self, table: Table, seed: int = 0) -> Problem:
        """The question, once a person has agreed to it. ProblemError if it does not fit the table after all."""
        measured = table.with_units(self.pairs("unit"))
        known = self.pairs("known")
        return Problem.of(measured, self.target, self.inputs, about=self.about, known=known, require=self.require, seed=seed)

    def command(self, path: str) -> str:
        """The same as a command to look at, change and run."""
        words = ["formula", "recommend", path, *(["--target", self.target] if self.target else [])]
        words += ["--inputs", ",".join(self.inputs)] if self.inputs else []
        for option, kind in (("--unit", "unit"), ("--known", "known")):
            words += [part for name, value in self.pairs(kind).items() for part in (option, f"{name}={value}")]  # type: ignore[arg-type]
        words += [part for text in self.require for part in ("--require", text)]
        return shlex.join([*words, "--about", self.about])


def draft(text: str, table: Table) -> Draft:
    """What rules read from a sentence; columns are known by header, symbol or description."""
    about = re.sub(f"[{_OPEN}{_CLOSE}]", "", unicodedata.normalize("NFKC", text))[:MOST].strip()
    marked, spoken = _marked(about, table)
    target = _target(marked, spoken)
    found = [target] if target is not None else []
    units = list(_units(marked, spoken))
    found += _inputs(marked, spoken, target, {finding.words for finding in units})
    found += [*units, *_knowns(about, table), *_required(marked, spoken, table, target)]
    return Draft(about, tuple(dict.fromkeys(found)))


def _marked(text: str, table: Table) -> tuple[str, list[str]]:
    """The text with every mention of a column replaced by its number, and the columns by number."""
    symbols = symbols_for(table.names)
    names: dict[str, str] = {}
    for column in table.columns:
        for said in (column.name, symbols[column.name], column.description):
            plain = unicodedata.normalize("NFKC", said).strip()
            if plain:
                names.setdefault(plain.casefold(), column.name)
    spoken = list(table.names)
    either = "|".join(_bounded(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(either, lambda m: f"{_OPEN}{spoken.index(names[m[0].casefold()])}{_CLOSE}", text, flags=re.IGNORECASE), spoken


def _bounded(name: str) -> str:
    """A name as a whole word; letters of Japanese stand next to it without a space."""
    before = r"(?<![A-Za-z0-9_])" if re.match(r"[A-Za-z0-9_]", name) else ""
    after = r"(?![A-Za-z0-9_])" if re.search(r"[A-Za-z0-9_]$", name) else ""
    return before + re.escape(name) + after


def _plain(marked: str, spoken: Sequence[str]) -> str:
    return re.sub(_M, lambda m: spoken[int(m[1])], marked).strip()


def _target(marked: str, spoken: Sequence[str]) -> Finding | None:
    for pattern in _TARGETS:
        match = re.search(pattern, marked, re.IGNORECASE)
        if match is not None:
            return Finding("target", spoken[int(match[1])], "", _plain(match[0], spoken))
    return None


def _inputs(marked: str, spoken: Sequence[str], target: Finding | None, told: set[str]) -> Iterator[Finding]:
    """The other columns named in the sentence that names the target; without a target nobody is chosen."""
    dropped = {int(i) for pattern in _LEFT_OUT for m in re.finditer(pattern, marked, re.IGNORECASE) for i in re.findall(_M, m[0])}
    dropped |= {int(i) for i in re.findall(_HELD, marked, re.IGNORECASE)}
    if target is None:
        return
    goal = spoken.index(target.name)
    for sentence in re.split(r"[。\n;?？]|\.\s", marked):
        own, plain = [int(i) for i in re.findall(_M, sentence)], _plain(sentence, spoken)
        if goal in own and target.words.rstrip("?？。. ") in plain and plain not in told:
            chosen = [i for i in dict.fromkeys(own) if i != goal and i not in dropped]
            chosen = chosen or ([i for i in range(len(spoken)) if i != goal and i not in dropped] if dropped else [])
            yield from (Finding("input", spoken[i], "", plain) for i in chosen)
            return


def _units(marked: str, spoken: Sequence[str]) -> Iterator[Finding]:
    for pattern in _UNITS:
        for match in re.finditer(pattern, marked, re.IGNORECASE | re.MULTILINE):
            unit = _unit(match["unit"] or "")
            if unit:
                yield from (Finding("unit", spoken[int(i)], unit, _plain(match[0], spoken)) for i in re.findall(_M, match["which"]))


def _unit(text: str) -> str:
    """The longest beginning that is a unit, "" if there is none; what follows may be a particle."""
    for candidate in (text, text.rstrip(".!?"), re.split(r"(?:で|です|だ|と|の|を|に)", text)[0]):
        if candidate and not re.fullmatch(_NUMBER, candidate):
            try:
                parse_unit(candidate)
            except RecommenderError:
                continue
            return candidate
    return ""


def _knowns(text: str, table: Table) -> Iterator[Finding]:
    """`T = 300 K` where T is no column of the table."""
    for pattern in _KNOWNS:
        for match in re.finditer(pattern, text):
            name = match["name"]
            value = f"{match['value']} {_unit(match['unit'])}".strip()
            if not _is_column(name, table) and can(Quantity.of, name, value):
                yield Finding("known", name, value, match[0].strip())


def _required(marked: str, spoken: Sequence[str], table: Table, target: Finding | None) -> Iterator[Finding]:
    goal = table.find(target.name) if target is not None else table.columns[-1]
    others = [column for column in table.columns if column is not goal]
    for pattern, form in _REQUIRED:
        match = re.search(pattern, marked, re.IGNORECASE)
        if match is None:
            continue
        about = next((spoken[int(i)] for i in match.groups() if i is not None), "") if match.groups() else ""
        said = form.format(about)
        if (form == said) != (about == goal.name) and form != "bounded":
            continue  # a sign is asked of the target, everything else of an input
        if can(Requirement.of, said, goal, others):
            yield Finding("require", goal.name, said, _plain(match[0], spoken))


def _is_column(name: str, table: Table) -> bool:
    return can(table.find, name)


def can(make: object, *given: object) -> bool:
    """Whether one of our constructors accepts its arguments."""
    try:
        make(*given)  # type: ignore[operator]
    except RecommenderError:
        return False
    return True


def completed(by_rules: Draft, by_model: Iterable[Finding]) -> Draft:
    """The draft with what a model read where the rules read nothing; what rules read stays."""
    kept = list(by_rules.findings)
    kinds, names = {found.kind for found in kept}, {(found.kind, found.name) for found in kept}
    for found in by_model:
        single = found.kind in ("target", "input")
        if (found.kind not in kinds) if single else ((found.kind, found.name) not in names):
            kept.append(replace(found, by="model"))
    target = Draft("", tuple(kept)).target
    return replace(by_rules, findings=tuple(found for found in kept if not (found.kind == "input" and found.name == target)))
