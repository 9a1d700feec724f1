from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from corpus.entry import Entry
from corpus.errors import IndexingError
from indexes import CurrentIndex, Golden, GoldenQuery, Query, Retriever, Snapshot, embedder, publish
from indexes.embed import HashedNgrams, Vectors
from indexes.publish import KEEP, Progress
from indexes.snapshot import snapshot_folder
from indexes.texts import passages

NGRAMS = embedder("hashed-ngrams")


def serving(index: Path, text: str = "spring") -> list[str]:
    return [item.entry.id for item in Retriever(CurrentIndex(index)).search(Query(text))]


def folders(index: Path) -> set[str]:
    return {path.name for path in index.iterdir()} - {"CURRENT", "snapshots"}


def test_same_entries_same_id_and_nothing_is_built(tmp_path: Path, corpus: list[Entry]) -> None:
    first = publish(corpus, tmp_path, NGRAMS)
    stages: list[str] = []
    again = publish(reversed(corpus), tmp_path, NGRAMS, tell=lambda progress: stages.append(progress.stage))
    assert again == first
    assert stages == ["unchanged"]
    assert publish(corpus, tmp_path / "elsewhere", NGRAMS).id == first.id


def test_id_depends_on_content_and_embedder(tmp_path: Path, corpus: list[Entry]) -> None:
    changed = corpus[0].model_copy(update={"source": "another book"})
    found = {
        publish(corpus, tmp_path / "a", NGRAMS).id,
        publish([changed, *corpus[1:]], tmp_path / "b", NGRAMS).id,
        publish(corpus, tmp_path / "c", embedder("use-multilingual")).id,
    }
    assert len(found) == 3


class Counting(HashedNgrams):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return super().encode(texts)


def test_only_what_changed_is_embedded_again(tmp_path: Path, corpus: list[Entry]) -> None:
    publish(corpus[1:], tmp_path, NGRAMS)
    counting = Counting()
    changed = corpus[1].model_copy(update={"source": "another book"})
    publish([corpus[0], changed, *corpus[2:]], tmp_path, counting)
    assert counting.asked == list(passages(corpus[0]))
    assert serving(tmp_path, "law of cooling")[0] == "heat.cooling"
    assert serving(tmp_path, "spring")[0] == "mechanics.spring"


def test_manifest_says_what_it_is(tmp_path: Path, corpus: list[Entry]) -> None:
    manifest = publish(corpus, tmp_path, NGRAMS, source="test")
    assert (manifest.entries, manifest.vectors, manifest.source) == (len(corpus), len(corpus), "test")
    assert str(manifest.embedder) == "hashed-ngrams 1"
    assert json.loads((snapshot_folder(tmp_path, manifest.id) / "manifest.json").read_text())["id"] == manifest.id


def test_progress_is_told_in_both_languages(tmp_path: Path, corpus: list[Entry]) -> None:
    told: list[Progress] = []
    publish(corpus, tmp_path, NGRAMS, golden=Golden((GoldenQuery("spring", "en", ("mechanics.spring",)),), 1.0), tell=told.append)
    assert [progress.stage for progress in told] == ["embedding", "embedding", "storing", "verifying", "published"]
    assert all(progress.text("en") and progress.text("ja") for progress in told)


def test_a_reader_picks_up_the_new_snapshot_without_restart(tmp_path: Path, corpus: list[Entry]) -> None:
    publish(corpus[:3], tmp_path, NGRAMS)
    reader = Retriever(CurrentIndex(tmp_path))
    assert reader.search(Query("resistor voltage"))[0].entry.id != "circuits.ohm"
    publish(corpus, tmp_path, NGRAMS)
    assert reader.search(Query("resistor voltage"))[0].entry.id == "circuits.ohm"
    assert reader.problems == ()


def test_empty_corpus(tmp_path: Path) -> None:
    publish([], tmp_path, NGRAMS)
    assert serving(tmp_path) == []


def test_a_snapshot_that_misses_the_golden_questions_is_not_published(tmp_path: Path, corpus: list[Entry]) -> None:
    publish(corpus, tmp_path, NGRAMS)
    golden = Golden((GoldenQuery("anything", "ja", ("no.such_entry",)),), 0.5)
    with pytest.raises(IndexingError, match=r"0\.00 of the golden questions in language ja"):
        publish(corpus[1:], tmp_path, NGRAMS, golden=golden)
    assert CurrentIndex(tmp_path).snapshot().manifest.entries == len(corpus)
    assert folders(tmp_path) == set()


def test_another_embedder_is_refused_with_the_cure(tmp_path: Path, corpus: list[Entry]) -> None:
    publish(corpus, tmp_path, NGRAMS)
    with pytest.raises(IndexingError, match="built with the embedder hashed-ngrams 1, not with use-multilingual") as caught:
        CurrentIndex(tmp_path, embedder("use-multilingual"))
    assert "hashed-ngrams を指定" in caught.value.text("ja")


