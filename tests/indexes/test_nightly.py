"""The nightly job: what it publishes, what it tells, what survives when it fails or is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.errors import EntryError, IndexingError, RecommenderError
from corpus.load import SEED_FOLDER
from corpus.sources import Collected, FolderSource
from indexes import CurrentIndex, Golden, GoldenQuery, Query, Retriever, embedder, open_index, publish
from indexes.embed import HashedNgrams, Vectors
from indexes.nightly import Job, Record, Records, examine, rehearse, run
from indexes.nightly.drill import drill
from indexes.publish import Progress
from indexes.snapshot import current_id, snapshot_folder
from indexes.texts import passages
from tests.corpus.ingest_entries import entry, write

ROOT = Path(__file__).parents[2]
NGRAMS = embedder("hashed-ngrams")
GAIN = entry()
LOSS = entry(
    "lab.loss",
    "G*Vi**2",
    name={"en": "Loss of the lab", "ja": "損失"},
    parameters=[{"symbol": "G", "meaning": {"en": "loss", "ja": "損失"}, "unit": "1/V"}],
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """One source and an empty package, so that these tests do not move when the packaged corpus grows."""
    (tmp_path / "seed").mkdir()
    write(tmp_path / "drop", GAIN)
    sources = [FolderSource(tmp_path / "drop", "drop")]
    return Job(sources, tmp_path / "index", tmp_path / "state", NGRAMS, seed=FolderSource(tmp_path / "seed", "seed"))


def served(job: Job) -> list[str]:
    snapshot = CurrentIndex(job.index).snapshot()
    return [snapshot.catalogue.entry(row).id for row in range(len(snapshot.catalogue))]


def told(job: Job) -> list[str]:
    return [finding.key for finding in examine(job.state, job.index, NGRAMS).findings]


def folder(job: Job) -> Path:
    source = job.sources[0]
    assert isinstance(source, FolderSource)
    return source.folder


def contents(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def test_what_is_new_is_published_and_told(job: Job) -> None:
    first = run(job)
    assert (first.outcome, first.entries, first.added) == ("published", 1, ("public/lab.gain",))
    write(folder(job), GAIN.model_copy(update={"source": "a book"}), LOSS)
    second = run(job)
    assert (second.added, second.changed, second.removed) == (("public/lab.loss",), ("public/lab.gain",), ())
    assert second.snapshot == {"before": first.snapshot["after"], "after": current_id(job.index)}
    write(folder(job), LOSS)
    assert run(job).removed == ("public/lab.gain",)
    assert served(job) == ["lab.loss"]


def test_equal_inputs_give_the_same_snapshot(job: Job) -> None:
    first, again = run(job), run(job)
    assert again.outcome == "unchanged"
    assert again.snapshot["after"] == first.snapshot["after"]
    assert run(replace(job, index=job.index.with_name("elsewhere"))).snapshot["after"] == first.snapshot["after"]


class Counting(HashedNgrams):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        self.asked += texts
        return super().encode(texts)


def test_only_what_changed_is_embedded(job: Job) -> None:
    run(job)
    write(folder(job), GAIN.model_copy(update={"source": "a book"}), LOSS)
    counting = Counting()
    run(replace(job, embedder=counting))
    assert counting.asked == list(passages(LOSS))


def test_a_dry_run_writes_nothing_and_tells_the_truth(job: Job) -> None:
    write(folder(job), GAIN, more="- id: lab.bad\n")
    before = contents(job.state.parent)
    rehearsed = rehearse(job)
    assert contents(job.state.parent) == before
    assert not job.state.exists()
    record = run(job)
    assert rehearsed.snapshot["after"] == record.snapshot["after"]
    assert [held.id for held in rehearsed.rejected] == [held.id for held in record.rejected]


def test_a_reader_follows_without_restart(job: Job) -> None:
    run(job)
    reader = Retriever(CurrentIndex(job.index))
    assert [item.entry.id for item in reader.search(Query("loss"))] == ["lab.gain"]
    write(folder(job), GAIN, LOSS)
    run(job)
    assert reader.search(Query("loss"))[0].entry.id == "lab.loss"


def test_a_private_entry_is_for_its_tenant_only(job: Job) -> None:
    write(folder(job), GAIN.model_copy(update={"tenant": "acme"}))
    run(job)
    reader = Retriever(CurrentIndex(job.index))
    assert reader.search(Query("amplifier gain")) == []
    assert reader.search(Query("amplifier gain", tenant="beta")) == []
    assert reader.search(Query("amplifier gain", tenant="acme"))[0].entry.id == "lab.gain"


def test_the_record_holds_what_an_operator_asks(job: Job) -> None:
    write(folder(job), GAIN, entry("lab.again"), entry("lab.wrong", "2*Vi"), more="- id: lab.bad\n")
    run(job)
    (path,) = (job.state / "runs").iterdir()
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["sources"][1] == {"name": "drop", "complete": 3, "review": 0, "rejected": 1, "problem": None}
    assert [item["id"] for item in found["folded"]] == ["lab.again"]
    assert sorted(item["where"] for item in found["rejected"]) == sorted(held.where for held in job.quarantine.items().values())
    assert all(item["reasons"][0]["en"] for item in found["rejected"])
    assert {"collecting", "merging", "embedding", "storing", "recording"} <= found["seconds"].keys()
    assert found["versions"]["embedder"] == "hashed-ngrams 1"
    assert Record.from_dict(found) == next(Records(job.state).newest())


def test_the_log_is_json_line_by_line(job: Job) -> None:
    run(job)
    run(job)
    lines = [json.loads(line) for line in (job.state / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines].count("ended") == 2
    assert len({line["run"] for line in lines}) == 2
    assert all(line["time"] and line["level"] == "info" for line in lines)


def test_recall_before_and_after_is_recorded_and_the_floor_holds(job: Job) -> None:
    easy = Golden((GoldenQuery("amplifier gain", "en", ("lab.gain",)),), 0.9)
    asked = replace(job, golden=easy)
    run(asked)
    write(folder(job), GAIN, LOSS)
    assert run(asked).golden == {"before": {"en": 1.0}, "after": {"en": 1.0}}
    write(folder(job), LOSS)
    with pytest.raises(IndexingError, match="golden questions"):
        run(asked)
    assert served(job) == ["lab.gain", "lab.loss"]
    last = next(Records(job.state).newest())
    assert (last.outcome, last.stage) == ("failed", "verifying")
    assert told(job) == ["ingest.failed"]
    write(folder(job), GAIN, LOSS)
    assert run(asked).outcome == "unchanged"
    assert told(job) == []


class Fragile(FolderSource):
    """A source that is there on some nights only."""

    broken = False

    def collect(self, since: float | None = None) -> Iterator[Collected]:
        if Fragile.broken:
            raise EntryError("no_folder", folder=self.folder)
        return super().collect(since)


def test_a_source_that_is_away_loses_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    fragile = replace(job, sources=[Fragile(folder(job), "lab")])
    write(folder(job), GAIN, more="- id: lab.bad\n")
    first = run(fragile)
    monkeypatch.setattr(Fragile, "broken", True)
    record = run(fragile)
    assert record.snapshot["after"] == first.snapshot["after"]
    assert [source.name for source in record.problems] == ["lab"]
    assert len(job.quarantine.items()) == 1
    assert told(job) == ["ingest.source_missing"]
    monkeypatch.setattr(Fragile, "broken", False)
    run(fragile)
    assert told(job) == []


def test_since_reads_only_what_is_newer(job: Job) -> None:
    write(folder(job), LOSS, name="old.yaml")
    run(job)
    os.utime(folder(job) / "old.yaml", (1000, 1000))
    (folder(job) / "old.yaml").write_text("- broken", encoding="utf-8")
    os.utime(folder(job) / "old.yaml", (1000, 1000))
    write(folder(job), GAIN.model_copy(update={"source": "a book"}))
    record = run(job, since=2000)
    assert (record.changed, record.removed, record.rejected) == (("public/lab.gain",), (), ())
    assert run(job).removed == ("public/lab.loss",)


def test_a_second_run_at_the_same_time_is_turned_away(job: Job) -> None:
    refused: list[str] = []

    def tell(progress: Progress) -> None:
        if progress.stage == "merging":
            with pytest.raises(IndexingError) as caught:
                run(job)
            refused.append(str(caught.value))
            assert examine(job.state, job.index, NGRAMS).busy

    run(job, tell=tell)
    assert f"process {os.getpid()}" in refused[0]
    assert served(job) == ["lab.gain"]


def test_never_run_stale_and_foreign_are_told(job: Job) -> None:
    assert told(job) == ["ingest.never"]
    record = run(job)
    assert told(job) == []
    Records(job.state).write(replace(record, finished="2020-01-01T00:00:00+00:00"))
    assert told(job) == ["ingest.stale"]
    run(job)
    publish([LOSS], job.index, NGRAMS, source="somebody")
    assert told(job) == ["ingest.other_serves"]
    (snapshot_folder(job.index, current_id(job.index)) / "words.sqlite").unlink()
    assert told(job) == ["error.snapshot_broken"]


def test_something_unforeseen_is_recorded_too(job: Job) -> None:
    run(job)

    def tell(progress: Progress) -> None:
        if progress.stage == "shelving":
            raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError):
        run(job, tell=tell)
    last = next(Records(job.state).newest())
    assert (last.stage, last.reason and last.reason.key) == ("shelving", "ingest.unexpected")
    assert served(job) == ["lab.gain"]


def test_a_state_folder_that_cannot_be_written_is_told(job: Job) -> None:
    job.state.write_text("a file in the way")
    with pytest.raises(IndexingError, match="cannot write its state"):
        run(job)


def test_a_missing_package_is_an_error_not_an_empty_index(job: Job) -> None:
    run(job)
    with pytest.raises(RecommenderError):
        run(replace(job, seed=FolderSource(SEED_FOLDER / "nowhere", "seed")))
    assert served(job) == ["lab.gain"]


# --- beside the index that open_index builds ------------------------------------------------------------------------------


@pytest.fixture
def ours(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """The package's own place for an index."""
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path / "home"))
    return replace(job, index=tmp_path / "home" / "index" / "hashed-ngrams")


