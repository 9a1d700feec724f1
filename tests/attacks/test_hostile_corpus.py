"""Whatever is dropped into the folder is refused with a reason or becomes a harmless draft; nothing runs, hangs or fills the memory."""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from corpus.entry import Entry, violations
from corpus.errors import RecommenderError
from corpus.language import LANGUAGES, Sentence
from corpus.sources import Collected, DropFolder
from corpus.sources._base import MAX_RAW
from corpus.sources._files import shown
from corpus.sources.documents import _blocks, _extracted, document_formulas
from corpus.sources.documents.worker import MAX_MEMORY, Worker
from tests.attacks.hostile_corpus import CANARY, Hostile, hostile_corpus

BAR = 2.0  # seconds of CPU for one file, a promise of the product
FORBIDDEN = re.compile(
    r"os\.(system|exec|fork|posix_spawn|spawn|startfile)|subprocess|socket|urllib|http|ftplib|smtplib|ctypes|webbrowser|pty"
)
KINDS = (
    *("formula", "id", "symbol", "markup", "invisible", "words", "unit", "value", "cycle"),  # fields of an entry
    *("yaml", "json", "csv", "latex", "text", "docx", "pdf"),
    *("link", "device", "other", "name"),
)


@cache
def hostile() -> tuple[Hostile, ...]:
    return tuple(hostile_corpus())


class _Watch:
    """Audit events while it is on; a hook cannot be taken away again, so there is one for the whole process."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and (FORBIDDEN.match(event) or (event == "open" and _writes(arguments))):
            self.seen.append(f"{event} {arguments!r:.200}")

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        self.on, self.seen = True, []
        try:
            yield self.seen
        finally:
            self.on = False


def _writes(arguments: tuple[object, ...]) -> bool:
    mode = arguments[1] if len(arguments) > 1 else None
    return isinstance(mode, str) and any(letter in mode for letter in "wax+")


WATCH = _Watch()


def of_kind(kind: str) -> list[Hostile]:
    return [item for item in hostile() if item.kind == kind]


def test_there_are_at_least_three_hundred_of_every_kind() -> None:
    assert len({item.name for item in hostile()}) == len(hostile()) >= 300
    assert {item.kind for item in hostile()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_refused_with_a_reason_or_harmless(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "drop"
    folder.mkdir()
    put = [item.put(folder) for item in of_kind(kind)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = by_file(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000, "kilobytes"
    for item in of_kind(kind):
        items, seconds = found.pop(shown(item.name), ([], 0.0))
        assert items, f"{item.name} was dropped silently"
        assert seconds < BAR, item.name
        for one in items:
            assert_said(one, item.name)
        assert item.fate == "inert" or all(one.state == "rejected" for one in items), item.name
        assert kind not in ("latex", "text", "docx", "pdf") or all(one.state != "complete" for one in items), item.name
    assert not found
    assert not list(tmp_path.rglob(CANARY))
    assert all(path.is_symlink() or path.exists() for path in put), "nothing in the folder is taken away"


def by_file(folder: Path) -> dict[str, tuple[list[Collected], float]]:
    """The items of each file, and the CPU seconds this process spent on it (the worker has its own deadline)."""
    found: dict[str, tuple[list[Collected], float]] = {}
    started = time.thread_time()
    for item in DropFolder(folder).collect():
        name = re.sub(r"(?::\d+|, (?:line|page|paragraph) .*)$", "", item.where)
        items, seconds = found.get(name, ([], 0.0))
        found[name] = ([*items, item], seconds + time.thread_time() - started)
        started = time.thread_time()
    return found


def assert_said(item: Collected, name: str) -> None:
    """Every sentence is fit to be shown in both languages, and an entry can be used without danger."""
    assert (item.entry is None) == (item.reason is not None), name
    assert item.where.isprintable(), name
    assert len(item.raw) <= MAX_RAW, name
    for sentence in (*item.missing, *([item.reason] if item.reason else [])):
        assert_shown(sentence, name)
    if item.entry is not None:
        assert_harmless(item.entry, name)


def assert_shown(sentence: Sentence, name: str) -> None:
    for language in LANGUAGES:
        said = sentence.text(language).replace("\u3000", " ")
        assert said.isprintable(), f"{name}: {said!r:.300}"
        assert len(said) < 1500, name


def assert_harmless(entry: Entry, name: str) -> None:
    assert re.fullmatch(r"[a-z0-9_.]+", entry.id), name
    assert entry.tenant == "local", name
    assert entry.provenance.startswith("drop:"), name
    text = entry.model_dump_json()
    assert not re.search(r"<\s*/?\s*(?:script|img|svg|iframe|style|b)\b", text), name
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u0000-\u0008]", text), name
    with np.errstate(all="ignore"):
        list(violations(entry))
        columns = {variable: np.array([0.7]) for variable in entry.formula_tree.variables}
        values = entry.formula_tree.evaluate(columns, dict.fromkeys(entry.formula_tree.parameters, 0.7))
    assert values.dtype == float, name


@pytest.mark.parametrize("kind", ["formula", "symbol", "words", "value", "yaml", "json", "csv"])
def test_nothing_is_executed_opened_or_called_for_lists(kind: str, tmp_path: Path) -> None:
    for item in of_kind(kind):
        item.put(tmp_path)
    with WATCH.watching() as seen:
        list(DropFolder(tmp_path).collect())
    assert seen == []


@pytest.mark.parametrize("kind", ["latex", "text", "docx", "pdf"])
def test_nothing_is_executed_opened_or_called_for_documents(kind: str, tmp_path: Path) -> None:
    """Read here and not in the worker, where nobody would hear it."""
    for item in of_kind(kind):
        path = item.put(tmp_path)
        with WATCH.watching() as seen, suppress(RecommenderError):
            list(document_formulas(path, _Here()))
        assert seen == [], item.name


class _Here(Worker):
    """A worker that does its tasks in this process."""

    def __init__(self) -> None:
        super().__init__(60)

    def run(self, task, *args, **kwargs):
        return task(*args, **kwargs)


def test_a_document_reader_has_bounded_memory() -> None:
    """The limit is that of the worker process; the hostile documents stay far below it."""
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 2 * MAX_MEMORY


@pytest.mark.slow
def test_most_refusals_are_met(tmp_path: Path) -> None:
    """The hostile files reach nearly every refusal there is, so none of them is dead."""
    for item in hostile():
        if item.kind in ("yaml", "json", "csv", "other", "markup", "invisible", "docx", "pdf", "device", "link"):
            item.put(tmp_path)
    met = {one.reason.key.removeprefix("error.") for one in DropFolder(tmp_path).collect() if one.reason}
    assert met >= {
        "document_bomb",
        "document_broken",
        "document_entities",
        "document_locked",
        "document_pages",
        "document_page",
        "item_alias",
        "item_cells",
        "item_column",
        "item_csv",
        "item_encoding",
        "item_invisible",
        "item_json",
        "item_key",
        "item_key_twice",
        "item_kind",
        "item_link",
        "item_many",
        "item_markup",
        "item_nested",
        "item_no_file",
        "item_no_list",
        "item_no_mapping",
        "item_nothing",
        "item_tag",
        "item_too_large",
        "item_yaml",
    }


def test_the_reading_of_hostile_text_is_quick(tmp_path: Path) -> None:
    for item in of_kind("text"):
        path = item.put(tmp_path)
        started = time.thread_time()
        with suppress(RecommenderError):
            _extracted(_blocks(path))
        assert time.thread_time() - started < BAR, item.name
