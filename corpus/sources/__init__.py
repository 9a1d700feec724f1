"""Where entries come from: one file for each kind of source, all with one method. `Source` tells what each promises."""

from __future__ import annotations

from corpus.sources._base import Collected, Source
from corpus.sources.drop import DropFolder
from corpus.sources.folder import FolderSource, read_yaml
from corpus.sources.sql import SqlSource

__all__ = ["Collected", "DropFolder", "FolderSource", "Source", "SqlSource", "read_yaml"]
