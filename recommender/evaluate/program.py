"""The scorer's end of a worker process: started when first asked, killed when it overruns, started again for the next case."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from recommender.evaluate._base import Answer

COMMAND = (sys.executable, "-P", "-m", "recommender.evaluate.worker")
START_LIMIT = 180.0
_PACKAGES = str(Path(__file__).parents[2])
_SHOWN = 200
_FAREWELL = 2.0


class WorkerProgram:
    """A `Program` in another process. One request at a time; use it from one thread, and close it.

    hello: sent to a fresh process, before anything else. extra: environment variables of its own. folder: a temporary folder with a name
    that says nothing; tables for the program go there and it runs in it.
    """

    def __init__(
        self, hello: Mapping[str, Any] | None = None, command: Sequence[str] = COMMAND, extra: Mapping[str, str] | None = None
    ) -> None:
        self._command = list(command)
        self._hello = hello
        self._environment = {**environment(), **(extra or {})}
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()
        self._home = tempfile.TemporaryDirectory(prefix="bench-")
        self._log: IO[str] | None = None

    @property
    def folder(self) -> Path:
        return Path(self._home.name)

    def ask(self, request: Mapping[str, Any], limit: float) -> Answer:
        """See `Program.ask`."""
        if self._process is None:
            self._start()
            if self._hello is not None and (failed := self._exchange(self._hello, START_LIMIT)).failure:
                return failed
        return self._exchange(request, limit)

    def close(self) -> None:
        """End the process, giving it a moment to end by itself, and remove its folder."""
        if self._process is not None:
            _close(self._process.stdin)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_FAREWELL)
        self._stop()
        self._home.cleanup()

    def _start(self) -> None:
        # a file, not a pipe: a full pipe would block a chatty program
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self._lines = queue.Queue()
        self._process = subprocess.Popen(  # noqa: S603
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=self.folder,
            env=self._environment,
            text=True,
            encoding="utf-8",
        )
        threading.Thread(target=_forward, args=(self._process.stdout, self._lines), daemon=True).start()

    def _exchange(self, request: Mapping[str, Any], limit: float) -> Answer:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=limit)
        except queue.Empty:
            self._stop()
            return Answer(failure=f"time-out: {limit:g} s", seconds=limit)
        except OSError:
            line = ""
        if not line:
            return Answer(failure=self._last_words())
        return _answer(json.loads(line))

    def _last_words(self) -> str:
        """What a dead process said last."""
        process, log = self._process, self._log
        assert process is not None
        assert log is not None
        code = process.wait()
        log.seek(0)
        said = log.read().strip().rpartition("\n")[2]
        self._stop()
        return f"crash: exit status {code} {said[-_SHOWN:]}".strip()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            _close(self._process.stdin)
        _close(self._log)
        self._process = self._log = None


def _answer(reply: Mapping[str, Any]) -> Answer:
    return Answer(reply.get("value", {}), reply.get("failure", ""), float(reply["seconds"]), float(reply["cpu"]))


def _forward(pipe: IO[str] | None, lines: queue.Queue[str]) -> None:
    """Lines from the pipe into the queue; an empty one at the end."""
    assert pipe is not None
    with pipe:
        for line in pipe:
            lines.put(line)
    lines.put("")


def _close(stream: IO[str] | None) -> None:
    with contextlib.suppress(OSError):
        if stream is not None:
            stream.close()


def environment() -> dict[str, str]:
    """That of a program under test: ours, with one numeric thread and this package importable from anywhere."""
    paths = [_PACKAGES, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}


@contextlib.contextmanager
def programs(count: int, hello: Mapping[str, Any] | None = None, command: Sequence[str] = COMMAND) -> Iterator[queue.Queue[WorkerProgram]]:
    """A pool of idle programs; take one, ask, put it back."""
    pool: queue.Queue[WorkerProgram] = queue.Queue()
    everyone = [WorkerProgram(hello, command) for _ in range(count)]
    for program in everyone:
        pool.put(program)
    try:
        yield pool
    finally:
        for program in everyone:
            program.close()
