"""`open_index`: the index that comes with the package, built on first use and kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from corpus.errors import IndexingError
from corpus.load import SEED_FOLDER, seed_entries
from indexes import golden
from indexes.embed import FALLBACK, Embedder, default_embedder, embedder
from indexes.publish import Progress, Tell, publish, silent
from indexes.retriever import Retriever
from indexes.snapshot import CurrentIndex, Manifest, current_id, snapshot_folder

_SEED = "seed:"


def home() -> Path:
    """$FORMULA_HOME, else the user's cache folder."""
    given = os.environ.get("FORMULA_HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(cache) / "formula-recommender"


def open_index(folder: Path | None = None, embedder_name: str | None = None, tell: Tell = silent) -> Retriever:
    """A retriever over an index folder.

    folder: an index; None is the package's own in `home()`. Where there is none yet, or the one there was built from
    another edition of the seed corpus or is broken, the seed corpus is indexed first (seconds; `tell` hears how far it is). An index
    published from anything else is served as it is. embedder_name: None is what the index was built with, or the default.
    IndexingError if the index was built with another embedder than the one asked for.
    """
    index = folder or home() / "index" / _folder_name(embedder_name)
    manifest = _manifest(index)
    given = embedder(embedder_name) if embedder_name else embedder(manifest.embedder.name) if manifest else default_embedder()
    problems = [IndexingError("embedder_fallback", embedder=given.name)] if given.name == FALLBACK != embedder_name else []
    if manifest is None or manifest.source.startswith(_SEED):
        _refresh(index, manifest, given, tell)
    return Retriever(_opened(index, given, tell), problems=problems)


def _folder_name(embedder_name: str | None) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", embedder_name or default_embedder().name)[-80:]


def _manifest(index: Path) -> Manifest | None:
    try:
        return Manifest.read(snapshot_folder(index, current_id(index)))
    except IndexingError:
        return None


def _refresh(index: Path, manifest: Manifest | None, given: Embedder, tell: Tell) -> None:
    source = _SEED + seed_digest()
    if manifest is None or manifest.source != source:
        _publish_seed(index, given, source, tell)


def _publish_seed(index: Path, given: Embedder, source: str, tell: Tell) -> None:
    tell(Progress("reading"))
    questions = None if given.name == FALLBACK else golden.packaged()
    publish(seed_entries(), index, given, source=source, golden=questions, tell=tell)


def _opened(index: Path, given: Embedder, tell: Tell) -> CurrentIndex:
    try:
        return CurrentIndex(index, given)
    except IndexingError as error:
        if error.key != "snapshot_broken" or not _is_seed(index):
            raise
    tell(Progress("broken"))
    _publish_seed(index, given, _SEED + seed_digest(), tell)
    return CurrentIndex(index, given)


def _is_seed(index: Path) -> bool:
    manifest = _manifest(index)
    return manifest is None or manifest.source.startswith(_SEED)


def seed_digest() -> str:
    """Hash of the seed files, without reading them as YAML."""
    digest = hashlib.sha256()
    for path in sorted(SEED_FOLDER.rglob("*.yaml")):
        digest.update(f"{path.relative_to(SEED_FOLDER).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:20]
