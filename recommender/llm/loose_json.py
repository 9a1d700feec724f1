"""JSON as language models write it: prose around, single quotes, trailing commas, comments, bare words, cut off in the middle.

Strict JSON is read by the standard library; only what it refuses is read here, in one pass over the text, and every liberty taken is named.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 40
MAX_VALUES = 200
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "`": "`"}
_BARE = re.compile(r"[^,:{}\[\]\n\"]+")
_SKIP = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*|/\*.*?\*/)+", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_WORDS = {"true": True, "false": False, "null": None, "none": None}
_CUT = object()


def values_in(text: str) -> tuple[list[Any], list[str]]:
    """Every object and list in a text, outermost ones only, and the repairs that reading them took."""
    found: list[Any] = []
    repairs: list[str] = []
    at = 0
    while len(found) < MAX_VALUES and (start := _opening(text, at)) >= 0:
        value, at = _strict(text, start)
        if value is _CUT:
            reader = _Loose(text, start)
            value, at = reader.value(0), reader.at
            repairs += reader.repairs if value else []
        found.append(value)
    return found, repairs


def _opening(text: str, at: int) -> int:
    places = [place for mark in "{[" if (place := text.find(mark, at)) >= 0]
    return min(places, default=-1)


def _strict(text: str, start: int) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return _CUT, start


class _Loose:
    """One value from `at` on; afterwards `at` is behind it."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at
        self.repairs: list[str] = []

    def value(self, depth: int) -> Any:
        """What stands here; _CUT if the text ends before it does."""
        self._skip()
        mark = self._text[self.at : self.at + 1]
        if not mark:
            return _CUT
        if mark in "{[" and depth < MAX_DEPTH:
            self.at += 1
            return self._object(depth) if mark == "{" else self._list(depth)
        return self._string(mark) if mark in _QUOTES else self._bare()

    def _skip(self) -> None:
        match = _SKIP.match(self._text, self.at)
        if match is not None:
            self._note("comment", bool(match[0].strip()))
            self.at = match.end()

    def _object(self, depth: int) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while not self._closes("}"):
            before = self.at
            key = self.value(MAX_DEPTH)
            self._skip()
            if self._text[self.at : self.at + 1] == ":":
                self.at += 1
                found = self.value(depth + 1)
                if found is not _CUT:
                    pairs[str(key)] = found
            self.at += self.at == before  # something that fits nowhere
        return pairs

    def _list(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while not self._closes("]"):
            before = self.at
            found = self.value(depth + 1)
            if found is not _CUT and found != "":
                items.append(found)
            self.at += self.at == before
        return items

    def _closes(self, mark: str) -> bool:
        """Go past commas; True behind the closing mark, or at the end of a text that was cut off."""
        self._skip()
        commas = 0
        while self._text[self.at : self.at + 1] == ",":
            self.at, commas = self.at + 1, commas + 1
            self._skip()
        here = self._text[self.at : self.at + 1]
        if not here:
            self._note("truncated", True)
            return True
        self._note("comma", here == mark and commas > 0)
        other = here in "}]" and here != mark
        self._note("bracket", other)
        self.at += here == mark
        return here == mark or other

    def _string(self, opening: str) -> Any:
        closing = _QUOTES[opening]
        self._note("quotes", opening != '"')
        parts: list[str] = []
        at = self.at + 1
        while at < len(self._text):
            letter = self._text[at]
            if letter == "\\":
                taken, at = self._escape(at)
                parts.append(taken)
                continue
            if letter == closing and self._ends(at + 1):
                self.at = at + 1
                return "".join(parts)
            self._note("quotes", letter == closing)
            parts.append(letter)
            at += 1
        self.at = at
        self._note("truncated", True)
        return _CUT

    def _ends(self, at: int) -> bool:
        """A closing quote is followed by a comma, a colon, a bracket or the end."""
        match = _SKIP.match(self._text, at)
        return self._text[match.end() if match else at :][:1] in ("", ",", ":", "}", "]")

    def _escape(self, at: int) -> tuple[str, int]:
        """A JSON escape, or a backslash that belongs to LaTeX."""
        mark, after = self._text[at + 1 : at + 2], self._text[at + 2 : at + 3]
        code = self._text[at + 2 : at + 6]
        if mark == "u" and re.fullmatch(r"[0-9A-Fa-f]{4}", code):
            return chr(int(code, 16)), at + 6
        if mark in _ESCAPES and not (mark in "tr" and after.isalpha()):
            return _ESCAPES[mark], at + 2
        self._note("backslash", True)
        return "\\", at + 1

    def _bare(self) -> Any:
        match = _BARE.match(self._text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        word = match[0].strip()
        if word.lower() in _WORDS:
            self._note("words", word not in ("true", "false", "null"))
            return _WORDS[word.lower()]
        try:
            return float(word)
        except ValueError:
            self._note("unquoted", True)
            return word

    def _note(self, name: str, happened: bool) -> None:
        if happened and name not in self.repairs:
            self.repairs.append(name)
