"""The form in which a member is asked to answer, as a JSON schema that providers can enforce (strict: every key is required)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST = 8  # formulas asked for at once
_TEXT = {"type": "string"}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}


_PARAMETER = _object({"name": _TEXT, "meaning": _TEXT, "unit": _TEXT, "sign": {"type": "string", "enum": ["positive", "negative", "any"]}})
_FORMULA = _object(
    {
        "formula": _TEXT,
        "parameters": {"type": "array", "items": _PARAMETER},
        "reasoning": _TEXT,
        "evidence": {"type": "array", "items": _TEXT},
    }
)
REPLY_SCHEMA: Mapping[str, Any] = _object({"formulas": {"type": "array", "items": _FORMULA, "minItems": 1, "maxItems": MOST}})


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as OpenAI-compatible servers take it."""
    return {"type": "json_schema", "json_schema": {"name": "formulas", "strict": True, "schema": dict(schema)}}
