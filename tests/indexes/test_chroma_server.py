"""The same index from a Chroma server, a real one on this machine."""

from __future__ import annotations

import gc
import shutil
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from corpus.entry import Entry
from corpus.errors import IndexingError
from indexes import CurrentIndex, Manifest, Query, Retriever, Snapshot, embedder, publish
from indexes.publish import KEEP
from indexes.snapshot import snapshot_folder
from indexes.vectors import _end

NGRAMS = embedder("hashed-ngrams")
QUESTIONS = ["spring", "抵抗にかかる電圧", "cooling of a body", "swing"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def up(port: int, deadline: float) -> bool:
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command, port = Path(sys.executable).with_name("chroma"), free_port()
    if not command.is_file():
        pytest.skip("chromadb came without its server")
    data = tmp_path_factory.mktemp("server")
    told = [str(command), "run", "--host", "127.0.0.1", "--port", str(port), "--path", str(data)]
    process = subprocess.Popen(told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert up(port, time.monotonic() + 60)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        with warnings.catch_warnings():  # chromadb leaves the connections of its second, inner client open
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


def answers(index: Path) -> list[list[tuple[str, float]]]:
    with opened(index) as snapshot:
        retriever = Retriever(snapshot, {"meaning": 1.0})
        return [[(item.entry.id, round(item.score, 4)) for item in retriever.search(Query(text, tenant="acme"))] for text in QUESTIONS]


@contextmanager
def opened(index: Path) -> Iterator[Snapshot]:
    snapshot = CurrentIndex(index).snapshot()
    try:
        yield snapshot
    finally:
        snapshot.close()


def manifest_of(index: Path) -> Manifest:
    with opened(index) as snapshot:
        return snapshot.manifest


def collections(server: str) -> int:
    import chromadb

    client = chromadb.HttpClient("127.0.0.1", int(server.rpartition(":")[2]))
    try:
        return len(client.list_collections())
    finally:
        _end(client)


@pytest.fixture
def secret(corpus: list[Entry]) -> list[Entry]:
    return [*corpus, corpus[0].model_copy(update={"id": "acme.cooling", "tenant": "acme"})]


def test_a_server_gives_the_same_answers(tmp_path: Path, secret: list[Entry], server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(secret, tmp_path / "files", NGRAMS)
    from_files = answers(tmp_path / "files")
    monkeypatch.setenv("CHROMA_URL", server)
    manifest = publish(secret, tmp_path / "served", NGRAMS)
    assert answers(tmp_path / "served") == from_files
    assert not (snapshot_folder(tmp_path / "served", manifest.id) / "chroma" / "chroma.sqlite3").exists()
    assert publish(secret, tmp_path / "served", NGRAMS) == manifest  # nothing is built again


def test_two_indexes_share_a_server_and_old_snapshots_leave_it(
    tmp_path: Path, corpus: list[Entry], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMA_URL", server)
    before = collections(server)
    publish(corpus[:1], tmp_path / "other", NGRAMS)
    for count in range(1, KEEP + 3):
        publish(corpus[:count], tmp_path / "index", NGRAMS)
    assert collections(server) == before + 1 + KEEP
    assert manifest_of(tmp_path / "other").vectors == 1
    assert manifest_of(tmp_path / "index").vectors == KEEP + 2


def test_a_server_that_lost_the_vectors_is_noticed(
    tmp_path: Path, corpus: list[Entry], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMA_URL", server)
    manifest = publish(corpus, tmp_path, NGRAMS)
    (snapshot_folder(tmp_path, manifest.id) / "chroma" / "server.json").write_text('{"prefix": "snapshot-of-another-server"}')
    with pytest.raises(IndexingError, match="damaged or half-written"):
        CurrentIndex(tmp_path)
    assert publish(corpus, tmp_path, NGRAMS).id == manifest.id  # built again
    assert manifest_of(tmp_path).vectors == len(corpus)


def test_an_index_whose_vectors_are_elsewhere_says_where(
    tmp_path: Path, corpus: list[Entry], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = publish(corpus, tmp_path, NGRAMS)
    monkeypatch.setenv("CHROMA_URL", server)
    with pytest.raises(IndexingError, match="Unset CHROMA_URL") as caught:
        CurrentIndex(tmp_path)
    assert "CHROMA_URL を外して" in caught.value.text("ja")
    assert publish(corpus, tmp_path, NGRAMS).id == manifest.id  # now on the server
    assert manifest_of(tmp_path).vectors == len(corpus)
    monkeypatch.delenv("CHROMA_URL")
    with pytest.raises(IndexingError, match="Set CHROMA_URL"):
        CurrentIndex(tmp_path)


def test_a_server_that_is_down_says_so_and_destroys_nothing(
    tmp_path: Path, corpus: list[Entry], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMA_URL", server)
    manifest = publish(corpus, tmp_path, NGRAMS)
    monkeypatch.setenv("CHROMA_URL", f"http://127.0.0.1:{free_port()}")
    for attempt in (lambda: CurrentIndex(tmp_path), lambda: publish(corpus, tmp_path, NGRAMS)):
        with pytest.raises(IndexingError, match="cannot be reached"):
            attempt()
    monkeypatch.setenv("CHROMA_URL", server)
    assert manifest_of(tmp_path) == manifest


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://vectors.example:8000", "", "CHROMA_TOKEN is not set"),
        ("http://10.1.2.3:8000", "", "CHROMA_TOKEN is not set"),
        ("localhost:8000", "", "no http:// or https:// address"),
        ("ftp://localhost", "", "no http:// or https:// address"),
    ],
)
def test_an_open_server_off_this_machine_is_refused(
    tmp_path: Path, corpus: list[Entry], monkeypatch: pytest.MonkeyPatch, url: str, token: str, said: str
) -> None:
    monkeypatch.setenv("CHROMA_URL", url)
    monkeypatch.setenv("CHROMA_TOKEN", token)
    with pytest.raises(IndexingError, match=said) as caught:
        publish(corpus, tmp_path, NGRAMS)
    assert caught.value.text("ja")
    assert shutil.which("chroma") is None or not (tmp_path / "CURRENT").exists()


def test_a_server_that_lets_strangers_in_is_refused_even_with_a_token(
    tmp_path: Path, corpus: list[Entry], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loopback server by another of this machine's names that is no loopback address."""
    name = "elsewhere.invalid"
    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: found("127.0.0.1" if host == name else host, *rest, **more))
    monkeypatch.setenv("CHROMA_URL", server.replace("127.0.0.1", name))
    monkeypatch.setenv("CHROMA_TOKEN", "secret")
    with pytest.raises(IndexingError, match="answers without a token"):
        publish(corpus, tmp_path, NGRAMS)
