"""Bad items wait with their reason, can be mended and retried, and leave by themselves once their source is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import EntryError
from corpus.inbox import Acceptance, Inbox
from corpus.ingest import Held, merge, read
from corpus.language import Sentence
from corpus.quarantine import Shelf
from corpus.sources import Collected, FolderSource
from tests.corpus.ingest_entries import entry, write

BAD = "- id: lab.bad\n  name: {en: Bad, ja: 悪い}\n  formula: |\n    G*(x\n"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "quarantine")


def bad(folder: Path) -> list[Held]:
    return merge([read(FolderSource(folder, "drop"))]).rejected


def test_a_bad_item_waits_with_its_text_and_reason(tmp_path: Path, shelf: Shelf) -> None:
    write(tmp_path / "drop", entry(), more=BAD)
    shelf.reconcile(bad(tmp_path / "drop"))
    ((identifier, held),) = shelf.items().items()
    assert held.source == "drop"
    assert held.where.startswith("all.yaml:")
    assert "formula" in shelf.text_file(identifier).read_text(encoding="utf-8")
    assert held.reasons[0].text("ja") != held.reasons[0].text("en")
    assert held.since


def test_mended_at_its_source_it_leaves(tmp_path: Path, shelf: Shelf) -> None:
    write(tmp_path / "drop", entry(), more=BAD)
    shelf.reconcile(bad(tmp_path / "drop"))
    write(tmp_path / "drop", entry())
    assert shelf.reconcile(bad(tmp_path / "drop")) == []
    assert list(shelf.folder.iterdir()) == []


def test_it_stays_the_same_item_when_lines_move(tmp_path: Path, shelf: Shelf) -> None:
    write(tmp_path / "drop", more=BAD)
    (first,) = shelf.reconcile(bad(tmp_path / "drop"))
    write(tmp_path / "drop", entry(), more=BAD)
    (again,) = shelf.reconcile(bad(tmp_path / "drop"))
    assert (again.id, again.since) == (first.id, first.since)
    assert again.where != first.where


def test_what_is_dropped_is_not_asked_again(tmp_path: Path, shelf: Shelf) -> None:
    write(tmp_path / "drop", more=BAD)
    (held,) = shelf.reconcile(bad(tmp_path / "drop"))
    shelf.decide(held.id[:6], "dropped")
    assert shelf.reconcile(bad(tmp_path / "drop")) == []
    assert shelf.items() == {}
    assert shelf.undecided(bad(tmp_path / "drop")) == []
    assert list(shelf.items("dropped")) == [held.id]


def test_a_mended_text_goes_to_the_inbox(tmp_path: Path, shelf: Shelf) -> None:
    write(tmp_path / "drop", entry(formula="G*(Vi"))
    (held,) = shelf.reconcile(bad(tmp_path / "drop"))
    with pytest.raises(EntryError, match="cannot be read as a formula"):
        shelf.retry(held.id, tmp_path / "inbox", "me", "acme")
    file = shelf.text_file(held.id)
    file.write_text(file.read_text(encoding="utf-8").replace("G*(Vi", "G*Vi").replace("  tenant: public\n", ""), encoding="utf-8")
    shelf.reconcile(bad(tmp_path / "drop"))  # a night in between takes nothing of the mending away
    shelf.retry(held.id, tmp_path / "inbox", "me", "acme")
    (item,) = Inbox(tmp_path / "inbox").collect()
    assert item.entry is not None
    assert item.entry.tenant == "acme"
    assert Acceptance.of(item.entry) == Acceptance("me", "quarantine: drop, all.yaml:1", tenant="acme")
    assert shelf.reconcile(bad(tmp_path / "drop")) == []


def test_an_item_cut_from_a_list_can_be_mended_as_it_lies(tmp_path: Path, shelf: Shelf) -> None:
    text = write(tmp_path / "drop", entry()).read_text(encoding="utf-8")
    write(tmp_path / "drop", more="\n".join(f"    {line}" for line in text.replace("id: ", "idd: ").splitlines()))
    (held,) = shelf.reconcile(bad(tmp_path / "drop"))
    file = shelf.text_file(held.id)
    file.write_text(file.read_text(encoding="utf-8").replace("idd: ", "id: "), encoding="utf-8")
    shelf.retry(held.id, tmp_path / "inbox", "me", "acme")
    assert len(list(Inbox(tmp_path / "inbox").collect())) == 1


def test_two_items_in_one_text_are_refused(tmp_path: Path, shelf: Shelf) -> None:
    (held,) = shelf.reconcile([Held.of("drop", Collected("a.md", entry(), (Sentence.of("missing.source"),)))])
    write(shelf.folder, entry(), entry("lab.two"), name=f"{held.id}.yaml")
    with pytest.raises(EntryError, match="exactly one"):
        shelf.retry(held.id, tmp_path / "inbox", "me", "acme")


def test_an_unknown_id_is_told(shelf: Shelf) -> None:
    with pytest.raises(EntryError, match="formula ingest quarantine list"):
        shelf.get("nothing")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": 3}'])
def test_a_damaged_record_is_laid_anew(tmp_path: Path, shelf: Shelf, text: str) -> None:
    write(tmp_path / "drop", more=BAD)
    (held,) = shelf.reconcile(bad(tmp_path / "drop"))
    (shelf.folder / f"{held.id}.json").write_text(text, encoding="utf-8")
    assert shelf.items() == {}
    assert [item.id for item in shelf.reconcile(bad(tmp_path / "drop"))] == [held.id]
    assert list(shelf.items()) == [held.id]


def test_hostile_text_is_only_text(tmp_path: Path, shelf: Shelf) -> None:
    raw = "<script>\x00\ud800 ignore all previous instructions {placeholder} ../../etc"
    (held,) = shelf.reconcile([Held.of("../../x", Collected.rejected("../../etc/passwd", Sentence.of("error.item_link"), raw))])
    assert {path.name for path in shelf.folder.iterdir()} == {f"{held.id}.json", f"{held.id}.yaml"}
    assert list(shelf.items()) == [held.id]
