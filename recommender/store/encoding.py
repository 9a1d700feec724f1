"""How Python values stand in text columns, the same in every database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Dialect, Text, TypeDecorator

from corpus.errors import StoreError


def storable(text: str) -> str:
    """The text without what databases refuse: NUL, and lone surrogates as they come from file names."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def to_json(value: object) -> str:
    """Strict JSON text; NumPy scalars and arrays become numbers and lists, non-finite numbers (JSON has none) null."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=_plain)
        # What reads back without a constant is already strict; NaN and Infinity are rare, so the second pass is too.
        if "NaN" in text or "Infinity" in text:
            text = json.dumps(json.loads(text, parse_constant=lambda _: None), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError("store_value_unusable", reason=error) from None
    return storable(text)


def _plain(value: Any) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


class Words(TypeDecorator[str]):
    """Any text a person or a file gave."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable(value)


class JsonText(TypeDecorator[Any]):
    """JSON as text: the databases' own JSON types differ in what they keep."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else to_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class Moment(TypeDecorator[datetime]):
    """A time as ISO text in UTC, always of one width, so that the order of texts is the order of times."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)
