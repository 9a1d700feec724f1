"""Nothing in a formula text is executed, nothing takes long, and every refusal says how to mend the text."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from corpus.canonical import canonicalise
from corpus.errors import FormulaError, FormulaSyntaxError
from corpus.evaluate import Program
from corpus.formula import MAX_NODES, Formula, parse
from corpus.language import LANGUAGES, strings
from corpus.render import to_latex, to_numpy
from corpus.tree import size
from tests.attacks.hostile_formulas import hostile_formulas

HOSTILE = hostile_formulas()
BAR = 0.050  # seconds of CPU for one text, a promise of the product
PLACEHOLDERS = re.compile(r"[n0-9.e+\-*/(), ]*")
CURES = {"Write", "Check", "Use", "Name", "Give", "Shorten", "Simplify", "Round", "Remove", "Correct", "Did"}
JAPANESE_CURES = ("ください。", "ありませんか。", "{known}", "書いてください。", "1 です。")


class _Watch:
    """Audit events while it is on; a hook cannot be taken away again, so there is one for the whole process."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] | None = None
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.events is not None and event != "builtins.id":
            self.events.append((event, arguments))

    @contextmanager
    def on(self) -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
        self.events = []
        try:
            yield self.events
        finally:
            self.events = None


WATCH = _Watch()


def outcome(text: str) -> Formula | FormulaError:
    try:
        return parse(text, ["x", "y"])
    except FormulaError as error:
        return error


def test_there_are_at_least_five_hundred_of_every_kind() -> None:
    assert len({text for _, text in HOSTILE}) == len(HOSTILE) >= 500
    assert {kind for kind, _ in HOSTILE} == {"tower", "large", "smuggled", "syntax", "domain", "strange"}


def test_nothing_is_executed() -> None:
    outcome("sin(x) + 1/exp(")  # what is imported at first use is imported now
    outcome("log(-1)")
    for kind, text in HOSTILE:
        with WATCH.on() as events:
            outcome(text)
        for event, arguments in events:
            harmless = event == "compile" and PLACEHOLDERS.fullmatch(bytes(arguments[0]).decode())
            assert harmless, f"{kind} {text[:60]!r} caused {event} {arguments!r:.200}"


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in HOSTILE}))
def test_each_is_refused_with_a_cure_or_is_a_harmless_formula(kind: str) -> None:
    for text in (text for own, text in HOSTILE if own == kind):
        result = outcome(text)
        if isinstance(result, FormulaError):
            assert_helpful(result, text)
        else:
            assert_harmless(result, text)


def assert_helpful(error: FormulaError, text: str) -> None:
    sentences = re.split(r"(?<=[.?)…:]) (?=[A-Z])", str(error))
    assert sentences[-1].split()[0] in CURES, f"{text[:60]!r}: {error}"
    for language in LANGUAGES:
        said = error.text(language)
        assert said.isprintable(), f"{text[:60]!r}: {said!r}"
        assert len(said) < 500
    assert re.search(r"[ぁ-ん]", error.text("ja"))


def assert_harmless(formula: Formula, text: str) -> None:
    assert size(formula.root) <= MAX_NODES
    assert set(formula.variables) <= {"x", "y"}, text
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,59}", name) for name in formula.parameters), text
    assert parse(formula.text, ["x", "y"]).root is formula.root, text
    columns = {"x": np.linspace(-2, 2, 5), "y": np.linspace(0, 3, 5)}
    values = formula.evaluate(columns, dict.fromkeys(formula.parameters, 0.7))
    assert values.dtype == float
    bound = Program([formula.root]).bind(columns, 5)
    bound.derivatives({name: np.full((1, 1), 0.7) for name in formula.parameters}, formula.parameters)
    assert to_latex(formula.root)
    compile(to_numpy(formula.root, {}), "source", "exec")
    assert canonicalise(formula).key


def cpu_seconds(text: str) -> float:
    started = time.thread_time()
    outcome(text)
    return time.thread_time() - started


def test_none_takes_more_than_fifty_milliseconds() -> None:
    slow = {text[:60]: took for _, text in HOSTILE if (took := min(cpu_seconds(text) for _ in range(3))) > BAR}
    assert not slow


CODE = ("__import__('os').system('x')", "x; import os", "a.b", "x\x00", "9**9**9", "lambda", "()", "", " ", "x y")
HEADERS = ('"""; import os; """', "x\nimport os", "'''", "\\", "x'); evil(", "class", "np", "lambda", "p0", "名前")


@pytest.mark.parametrize("name", CODE)
def test_column_names_that_are_code_stay_names(name: str) -> None:
    with WATCH.on() as events:
        try:
            formula = parse(f"2*{name}", [name])
        except FormulaError as error:
            assert_helpful(error, name)
        else:
            assert formula.variables in (("lambda",), ())
    assert {event for event, _ in events} <= {"compile"}


@pytest.mark.parametrize("name", HEADERS)
def test_generated_source_holds_no_foreign_names(name: str) -> None:
    formula = parse("x*p0 + x1", ["x", "x1"]).rename({"x": name})
    source = to_numpy(formula.root, {"p0": 2.0})
    space: dict[str, object] = {}
    with WATCH.on() as events:
        exec(source, space)
    assert {event for event, _ in events} <= {"compile", "exec"}
    call = space["formula"]
    assert callable(call)
    # columns keep their order: the renamed one first
    assert call(3.0, 10.0) == 16.0


def test_every_formula_error_has_a_cure_in_both_languages() -> None:
    english, japanese = strings("en"), strings("ja")
    for key in {error.key for _, text in HOSTILE if isinstance(error := outcome(text), FormulaError)}:
        assert re.split(r"(?<=[.?)]) (?=[A-Z])", english[f"error.{key}"])[-1].split()[0] in CURES, key
        assert japanese[f"error.{key}"].endswith(JAPANESE_CURES), key


def test_most_refusals_are_met() -> None:
    """The hostile texts reach nearly every refusal there is, so none of them is dead."""
    met = {error.key for _, text in HOSTILE if isinstance(error := outcome(text), FormulaError)}
    assert met >= {
        "argument_count",
        "bad_character",
        "calls_too_deep",
        "complex_number",
        "construct_not_allowed",
        "division_by_zero",
        "formula_too_deep",
        "formula_too_large",
        "formula_too_long",
        "formula_unreadable",
        "function_without_argument",
        "missing_operator",
        "name_too_long",
        "number_overflow",
        "number_too_long",
        "outside_domain",
        "unknown_function",
        "unknown_symbol",
    }


def test_a_text_that_is_no_text_is_refused() -> None:
    with pytest.raises(FormulaSyntaxError):
        parse("", ["x"])
    with pytest.raises(FormulaSyntaxError):
        parse("   ", ["x"])