def test_open_index_serves_what_was_ingested(ours: Job) -> None:
    run(ours)
    retriever = open_index(embedder_name="hashed-ngrams")
    assert [retriever.snapshot.manifest.entries, list(retriever.problems)] == [1, []]


def test_after_an_update_of_the_package_it_serves_on_and_says_so(ours: Job) -> None:
    run(ours)
    publish([GAIN], ours.index, NGRAMS, source="ingest:before")
    retriever = open_index(embedder_name="hashed-ngrams")
    assert retriever.snapshot.manifest.entries == 1
    assert "run `formula ingest`" in str(retriever.problems[0])
    assert told(ours) == ["error.index_older_seed"]
    run(ours)
    assert open_index(embedder_name="hashed-ngrams").problems == ()


def test_where_it_cannot_be_read_the_packaged_formulas_stand_in(ours: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["indexes.home"], "seed_entries", lambda: (LOSS,))
    run(ours)
    (snapshot_folder(ours.index, current_id(ours.index)) / "words.sqlite").unlink()
    retriever = open_index(embedder_name="hashed-ngrams")
    assert retriever.snapshot.manifest.source.startswith("seed:")
    assert served(ours) == ["lab.loss"]
    assert "formula ingest" in str(retriever.problems[0])
    assert told(ours) == ["ingest.other_serves"]
    run(ours)
    assert served(ours) == ["lab.gain"]


