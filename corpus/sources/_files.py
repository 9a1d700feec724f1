"""Opening files of a folder that anyone may drop things into: plain files only, no links, no devices, nothing large."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from corpus.errors import EntryError

MAX_FILES = 10_000
MAX_TEXT_BYTES = 2_000_000
_MAX_DEPTH = 20
_NO_MARKUP = str.maketrans("<>", "‹›")


def files_below(folder: Path, since: float | None = None) -> Iterator[tuple[Path, str]]:
    """(path, its shown name) of every file and every link below the folder that changed after `since`, in the order of their names.

    Links are given, not followed. Names that begin with `.` or `~$` (hidden files, lock files of office programs) are no items.
    EntryError if there is no such folder.
    """
    if not folder.is_dir():
        raise EntryError("no_folder", folder=folder)
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        deep = len(Path(place).relative_to(folder).parts) >= _MAX_DEPTH
        folders[:] = sorted(name for name in folders if not (deep or name.startswith(".")))
        for name in sorted([*names, *links]):
            path = Path(place) / name
            if not name.startswith((".", "~$")) and (since is None or path.lstat().st_mtime > since):
                yield path, shown(path.relative_to(folder).as_posix())


def shown(text: str, limit: int = 200) -> str:
    """Foreign text on one line, fit to be shown: no control characters, none that turn the writing direction, no markup."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: limit + 1]).strip().translate(_NO_MARKUP)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def read_bytes(path: Path, limit: int) -> bytes:
    """The bytes of a plain file. EntryError if it is anything else, too large, or cannot be opened."""
    if path.is_symlink():
        raise EntryError("item_link")
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise EntryError("item_unopened", reason=error.strerror or type(error).__name__) from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise EntryError("item_no_file")
        content = b"" if status.st_size > limit else file.read(limit + 1)
        if max(status.st_size, len(content)) > limit:
            raise EntryError("item_too_large", limit=f"{limit / 1e6:g}")
        return content


def read_text(path: Path, encodings: tuple[str, ...] = ("utf-8-sig",)) -> str:
    """The text of a file in the first of the encodings that fits. EntryError if none does, or there are NUL characters."""
    content = read_bytes(path, MAX_TEXT_BYTES)
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in encodings:
        if (encoding == "utf-16") != marked:  # without its mark, nearly any bytes are UTF-16
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise EntryError("item_encoding")


def invisible(text: str) -> bool:
    """Whether a text holds control characters, direction marks, or code points that no text should have."""
    if re.sub(r"[\n\t\u3000]", " ", text).isprintable():
        return False
    return any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") and letter not in "\n\t" for letter in text)
