"""What becomes of the items of the sources: entered, folded, rejected or laid aside, always with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.entry import Entry
from corpus.errors import EntryError
from corpus.inbox import Acceptance, Inbox, accept, learned_from
from corpus.ingest import PUBLIC, Merged, Reading, law_key, merge, read
from corpus.language import Sentence
from corpus.sources import Collected, FolderSource
from tests.corpus.ingest_entries import entry, write

BY = Acceptance("Aiko Tanaka", "held-out error 0.8 %", ("abc123",), "run1", "acme")


def reading(source: str, *entries: Entry, trusted: bool = False) -> Reading:
    return Reading(source, [Collected(f"{source}.yaml:{line}", item) for line, item in enumerate(entries, 1)], trusted=trusted)


def ids(merged: Merged) -> list[tuple[str, str]]:
    return [(item.tenant, item.id) for item in merged.entries]


def test_the_same_law_in_another_spelling_is_taken_once() -> None:
    again = entry("lab.again", "2*y*x/2", symbols=("z", "x", "y"))
    merged = merge([reading("first", entry()), reading("second", again)])
    assert ids(merged) == [(PUBLIC, "lab.gain")]
    assert [(item.id, item.source, item.same_as) for item in merged.folded] == [("lab.again", "second", "lab.gain")]


def test_the_same_form_of_other_quantities_is_another_law() -> None:
    heat = {"symbol": "Vo", "quantity": {"en": "heat", "ja": "熱"}, "unit": "V"}
    merged = merge([reading("first", entry()), reading("second", entry("lab.heat", target=heat))])
    assert len(merged.entries) == 2


def test_another_law_of_the_same_quantities_is_kept() -> None:
    merged = merge([reading("first", entry(), entry("lab.square", "G*Vi**2/Vi + Vi*exp(-G)"))])
    assert len(merged.entries) == 2


def test_an_id_used_twice_is_rejected_with_its_holder() -> None:
    merged = merge([reading("first", entry()), reading("second", entry(formula="G*Vi + Vi**3/Vi**2*exp(-G*2)"))])
    (held,) = merged.rejected
    assert len(merged.entries) == 1
    assert "first, first.yaml:1" in str(held.reasons[0])
    assert "lab.gain" in held.text
    assert held.reasons[0].text("ja") != str(held.reasons[0])


def test_tenants_keep_their_own_and_public_goes_first() -> None:
    mine, theirs, everyones = (entry(tenant=tenant) for tenant in ("acme", "beta", PUBLIC))
    assert ids(merge([reading("a", mine), reading("b", theirs)])) == [("acme", "lab.gain"), ("beta", "lab.gain")]
    merged = merge([reading("a", mine), reading("c", everyones)])
    assert ids(merged) == [(PUBLIC, "lab.gain")]
    assert [item.source for item in merged.folded] == ["a"]


@pytest.mark.parametrize("formula", ["G*(Vi", "G*Vi + 1/0", "Vi**G + unknown", "9**9**9*Vi*G"])
def test_what_breaks_a_rule_is_rejected(formula: str) -> None:
    merged = merge([reading("drop", entry(), entry("lab.bad", formula))])
    assert ids(merged) == [(PUBLIC, "lab.gain")]
    assert merged.rejected[0].where == "drop.yaml:2"


def test_drafts_and_unreadable_items_are_laid_aside() -> None:
    missing = (Sentence.of("missing.unit", symbol="G"),)
    items = [Collected("a.md", entry(), missing), Collected.rejected("b.pdf", Sentence.of("error.item_link"))]
    merged = merge([Reading("drop", items)])
    assert (merged.entries, [held.where for held in merged.drafts], [held.where for held in merged.rejected]) == ([], ["a.md"], ["b.pdf"])


def test_a_source_that_is_not_there_says_so(tmp_path: Path) -> None:
    found = read(FolderSource(tmp_path / "gone", "gone"))
    assert found.items == []
    assert isinstance(found.problem, EntryError)


def test_the_key_knows_neither_order_nor_names() -> None:
    assert law_key(entry()) == law_key(entry("lab.other", "k*x", symbols=("y", "x", "k")))
    assert law_key(entry()) != law_key(entry("lab.other", "G*Vi**2"))


def test_an_accepted_discovery_comes_back_from_the_inbox(tmp_path: Path) -> None:
    path = accept(entry(), tmp_path, BY)
    (item,) = Inbox(tmp_path).collect()
    assert item.entry is not None
    assert item.entry.tenant == "acme"
    assert Acceptance.of(item.entry) == BY
    assert learned_from(item.entry) == {"abc123"}
    assert item.entry.model_copy(update={"tenant": PUBLIC, "provenance": "seed"}) == entry()
    assert accept(entry(), tmp_path, BY) == path
    assert len(list(tmp_path.iterdir())) == 1


def test_what_nobody_accepted_does_not_come_through_the_inbox(tmp_path: Path) -> None:
    write(tmp_path, entry())
    (item,) = Inbox(tmp_path).collect()
    assert item.state == "rejected"
    assert "formula ingest quarantine retry" in str(item.reason)


def test_an_acceptance_is_private_unless_it_says_otherwise() -> None:
    assert Acceptance("me", "fits").tenant != PUBLIC


@pytest.mark.parametrize("by", [Acceptance("", "fits"), Acceptance("me", " "), Acceptance("me", "fits", tenant="")])
def test_nobody_accepts_without_a_name_and_a_reason(tmp_path: Path, by: Acceptance) -> None:
    with pytest.raises(EntryError, match="can be accepted only with its"):
        accept(entry(), tmp_path, by)


def test_a_broken_or_wordless_entry_is_not_accepted(tmp_path: Path) -> None:
    with pytest.raises(EntryError, match="is declared but not in the formula"):
        accept(entry(formula="2*Vi"), tmp_path, BY)
    with pytest.raises(EntryError, match=r"description\.en is empty"):
        accept(entry(description={"en": "", "ja": "説明"}), tmp_path, BY)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    write(tmp_path, entry(), name="inbox")
    with pytest.raises(EntryError, match="cannot be written"):
        accept(entry(), tmp_path / "inbox", BY)