# --- killed ---------------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from corpus.sources import FolderSource
from indexes import embedder
from indexes.nightly import Job, run
top, stage = Path(sys.argv[1]), sys.argv[2]
def tell(progress):
    if progress.stage == stage:
        os.kill(os.getpid(), signal.SIGKILL)
sources = [FolderSource(top / "drop", "drop")]
run(Job(sources, top / "index", top / "state", embedder("hashed-ngrams"), seed=FolderSource(top / "seed", "seed")), tell=tell)
"""


@pytest.mark.parametrize("stage", ["merging", "storing", "recording"])
def test_a_killed_run_is_noticed_and_its_lock_does_not_stay(job: Job, stage: str) -> None:
    run(job)
    write(folder(job), GAIN, LOSS, more="- id: lab.bad\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", KILLED, str(job.state.parent), stage], env=environment, check=False)
    assert served(job) == (["lab.gain", "lab.loss"] if stage == "recording" else ["lab.gain"])
    assert "ingest.killed" in told(job)
    assert run(job).added == ("public/lab.loss",)
    assert told(job) == []
    assert {path.name for path in job.index.iterdir()} == {"CURRENT", "build.lock", "snapshots"}


@pytest.mark.slow
def test_killed_at_random_something_whole_always_serves() -> None:
    """Ten kills; `formula ingest drill` makes thirty."""
    trials = list(drill(10))
    assert [trial.problem for trial in trials if trial.problem] == []
    assert len({trial.step for trial in trials}) >= 3
