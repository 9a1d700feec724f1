"""Every sentence exists in both languages, says the same, and is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from corpus import errors
from corpus.errors import RecommenderError, UnitError
from corpus.language import LANGUAGES, Sentence, strings, text

ROOT = Path(__file__).parents[2]
PACKAGES = ("corpus", "indexes", "recommender", "ui")
ENGLISH, JAPANESE = strings("en"), strings("ja")


@cache
def sources() -> tuple[ast.Module, ...]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in paths)


@cache
def constants() -> frozenset[str]:
    """Every plain text in the source, and `column_*` for the f-string f"column_{kind}"."""
    nodes = [node for module in sources() for node in ast.walk(module)]
    plain = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    heads = {node.values[0].value for node in nodes if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant)}
    return frozenset(plain | {f"{head}*" for head in heads})


def is_used(key: str) -> bool:
    return key in constants() or any(f"{key[:n]}*" in constants() for n in range(4, len(key)))


def first_arguments(named: re.Pattern[str]) -> Iterator[str]:
    """The first argument of every call of a function so named, where it is a plain text."""
    calls = (node for module in sources() for node in ast.walk(module) if isinstance(node, ast.Call) and node.args)
    for call in calls:
        first = call.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and named.fullmatch(ast.unparse(call.func)):
            yield first.value


def placeholders(template: str) -> set[str]:
    """Names of the values a template takes; `entry_en` and `entry_ja` are one value in two languages."""
    names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    return {re.sub(r"(^|_)(en|ja)$", "", name) for name in names}


def test_both_languages_have_the_same_sentences() -> None:
    assert set(ENGLISH) == set(JAPANESE)


def test_a_sentence_takes_the_same_values_in_both_languages() -> None:
    assert [key for key in ENGLISH if placeholders(ENGLISH[key]) != placeholders(JAPANESE[key])] == []


def test_each_table_is_in_its_language() -> None:
    japanese = re.compile(r"[ぁ-んァ-ヶ一-龠]")
    assert [key for key in ENGLISH if not ENGLISH[key].strip() or japanese.search(ENGLISH[key])] == []
    assert [key for key in JAPANESE if not japanese.search(JAPANESE[key]) and not is_international(JAPANESE[key])] == []


def is_international(sentence: str) -> bool:
    """Symbols, acronyms and names of formats need no translation."""
    return bool(re.fullmatch(r"(?:[\W\d_]|\{\w+\}|\b(?:[A-Z]\w*|m|s|kg|bits?)\b)*", sentence))


def test_every_error_is_raised_somewhere() -> None:
    keys = [key.removeprefix("error.") for key in ENGLISH if key.startswith("error.")]
    assert [key for key in keys if not is_used(key)] == []


def test_every_key_in_the_source_is_in_the_table() -> None:
    kinds = "|".join(name for name in vars(errors) if name.endswith("Error"))
    raised = {f"error.{key}" for key in first_arguments(re.compile(rf"(?:\w+\.)?(?:{kinds})"))}
    said = {
        key for key in first_arguments(re.compile(r"(?:\w+\.)?(?:Sentence\.of|text|say|t)")) if re.fullmatch(r"[a-z]+\.[a-z_0-9]+", key)
    }
    known = set(ENGLISH)
    assert raised
    assert raised <= known
    assert {key for key in said if key.split(".")[0] in {name.split(".")[0] for name in known}} <= known


def test_errors_form_one_tree_with_words_in_both_languages() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert all(issubclass(kind, RecommenderError) for kind in kinds)
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in kinds)
    error = UnitError("unit_unknown", unit="foo")
    assert "foo" in str(error)
    assert "foo" in error.text("ja")
    assert str(error) != error.text("ja")


def test_values_are_never_read_as_templates() -> None:
    assert "{limit}{0}{x.__class__}" in str(UnitError("unit_unknown", unit="{limit}{0}{x.__class__}"))


def test_a_sentence_keeps_its_key_and_travels_as_json() -> None:
    inner = Sentence.of("error.unit_unknown", unit="foo")
    sentence = Sentence.of("error.entry_unreadable", where="a.yaml:3", problem=inner)
    assert inner.text("ja") in sentence.text("ja")
    assert inner.text("en") in str(sentence)
    assert Sentence.from_dict(sentence.to_dict()) == sentence


def test_a_missing_key_is_a_bug_not_a_blank() -> None:
    for language in LANGUAGES:
        with pytest.raises(KeyError):
            text("error.no_such_key", language)
