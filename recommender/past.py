"""What the record says of past runs: which of them teach the next one, that this can be forgotten, and what people decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corpus.errors import SettingsError
from recommender.settings import home
from recommender.store import RunSummary, Store

RUNS = 50
_MARK = "llm_forgotten.txt"  # named when models alone were remembered


def past_runs(store: Store, tenant: str | None = None, before: datetime | None = None) -> Iterator[RunSummary]:
    """Those of the latest RUNS runs, newest first, that have ended with an answer and began after the last `forget`, and before a time."""
    since = forgotten()
    for run in store.runs(RUNS, tenant):
        begun = _aware(run.started)
        if run.status == "done" and (since is None or begun > since) and (before is None or begun < _aware(before)):
            yield run


def forget(now: datetime | None = None) -> None:
    """Runs up to now no longer count; their record stays. SettingsError if that cannot be noted."""
    try:
        _mark().parent.mkdir(parents=True, exist_ok=True)
        _mark().write_text((now or datetime.now(UTC)).isoformat(), encoding="utf-8")
    except OSError as error:
        raise SettingsError("file_not_written", path=_mark(), reason=error.strerror) from None


def forgotten() -> datetime | None:
    """When everything was forgotten last. SettingsError if the note of it cannot be read."""
    try:
        return datetime.fromisoformat(_mark().read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SettingsError("settings_unreadable", path=_mark(), reason=error) from None


def decisions(store: Store, run_id: str, tenant: str | None = None) -> dict[str, Mapping[str, Any]]:
    """The last decision on each candidate of a run, by its canonical key: what was told, with `kind` and `person`."""
    found = [event for kind in ("accepted", "rejected") for event in store.events(run_id, tenant, kind=kind)]
    found.sort(key=lambda event: event.seq)
    return {str(event.payload["key"]): {**event.payload, "kind": event.kind, "person": event.author} for event in found}


def _mark() -> Path:
    return home() / _MARK


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
