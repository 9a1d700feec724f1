"""The form in which a member is asked to answer, as a JSON schema that providers can enforce (strict: every key is required)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 8  # formulas asked for at once
LONGEST, MOST_ITEMS = 120, 4  # of a text and of a list, where a server holds a small model to the schema
TEXT = {"type": "string"}


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


def bounded(schema: Any) -> Any:
    """The same with lengths of texts and lists: a small model held to a grammar without them rambles until its tokens are used up."""
    if isinstance(schema, list):
        return [bounded(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    limits: dict[str, Any] = {"maxLength": LONGEST} if schema.get("type") == "string" and "enum" not in schema else {}
    limits |= {"maxItems": min(schema.get("maxItems", MOST_ITEMS), MOST_ITEMS)} if schema.get("type") == "array" else {}
    return {**{key: bounded(value) for key, value in schema.items()}, **limits}
