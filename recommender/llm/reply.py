"""From what a model wrote to formulas: JSON as it comes, else lines of text; every repair named, everything unusable kept with its reason.

A formula is text until `Problem.parse` has read it; nothing is executed. A reply of any length takes bounded time: more than MAX_TEXT
characters are cut off, more than MOST formulas refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from corpus.entry import Words
from corpus.errors import RecommenderError, UnitError
from corpus.formula import Formula, normalised
from corpus.language import Sentence
from corpus.units import parse_unit
from recommender.llm._base import Member, Offered, OfferedParameter, Read
from recommender.llm.loose_json import values_in
from recommender.llm.numbers import with_parameters
from recommender.llm.respell import MAX_LENGTH, respell
from recommender.llm.schema import COEFFICIENTS
from recommender.meaning import Meaning
from recommender.problem import Problem
from recommender.proposers._base import Proposal
from recommender.proposers.own_units import OwnUnits, speaks_of_quantities
from recommender.table import loose

MAX_TEXT = 40_000
MOST = 24
_WORDS = 300
_FORMULA = (
    "formula",
    "expression",
    "equation",
    "expr",
    "function",
    "infix",
    "skeleton",
    "rhs",
    "latex",
    "code",
    "text",
    "model",
    "f",
    "数式",
    "式",
)
_PARAMETERS = ("parameters", "params", "coefficients", "constants", "parameter", "係数")
_REASON = ("reasoning", "reason", "rationale", "explanation", "why", "comment", "理由")
_EVIDENCE = ("evidence", "evidence_used", "used", "facts", "sources")
_MEANING = ("meaning", "role", "description", "physical_meaning", "interpretation", "意味")
_THINKING = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"(?:```|~~~)[ \t]*([\w+-]*)[ \t]*\n?(.*?)(?:```|~~~|\Z)", re.DOTALL)
_SPANS = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|`([^`\n]+)`", re.DOTALL)
_CELL = re.compile(r"^\s*\|.*\|\s*$")
_BULLET = re.compile(r"^\s*(?:[-*•–+]|\(?\d{1,2}[.):]|#+|>)\s+")
_UNFINISHED = re.compile(r"\.\.\.|…|<[\w ]+>|\?\?|\b(?:your|formula|expression|equation)[ _](?:here|formula|expression)\b", re.IGNORECASE)
_HOSTILE = re.compile(r"__|\bimport\b|\b(?:eval|exec|open|system|subprocess|getattr|globals|compile)\s*\(")
_CODE = re.compile(r"__|\bimport\b|\b(?:eval|exec|open|system|subprocess|getattr|globals|compile|input|print)\s*\(|[;\"'@\x00]")
_PIECES = re.compile(r"[<>≤≥]|\b(?:if|else|where|piecewise|cases|heaviside|otherwise)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?:\b[^\W\d_]{2,}[,:]?\s+){4,}[^\W\d_]{2,}")
_OPERATOR = re.compile(r"[-+*/^()=×·÷√\\]|\*\*")
_SIGNS = {
    "positive": "positive",
    "negative": "negative",
    "any": "any",
    "+": "positive",
    ">0": "positive",
    "-": "negative",
    "<0": "negative",
}


def read_reply(text: str, problem: Problem) -> Read:
    """What a reply offers for a problem; never raises."""
    if not text.strip():
        return Read((), (), (("", Sentence.of("llm.reject_empty")),))
    reader = _Reader(problem)
    reader.read(text)
    return Read(tuple(reader.offered), tuple(reader.repairs), tuple(reader.rejected))


class _Reader:
    """Collects what one reply gives."""

    def __init__(self, problem: Problem) -> None:
        self.offered: list[Offered] = []
        self.repairs: list[str] = []
        self.rejected: list[tuple[str, Sentence]] = []
        self._problem = problem
        self._names = {loose(name) for name in (*problem.names.values(), *(column.name for column in problem.inputs))}
        self._seen: set[str] = set()

    def read(self, text: str) -> None:
        text = self._cut(text)
        items = self._from_json(text)
        if not items:
            items = [{"formula": line} for line in self._lines(text)]
            self.repairs += ["lines"] if items else []
        for item in items[:MOST]:
            self._take(item)
        if len(items) > MOST:
            self.rejected.append((f"{len(items)}", Sentence.of("llm.reject_too_many", limit=MOST)))
        if not items:
            self.rejected.append((_short(text), Sentence.of("llm.reject_no_formula")))

    def _cut(self, text: str) -> str:
        thought = _THINKING.sub(" ", text)
        self.repairs += ["thinking"] if thought != text else []
        self.repairs += ["cut"] if len(thought) > MAX_TEXT else []
        return thought[:MAX_TEXT]

    def _from_json(self, text: str) -> list[Mapping[str, Any]]:
        values, repairs = values_in(text)
        items = [item for value in values for item in self._items(value, "", 0)]
        if items:
            self.repairs += ["fence"] if "```" in text or "~~~" in text else []
            self.repairs += ["prose"] if not text.strip().startswith(("{", "[", "```", "~~~")) else []
            self.repairs += repairs
        return items

    def _items(self, value: Any, key: str, depth: int) -> Iterator[Mapping[str, Any]]:
        """Everything in a JSON value that is a formula with what is said of it."""
        if depth > 8:
            return
        if isinstance(value, Mapping):
            field = next((name for name in _FORMULA if isinstance(_get(value, name), str)), None)
            if field is not None:
                yield {**{str(k).lower(): v for k, v in value.items()}, "formula": _get(value, field)}
                return
            for name, inner in value.items():
                yield from self._items(inner, str(name).lower(), depth + 1)
        elif isinstance(value, list):
            for inner in value:
                yield from self._items(inner, key, depth + 1)
        elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            for inner in values_in(value)[0]:
                yield from self._items(inner, key, depth + 2)
        elif (
            isinstance(value, str) and key not in (*_PARAMETERS, *_REASON, *_EVIDENCE, *_MEANING, "name", "unit") and self._promising(value)
        ):
            yield {"formula": value}

    def _promising(self, text: str) -> bool:
        """It speaks of a column and has the looks of a formula."""
        names = {loose(name) for name in re.findall(r"[^\W\d]\w*", normalised(text))}
        return len(text) <= MAX_LENGTH and bool(names & self._names) and bool(_OPERATOR.search(text))

    def _lines(self, text: str) -> list[str]:
        """Lines, cells and spans of mathematics that can be read as formulas; the prose between them is left."""
        fenced = [inner for _, inner in _FENCE.findall(text)]
        self.repairs += ["fence"] if fenced else []
        out: list[str] = []
        for block in fenced or [text]:
            alone = "\n" not in block.strip()
            if _CODE.search(block) and "\n" in block.strip():
                out += self._returned(block)
                continue
            for line in map(_unlisted, _joined(block)):
                cells = line.strip().strip("|").split("|") if _CELL.match(line) else None
                spans = ["".join(found) for found in _SPANS.findall(line)]
                out += [piece for piece in (cells or spans or [line]) if self._is_formula(piece, bool(spans or cells or alone))]
        return list(dict.fromkeys(out))

    def _returned(self, block: str) -> list[str]:
        """The expressions a program returns or assigns to the target."""
        found = re.findall(r"^\s*(?:return\b\s*|[^\W\d]\w*\s*=\s*)(.+)$|^\s*(.*\blambda\b.+)$", block, re.MULTILINE)
        return [line for pair in found if self._promising(line := next(filter(None, pair)))][-MOST:]

    def _is_formula(self, piece: str, marked: bool) -> bool:
        """Whether it is worth reading: it reads, or it has a formula's looks and is marked as one."""
        if not self._promising(piece) or len(piece.split()) > 60 or _SENTENCE.search(piece):
            return False
        try:
            return bool(self._formula(piece)[0].variables)
        except RecommenderError:
            return (marked and len(piece.strip()) > 3) or bool(
                re.match(r"^[\s\d.)*-]*[^\W\d][\w()]*\s*(?:=|≈)\s*\S+", piece.replace("`", ""))
            )

    def _formula(self, text: str) -> tuple[Formula, tuple[str, ...]]:
        """The formula of a text and the repairs it took. FormulaError or ProblemError where it cannot be read."""
        spelled = respell(text[:MAX_LENGTH], self._problem)
        formula = self._problem.parse(spelled.text)
        mended, more = with_parameters(formula)
        return mended, (*spelled.repairs, *more)

    def _take(self, item: Mapping[str, Any]) -> None:
        text = str(item["formula"])
        try:
            formula, repairs = (None, ()) if _HOSTILE.search(text) else self._formula(text)
        except RecommenderError as error:
            self.rejected.append((_short(text), _why_not(text, error)))
            return
        reason = Sentence.of("llm.reject_code") if formula is None else self._unusable(formula)
        if formula is None or reason is not None:
            assert reason is not None
            self.rejected.append((_short(text), reason))
            return
        self.repairs += repairs
        shown = formula.rename(dict(self._problem.names)).text
        if shown in self._seen:
            self.repairs.append("repeat")
            return
        self._seen.add(shown)
        self.offered.append(_offered(shown, formula, item))

    def _unusable(self, formula: Formula) -> Sentence | None:
        """Why a formula that can be read is no answer."""
        if any(self._is_target(name) for name in formula.parameters):
            return Sentence.of("llm.reject_target", target=self._problem.target.name)
        if not formula.variables:
            return Sentence.of("llm.reject_no_column", names=", ".join(self._problem.names.values()))
        return None

    def _is_target(self, name: str) -> bool:
        """A letter that everybody writes for coefficients is one, and so is a letter of the other case: A beside a."""
        spelled = (self._problem.target.name, self._problem.target_symbol)
        return name in spelled and name not in COEFFICIENTS if len(name) == 1 else loose(name) in map(loose, spelled)


