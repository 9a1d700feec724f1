"""An OpenAI-compatible server on the loopback address that answers, or fails, as the name of the model says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = json.dumps(
    {
        "formulas": [
            {
                "formula": "T0 + a*exp(-time/tau)",
                "parameters": [{"name": "tau", "meaning": "time constant", "unit": "min", "sign": "positive"}],
                "reasoning": "Newton's law of cooling",
                "evidence": ["P1"],
            }
        ]
    }
)
BAD = '{"formulas": [{"formula": "a*time +* b", "parameters": [], "reasoning": "", "evidence": []}]}'


@dataclass
class Seen:
    """One request: the model, its key, its body, when it began and ended (s)."""

    model: str
    key: str
    body: dict[str, Any]
    begun: float
    ended: float = 0.0


@dataclass
class Server:
    """url: for `api_base`; seen: requests in the order in which they came; pause: seconds a `slow` model takes."""

    url: str
    seen: list[Seen] = field(default_factory=list)
    pause: float = 1.0
    closing: threading.Event = field(default_factory=threading.Event)

    def asked(self, model: str) -> list[Seen]:
        return [one for one in self.seen if one.model == model]


@contextmanager
def running() -> Iterator[Server]:
    state = Server("")
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    http.daemon_threads = True
    state.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        http.shutdown()
        http.server_close()
        thread.join()


def completion(text: str, model: str) -> bytes:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return json.dumps({"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": usage}).encode()


class _Handler(BaseHTTPRequestHandler):
    state: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        seen = Seen(body["model"], self.headers.get("Authorization", ""), body, time.monotonic())
        self.state.seen.append(seen)
        with suppress(BrokenPipeError, ConnectionResetError):
            getattr(self, f"_{seen.model.split('-')[0]}")(seen)
        seen.ended = time.monotonic()

    def _send(self, status: int, data: bytes, length: int | None = None, **head: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(length or len(data)), **head}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def _error(self, status: int, words: str, **head: str) -> None:
        self._send(status, json.dumps({"error": {"message": words, "type": "x", "code": str(status)}}).encode(), **head)

    def _good(self, seen: Seen) -> None:
        self._send(200, completion(GOOD, "good-2026-01"))

    def _slow(self, seen: Seen) -> None:
        self.state.closing.wait(self.state.pause)
        self._good(seen)

    def _mends(self, seen: Seen) -> None:
        self._send(200, completion(BAD if len(seen.body["messages"]) < 3 else GOOD, "mends"))

    def _useless(self, seen: Seen) -> None:
        self._send(200, completion("I am sorry, I cannot help with that.", "useless"))

    def _empty(self, seen: Seen) -> None:
        self._send(200, completion("", "empty"))

    def _busy(self, seen: Seen) -> None:
        """Busy the first time, for a moment."""
        self._error(429, "slow down", Retry_After="0.1") if len(self.state.asked(seen.model)) == 1 else self._good(seen)

    def _full(self, seen: Seen) -> None:
        self._error(429, "quota exceeded", Retry_After="3600")

    def _broken(self, seen: Seen) -> None:
        self._error(500, "something broke")

    def _expired(self, seen: Seen) -> None:
        self._error(401, f"Incorrect API key provided: {seen.key.removeprefix('Bearer ')}")

    def _missing(self, seen: Seen) -> None:
        self._error(404, "no such model")

    def _plain(self, seen: Seen) -> None:
        """A server that knows no schemas."""
        self._error(400, "response_format is not supported") if "response_format" in seen.body else self._good(seen)

    def _hang(self, seen: Seen) -> None:
        self.state.closing.wait(30)

    def _drip(self, seen: Seen) -> None:
        """Bytes so rare that no single read times out."""
        data = completion(GOOD, "drip")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for place in range(len(data)):
            self.wfile.write(data[place : place + 1])
            self.wfile.flush()
            if self.state.closing.wait(0.1):
                return

    def _malformed(self, seen: Seen) -> None:
        self._send(200, b'{"id": "1", "choices": [{"mess')

    def _truncated(self, seen: Seen) -> None:
        self._send(200, completion(GOOD, "truncated")[:80], length=900)
        self.close_connection = True
