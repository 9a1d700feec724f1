"""The nightly job: everything the sources give, checked, into the index, without a moment in which nothing serves."""

from __future__ import annotations

from indexes.nightly.health import STALE_HOURS, Health, examine
from indexes.nightly.job import Job, rehearse, run
from indexes.nightly.record import Outcome, Record, Records, SourceCount

__all__ = ["STALE_HOURS", "Health", "Job", "Outcome", "Record", "Records", "SourceCount", "examine", "rehearse", "run"]