def _joined(block: str) -> list[str]:
    """Lines; a displayed formula over several lines is one."""
    return re.sub(r"\$\$\s*\n|\n\s*\$\$|\\\[\s*\n|\n\s*\\\]", lambda found: found[0].strip(), block).splitlines()


def _unlisted(line: str) -> str:
    """Without the bullet or number of a list."""
    return _BULLET.sub("", line)


def _get(item: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in item.items() if str(key).lower().strip() == name), None)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WORDS else text[: _WORDS - 1] + "…"


def _why_not(text: str, error: RecommenderError) -> Sentence:
    """A reason of its own for what is no formula at all, else that of the reader."""
    if not text.strip() or _UNFINISHED.search(text):
        return Sentence.of("llm.reject_unfinished")
    if error.key == "llm_left_side":
        return error.sentence
    if _CODE.search(text):
        return Sentence.of("llm.reject_code")
    if _PIECES.search(text):
        return Sentence.of("llm.reject_pieces")
    return error.sentence


def _offered(shown: str, formula: Formula, item: Mapping[str, Any]) -> Offered:
    told = dict(_parameters(next((item[key] for key in _PARAMETERS if key in item), ())))
    own = {loose(name): name for name in formula.parameters}
    parameters = {own[loose(name)]: said for name, said in told.items() if loose(name) in own}
    reason = next((item[key] for key in _REASON if isinstance(item.get(key), str)), "")
    used = next((item[key] for key in _EVIDENCE if key in item), ())
    evidence = tuple(str(one)[:80] for one in ([used] if isinstance(used, str) else used if isinstance(used, list) else ()) if one)
    return Offered(shown, parameters, _short(reason), evidence[:8])