def test_no_index_yet(tmp_path: Path) -> None:
    with pytest.raises(IndexingError, match="formula ingest"):
        CurrentIndex(tmp_path)


def test_old_snapshots_are_pruned(tmp_path: Path, corpus: list[Entry]) -> None:
    published = [publish(corpus[:count], tmp_path, NGRAMS).id for count in range(1, KEEP + 3)]
    assert {path.name for path in (tmp_path / "snapshots").iterdir()} == set(published[-KEEP:])
    assert publish(corpus[: KEEP + 1], tmp_path, NGRAMS).id == published[KEEP]  # back to an old one: nothing is built
    assert CurrentIndex(tmp_path).snapshot().manifest.id == published[KEEP]


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8] = bytes(byte ^ 255 for byte in content[middle : middle + 8])
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["manifest.json", "entries.jsonl", "words.sqlite", "chroma/chroma.sqlite3"])
@pytest.mark.parametrize("damage", [truncated, emptied, Path.unlink])
def test_a_damaged_snapshot_is_never_served(tmp_path: Path, corpus: list[Entry], name: str, damage: Callable[[Path], None]) -> None:
    manifest = publish(corpus[:2], tmp_path, NGRAMS)
    damage(snapshot_folder(tmp_path, manifest.id) / name)
    with pytest.raises(IndexingError, match="damaged or half-written"):
        CurrentIndex(tmp_path)
    assert publish(corpus[:2], tmp_path, NGRAMS).id == manifest.id  # the cure works, in the same process and place
    assert serving(tmp_path)


@pytest.mark.parametrize("name", ["manifest.json", "entries.jsonl", "words.sqlite"])
def test_a_flipped_bit_is_noticed(tmp_path: Path, corpus: list[Entry], name: str) -> None:
    manifest = publish(corpus[:2], tmp_path, NGRAMS)
    flipped(snapshot_folder(tmp_path, manifest.id) / name)
    with pytest.raises(IndexingError):
        CurrentIndex(tmp_path)


def test_vectors_of_another_snapshot_are_noticed(tmp_path: Path, corpus: list[Entry]) -> None:
    one, other = publish(corpus[:2], tmp_path, NGRAMS), publish(corpus[2:4], tmp_path, NGRAMS)
    target = snapshot_folder(tmp_path, other.id) / "chroma"
    shutil.rmtree(target)
    shutil.copytree(snapshot_folder(tmp_path, one.id) / "chroma", target)
    with pytest.raises(IndexingError, match="chroma"):
        Snapshot.open(snapshot_folder(tmp_path, other.id))


def test_the_old_one_serves_on_when_the_new_one_is_damaged(tmp_path: Path, corpus: list[Entry]) -> None:
    publish(corpus[:2], tmp_path, NGRAMS)
    reader = Retriever(CurrentIndex(tmp_path))
    new = publish(corpus, tmp_path, NGRAMS)
    truncated(snapshot_folder(tmp_path, new.id) / "words.sqlite")
    assert {item.entry.id for item in reader.search(Query("spring law of cooling"))} == {"heat.cooling", "mechanics.spring"}
    assert "words.sqlite" in str(reader.problems[0])


def test_a_strange_pointer_is_refused(tmp_path: Path, corpus: list[Entry]) -> None:
    publish(corpus[:1], tmp_path, NGRAMS)
    (tmp_path / "CURRENT").write_text("../../etc\n")
    with pytest.raises(IndexingError, match="CURRENT"):
        CurrentIndex(tmp_path)


KILLED = """
import os, signal, sys
from pathlib import Path
from corpus.entry import Entry
from indexes import embedder, publish
index, stage, lines = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_text(encoding="utf-8").splitlines()
def tell(progress):
    if progress.stage == stage:
        os.kill(os.getpid(), signal.SIGKILL)
publish([Entry.model_validate_json(line) for line in lines], index, embedder("hashed-ngrams"), tell=tell)
"""


@pytest.mark.parametrize("stage", ["embedding", "storing", "published"])
def test_killed_anywhere_something_whole_serves_and_the_next_run_finishes(tmp_path: Path, corpus: list[Entry], stage: str) -> None:
    index, lines = tmp_path / "index", tmp_path / "entries.jsonl"
    publish(corpus[:2], index, NGRAMS)
    lines.write_text("\n".join(entry.model_dump_json() for entry in corpus), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run([sys.executable, "-c", KILLED, str(index), stage, str(lines)], env=environment, check=False)
    assert run.returncode == -signal.SIGKILL
    assert CurrentIndex(index).snapshot().manifest.entries == (len(corpus) if stage == "published" else 2)
    publish(corpus, index, NGRAMS)
    assert serving(index, "resistor voltage")[0] == "circuits.ohm"
    assert folders(index) == set()
