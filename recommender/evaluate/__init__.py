"""Measuring: benchmarks over cases on disk or generated ones, each with a stated bar, a table and a history.

The scorer is imported on first use, so that the worker process, which lives in this package too, never loads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recommender.evaluate.run import list_benches, run_bench, show_history

__all__ = ["list_benches", "run_bench", "show_history"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from recommender.evaluate import run

    return getattr(run, name)
