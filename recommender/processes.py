"""How worker processes begin, and that none is left behind."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import threading
import time

_LOOK = 1.0  # seconds


def start_method(*preload: str) -> str:
    """How to start a worker now; preload: modules it needs, loaded once where a server starts workers.

    A fork of a threaded process may inherit locked locks; a server that has loaded what workers need forks clean ones.
    To start a search takes 0.05 s by fork, 0.4 s from the server (2 s for the first, which starts it), 2 s where each is spawned.
    """
    if sys.platform != "linux":
        return "spawn"
    if threading.active_count() == 1:
        return "fork"
    multiprocessing.set_forkserver_preload([*preload, "threadpoolctl"])
    return "forkserver"


def this_process() -> str:
    """Who works on a run: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def end_with_parent() -> None:
    """Called in a worker: when the process that made it is gone, however it ended, the worker ends too."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
