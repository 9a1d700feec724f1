"""Property tests draw the same examples on every run and on every machine."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that tests can share helpers as `tests.…`

settings.register_profile("house", derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.load_profile("house")
