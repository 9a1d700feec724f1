"""A local model behind an OpenAI-compatible server of llama.cpp, started and stopped by us, on the loopback address only.

    with serve(Path("model.gguf")) as server:
        member = Member("local", server.model, api_base=server.url)

The server runs in a process of its own (the prebuilt `xllamacpp` wheel, extra `[llm-local]`), so that a crash in it is not ours; it ends
when its standard input closes, which the death of this process brings about as well.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from corpus.errors import SettingsError

HOST = "127.0.0.1"
CONTEXT = 8192
START_LIMIT = 120.0
_FAREWELL = 10.0
_MAGIC = b"GGUF"


@dataclass(frozen=True)
class LocalServer:
    """url: for `Member.api_base`; model: for `Member.model`, named after the file."""

    url: str
    model: str


@contextmanager
def serve(
    path: Path, *, port: int = 0, context: int = CONTEXT, threads: int = 0, slots: int = 1, limit: float = START_LIMIT
) -> Iterator[LocalServer]:
    """A server for a GGUF file while the block runs.

    port: 0 takes a free one. context: tokens of prompt and reply together, for each slot; slots: requests answered side by side;
    threads: 0 for all cores but one: a thread that has to wait for its core holds up all others (ten times slower beside a busy
    process). SettingsError if the file is no model, the wheel is not installed, or no server comes up within `limit` seconds.
    """
    _check(path)
    port = _free_port(port)
    command = [sys.executable, "-P", "-m", "recommender.llm.serve", str(path), str(port), str(context * slots), str(threads), str(slots)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment())  # noqa: S603
    try:
        _wait(process, port, path, limit)
        yield LocalServer(f"http://{HOST}:{port}/v1", f"openai/{path.stem}")
    finally:
        _end(process)


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            good = file.read(4) == _MAGIC
    except OSError as error:
        raise SettingsError("model_unreadable", path=path, reason=error.strerror) from None
    if not good:
        raise SettingsError("model_not_gguf", path=path)
    if find_spec("xllamacpp") is None:
        raise SettingsError("model_server_missing")


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except (OSError, OverflowError):
            raise SettingsError("port_taken", port=wanted) from None
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """Ours, with the packages found wherever the process is started, and without proxies."""
    packages = os.pathsep.join(filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", ""))))
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "PYTHONPATH": packages}


def _wait(process: subprocess.Popen[bytes], port: int, path: Path, limit: float) -> None:
    """Until the server says it is well."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and process.poll() is None:
        if _is_well(port):
            return
        time.sleep(0.05)
    raise SettingsError("model_server_failed", path=path, seconds=f"{limit:g}")


def _is_well(port: int) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{HOST}:{port}/health", timeout=2.0) as answer:
            return bool(json.load(answer).get("status") == "ok")
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_FAREWELL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _run(path: str, port: int, context: int, threads: int, slots: int) -> None:
    """The server itself, until the standard input ends."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = path
    params.model_alias = {Path(path).stem}
    params.hostnames, params.port = [HOST], port
    params.n_ctx, params.n_parallel, params.n_predict = context, slots, -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads or max(1, (os.cpu_count() or 2) - 1)
    params.offline, params.ui, params.warmup, params.cors_origins = True, False, False, f"http://{HOST}:{port}"
    server = xllamacpp.Server(params)
    sys.stdin.buffer.read()
    os._exit(0 if server else 1)  # its threads may be in the middle of an answer that nobody waits for


if __name__ == "__main__":
    _run(sys.argv[1], *map(int, sys.argv[2:]))
