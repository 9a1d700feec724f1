"""The sections of the string table that belong to the app: every sentence is used, every one that is used is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from corpus.language import strings

UI = Path(__file__).parents[2] / "ui"
NAMED_BY_DATA = ("ui.example_name.", "domain.")


def texts():
    """(whole texts, heads of texts that go on with a name) in the source of the app."""
    nodes = [node for path in UI.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    plain = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return plain, {text for text in plain if re.fullmatch(r"[a-z_]+\.[a-z_]*", text) and text.endswith(("_", "."))}


def test_every_sentence_of_the_app_is_used():
    plain, heads = texts()
    mine = [key for key in strings("en") if re.match(r"ui(?:_\w+)?\.", key) and not key.startswith(NAMED_BY_DATA)]
    assert [key for key in mine if key not in plain and not any(key.startswith(head) for head in heads)] == []


def test_every_sentence_the_app_says_is_there():
    plain, _ = texts()
    said = {text for text in plain if re.fullmatch(r"ui(?:_[a-z]+)?\.[a-z_0-9]+", text) and not text.endswith("_")}
    assert len(said) > 100
    assert said - set(strings("en")) - {"ui.example_name."} == set()


def test_no_page_writes_words_of_its_own():
    """What a widget is called comes from the table: no label is a plain text in the source."""
    labelled = {"button", "title", "header", "subheader", "caption", "selectbox", "text_input", "text_area", "checkbox", "expander", "info"}
    calls = [
        node for path in UI.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    own = [
        ast.unparse(call)
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in labelled and call.args and isinstance(call.args[0], ast.Constant)
    ]
    assert own == []
