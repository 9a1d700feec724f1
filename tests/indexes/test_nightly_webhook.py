"""The webhook hears that a run failed, and nothing of what was read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from corpus.errors import IndexingError, SettingsError
from corpus.language import Sentence
from indexes.nightly import Record
from indexes.nightly.webhook import checked, message, send

ERROR = IndexingError("index_not_writable", folder="/srv/secret-folder", reason="password=hunter2")
RECORD = Record("run1", "2026-01-01T00:00:00+00:00", stage="storing", reason=Sentence.of("error.index_not_writable"))


class Hook(BaseHTTPRequestHandler):
    """Keeps what it is told; answers as its path says."""

    heard: list[tuple[str, bytes]] = []  # noqa: RUF012  # emptied by the fixture

    def do_POST(self) -> None:
        Hook.heard.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        status = int(self.path.strip("/").split("?")[0])
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def address() -> Iterator[str]:
    Hook.heard.clear()
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_message_says_where_to_look_and_holds_no_values(address: str) -> None:
    send(f"{address}/200?token=1", message(ERROR, RECORD))
    ((path, body),) = Hook.heard
    told = json.loads(body)
    assert path == "/200?token=1"
    assert (told["run"], told["stage"], told["kind"]) == ("run1", "storing", "index_not_writable")
    assert "formula ingest status" in told["text"]
    assert b"secret" not in body
    assert b"hunter2" not in body


def test_an_unforeseen_error_without_a_record_is_told_by_its_kind() -> None:
    told = message(ZeroDivisionError("password=hunter2"), None)
    assert told["kind"] == "ZeroDivisionError"
    assert "hunter2" not in json.dumps(told)


@pytest.mark.parametrize("answer", ["/302", "/500", "/404"])
def test_an_answer_that_is_not_good_is_an_error_and_no_redirect_is_followed(address: str, answer: str) -> None:
    with pytest.raises(IndexingError, match=answer.strip("/")):
        send(address + answer, message(ERROR, RECORD))
    assert len(Hook.heard) == 1


def test_nobody_there_is_an_error_that_keeps_the_token(address: str) -> None:
    with pytest.raises(IndexingError) as caught:
        send("http://127.0.0.1:9/hook?token=hunter2", message(ERROR, RECORD))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://chat.example.com/hook", "http://localhost:8080/x", "http://127.0.0.1/x", "http://[::1]:80/x"])
def test_https_or_this_machine(url: str) -> None:
    assert checked(url).hostname


@pytest.mark.parametrize(
    "url",
    [
        "http://chat.example.com/hook",
        "ftp://x/y",
        "file:///etc/passwd",
        "https://",
        "",
        "http://10.0.0.1/x",
        "https://me:pw@host/x",
        "https://h:x/",
    ],
)
def test_any_other_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        checked(url)
    assert "pw" not in str(caught.value)