def _parameters(told: Any) -> Iterator[tuple[str, OfferedParameter]]:
    """Parameters as a list of objects, as an object by name, or as bare names."""
    if isinstance(told, Mapping):
        told = [{"name": name, **(said if isinstance(said, Mapping) else {"meaning": str(said)})} for name, said in told.items()]
    for one in told if isinstance(told, list) else ():
        if isinstance(one, Mapping):
            name = str(_get(one, "name") or _get(one, "symbol") or _get(one, "parameter") or "")
            yield (
                name,
                OfferedParameter(
                    _first(one, _MEANING),
                    _first(one, ("unit", "units", "expected_unit"))[:40],
                    _sign(_first(one, ("sign", "expected_sign"))),
                ),
            )


def _first(item: Mapping[str, Any], names: Sequence[str]) -> str:
    return _short(str(next((value for name in names if isinstance(value := _get(item, name), str)), "")))


def _sign(text: str) -> str:
    text = text.strip().lower().replace(" ", "")
    return _SIGNS.get(text, next((sign for sign in ("positive", "negative") if sign in text), ""))


# --- proposals -------------------------------------------------------------------------------------------------------


def to_proposals(read: Read, member: Member, problem: Problem) -> list[Proposal]:
    """What a member offered, as proposals; a bare number carries the customer's unit, as in a typed formula."""
    return [_proposal(one, member, problem) for one in read.offered]


def _proposal(offered: Offered, member: Member, problem: Problem) -> Proposal:
    formula = problem.parse(offered.text)
    why = Sentence.of("why.llm", member=member.name, role=member.role, reasoning=offered.reasoning or offered.text)
    meanings = dict(_meanings(offered, formula.parameters))
    plain = Proposal(formula, voice(member), why, meanings=meanings)
    if speaks_of_quantities(formula, problem):
        return plain
    own = OwnUnits(formula, problem)
    return replace(plain, formula=own.formula, known=own.known, meanings={**meanings, **own.meanings})


def voice(member: Member) -> str:
    """Who votes: two roles of one model are one voice."""
    return f"llm:{member.model}"


def _meanings(offered: Offered, names: Iterable[str]) -> Iterator[tuple[str, Meaning]]:
    by_letters = {loose(name): said for name, said in offered.parameters.items()}
    for name in names:
        said = by_letters.get(loose(name))
        if said is not None and said.meaning:
            yield name, Meaning(Words(en=said.meaning, ja=said.meaning), _unit(said.unit), None, said.sign or "any")


def _unit(text: str) -> str | None:
    """The unit a model states, None where there is none that anybody knows."""
    try:
        return parse_unit(text).text if text.strip() else None
    except UnitError:
        return None
