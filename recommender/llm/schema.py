"""The form in which a member is asked to answer, as a JSON schema that providers can enforce (strict: every key is required).

A server of one's own holds even a small model to the schema token by token, and a small model goes on until something ends it. So texts and
lists are bounded there, such that the longest reply the schema allows still closes within the tokens a reply may take (`bounded`), and a
formula is held to what the reader of formulas can read (`formula_pattern`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_letters, digits
from typing import Any

from corpus.functions import ALIASES, CALLABLE_NAMES, PAIRS

MOST = 8  # formulas asked for at once
COEFFICIENTS = frozenset("abcdkABCDK")  # letters that everybody writes for coefficients, whatever the target is called
TEXT = {"type": "string"}
_TEXTS = {"formula": (80, 200), "reasoning": (30, 160), "meaning": (10, 60), "name": (6, 20), "unit": (8, 16), "evidence": (4, 8)}
_ITEMS: Mapping[str, tuple[float, float]] = {"formulas": (1.4, 4), "parameters": (1, 4), "evidence": (1, 3)}
_TEXT, _LIST = (20, 80), (2, 8)  # least and most of what is not named above
_PROSE = frozenset({"reasoning", "meaning"})
_STEPS = 40
_OPERAND = 8  # characters of an operand with its operator
_PAIR = 2.0  # tokens of quotes, of brackets, of a colon and a comma with the white space around


def strict(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object with these properties, every one required, and no others."""
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}


_PARAMETER = strict({"name": TEXT, "meaning": TEXT, "unit": TEXT, "sign": {"type": "string", "enum": ["positive", "negative", "any"]}})
_FORMULA = strict(
    {
        "formula": TEXT,
        "parameters": {"type": "array", "items": _PARAMETER},
        "reasoning": TEXT,
        "evidence": {"type": "array", "items": TEXT},
    }
)
REPLY_SCHEMA: Mapping[str, Any] = strict({"formulas": {"type": "array", "items": _FORMULA, "minItems": 1, "maxItems": MOST}})


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as OpenAI-compatible servers take it."""
    return {"type": "json_schema", "json_schema": {"name": "formulas", "strict": True, "schema": dict(schema)}}


def bounded(schema: Mapping[str, Any], tokens: int, names: Sequence[str] = ()) -> dict[str, Any]:
    """The same with the widest bounds on texts and lists for which every reply closes within so many tokens; with the narrowest where none
    does. names: symbols of the target and of the columns; formulas are held to them."""
    widths = (_limited(schema, "", step / _STEPS) for step in range(_STEPS, 0, -1))
    found = next((each for each in widths if most_tokens(each) <= tokens), None) or _limited(schema, "", 0.0)
    return _patterned(found, names) if len(names) > 1 else found


def formula_pattern(target: str, columns: Sequence[str], length: int) -> str:
    """A regular expression of formulas: operands with signs, brackets and functions around them, joined by operators, at least one operand
    a column, about `length` characters at most.

    It keeps out what can be no formula (prose, placeholders, other columns, the target itself), not what makes a formula good: brackets
    need not match, for the reader closes them. `target =` may stand before it, for a model that wants to write it writes nonsense if it may
    not.
    """
    calls = "|".join(sorted(name for name in CALLABLE_NAMES if ALIASES.get(name, name) not in (*PAIRS, "root")))
    column = "|".join(columns)
    name = _coefficient(target)
    number = "[0-9]{1,3}([.][0-9]{1,3})?"

    def operand(core: str) -> str:
        return f"-?[(]{{0,2}}(({calls})[(]){{0,2}}[(]?-?({core})[)]{{0,4}}"

    anything, operator = operand(f"{number}|{column}|{name}"), " ?([-+*/^]|[*][*]) ?"
    most = max(1, length // (2 * _OPERAND))
    return f"^({target} = )?({anything}{operator}){{0,{most}}}{operand(column)}({operator}{anything}){{0,{most}}}$"


def _coefficient(target: str) -> str:
    """A regular expression of names of a few letters with an index, other than the target's; of two letters or more, than its beginning."""
    more, index = "[A-Za-z0-9]{0,5}", "(_[A-Za-z0-9]{1,4})?"
    if target in COEFFICIENTS:
        return f"[A-Za-z]{more}{index}"
    first, second = target[0], target[1:2]
    others = f"[{ascii_letters.replace(first, '')}]{more}{index}"
    own = f"([{(ascii_letters + digits).replace(second, '')}]{more})?" if second else "[A-Za-z0-9_][A-Za-z0-9]{0,4}"
    return f"{others}|{first}{own}"


def _patterned(schema: Mapping[str, Any], names: Sequence[str], key: str = "") -> dict[str, Any]:
    match schema["type"]:
        case "object":
            return {**schema, "properties": {name: _patterned(inner, names, name) for name, inner in schema["properties"].items()}}
        case "array":
            return {**schema, "items": _patterned(schema["items"], names)}
    return {"type": "string", "pattern": formula_pattern(names[0], names[1:], schema["maxLength"])} if key == "formula" else dict(schema)


def formulas_within(tokens: int) -> int:
    """How many formulas are asked for where a reply may take so many tokens."""
    return int(bounded(REPLY_SCHEMA, tokens)["properties"]["formulas"]["maxItems"])


def most_tokens(schema: Mapping[str, Any], key: str = "") -> float:
    """Tokens of the longest reply that a bounded schema allows: one for every character, of prose one for two, whatever the vocabulary.

    (Byte-pair vocabularies of 49,000 words and more take 0.2 to 0.3 for a character of English, 0.5 to 0.9 of a formula, 1 of digits.)
    """
    match schema["type"]:
        case "object":
            return _PAIR + sum(_PAIR + len(name) / 3 + most_tokens(inner, name) for name, inner in schema["properties"].items())
        case "array":
            return _PAIR + float(schema["maxItems"] * (1 + most_tokens(schema["items"], key)))
    longest = max(map(len, schema["enum"])) if "enum" in schema else schema["maxLength"]
    return _PAIR + float(longest) / (2 if key in _PROSE or "enum" in schema else 1)


def _limited(schema: Mapping[str, Any], key: str, width: float) -> dict[str, Any]:
    """A schema with bounds between the least (0) and the most (1) of their kind; key: the property it describes."""
    match schema["type"]:
        case "object":
            return {**schema, "properties": {name: _limited(inner, name, width) for name, inner in schema["properties"].items()}}
        case "array":
            most = _between(_ITEMS.get(key, _LIST), width)
            return {**schema, "items": _limited(schema["items"], key, width), "maxItems": min(most, schema.get("maxItems", most))}
    return dict(schema) if "enum" in schema else {**schema, "maxLength": _between(_TEXTS.get(key, _TEXT), width)}


def _between(limits: tuple[float, float], width: float) -> int:
    least, most = limits
    return round(least + width * (most - least))
