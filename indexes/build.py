"""Writing the files of a snapshot: one pass over the entries, batch by batch, through every channel's table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from indexes import catalogue, dimensions, shapes, words
from indexes.database import Database
from indexes.embed import Embedder, Vectors
from indexes.manifest import fingerprints, probe_rows
from indexes.meaning import entry_vectors
from indexes.spool import Filed, Spool
from indexes.vectors import VectorStore

_BATCH = 256


def write_tables(
    folder: Path, spool: Spool, given: Embedder, known: Mapping[str, Vectors], advance: Callable[[int], None]
) -> dict[str, float]:
    """Fill a snapshot's folder; the fingerprints of the probed rows. known: vectors by the hash of what was embedded."""
    store, database = VectorStore.create(folder), Database.create(folder)
    wanted, probes = set(probe_rows(len(spool))), dict[str, float]()
    writers = catalogue.Writer(database, folder), words.Writer(database), dimensions.Writer(database), shapes.Writer(folder)
    for batch in spool.batches(_BATCH):
        vectors = entry_vectors(given, [filed.entry for filed in batch], known)
        _store(store, batch, vectors)
        probes |= _probed(batch, vectors, wanted)
        for writer in writers:
            writer.add(batch)
        advance(batch[-1].row + 1)
    for writer in writers:
        writer.close()
    store.close()
    database.close()
    return probes


def _store(store: VectorStore, batch: Sequence[Filed], vectors: Vectors) -> None:
    tenants = [filed.entry.tenant for filed in batch]
    for tenant in dict.fromkeys(tenants):
        places = [place for place, own in enumerate(tenants) if own == tenant]
        store.add(tenant, [batch[place].row for place in places], vectors[places])


def _probed(batch: Sequence[Filed], vectors: Vectors, wanted: set[int]) -> dict[str, float]:
    places = [place for place, filed in enumerate(batch) if filed.row in wanted]
    return dict(zip((str(batch[place].row) for place in places), fingerprints(vectors[places]), strict=True))
