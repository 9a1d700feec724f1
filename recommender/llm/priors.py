"""What earlier runs saw of members in roles: where the bandit of the next run begins. Learned from the ledger, forgotten on demand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from corpus.errors import SettingsError
from recommender.llm.bandit import Arm, Record
from recommender.llm.ledger import was_useful
from recommender.settings import home
from recommender.store import Store

RUNS = 50
_MARK = "llm_forgotten.txt"


def past(store: Store, tenant: str | None = None, before: datetime | None = None) -> dict[Arm, Record]:
    """Calls, useful ones and their cost by member and role, from those of the latest RUNS runs that have ended and began after the last
    `forget`, and before a time.

    Useful is a call of which a form that had not been told before reached the ranking.
    """
    since, found = forgotten(), dict[Arm, Record]()
    for run in store.runs(RUNS, tenant):
        begun = _aware(run.started)
        if run.status == "done" and (since is None or begun > since) and (before is None or begun < _aware(before)):
            _learn(found, store, run.id)
    return found


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


def _mark() -> Path:
    return home() / _MARK


def _aware(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _learn(found: dict[Arm, Record], store: Store, run_id: str) -> None:
    calls = [call for call in store.calls(run_id).get(run_id, ()) if call.attempts]
    keys = {candidate.key for candidate in store.run(run_id).candidates} if calls else set()
    for call in calls:
        found.setdefault((call.member, call.role), Record()).add(was_useful(call, keys), call.seconds, call.cost)
