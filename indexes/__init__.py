"""What is like this? The index over the corpus: meaning, words and dimensions, fused.

from indexes import ColumnHint, Query, open_index
for found in open_index().search(Query("how fast does my coffee cool")):
    print(found.entry.name.en, [reason.text() for reason in found.reasons])
"""

from indexes.embed import Embedder, embedder
from indexes.golden import Golden, GoldenQuery, recall, recall_by_language
from indexes.home import home, open_index
from indexes.manifest import Manifest
from indexes.publish import Progress, publish
from indexes.query import Channel, ColumnHint, Query, Reason, Retrieved
from indexes.retriever import WEIGHTS, Retriever
from indexes.second import Successes
from indexes.shape import InputShape, Shape, shape_of
from indexes.signature import Assignment, assignments
from indexes.snapshot import CurrentIndex, Snapshot

__all__ = [
    "WEIGHTS",
    "Assignment",
    "Channel",
    "ColumnHint",
    "CurrentIndex",
    "Embedder",
    "Golden",
    "GoldenQuery",
    "InputShape",
    "Manifest",
    "Progress",
    "Query",
    "Reason",
    "Retrieved",
    "Retriever",
    "Shape",
    "Snapshot",
    "Successes",
    "assignments",
    "embedder",
    "home",
    "open_index",
    "publish",
    "recall",
    "recall_by_language",
    "shape_of",
]
