"""Writing a file in one step: a reader sees the old one, the new one, or none; a killed writer leaves a hidden file at most."""

from __future__ import annotations

import os
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """The content (text in UTF-8), on the disk before it gets its name; the folder is made if there is none.

    OSError if it cannot be written.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", errors="backslashreplace")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
