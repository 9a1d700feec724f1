"""What a run has already done, so that it can go on after anything: durable execution by memory.

A run is a program whose every costly step has a name and always the same outcome for the same seed. Each outcome is written as an event
when it is there; a run that begins again looks its steps up before it takes them, and so comes to where it was without state of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

STEERED = "steered"  # the kind of step at which a person's commands were obeyed
PRIOR = "prior"  # the kind of step at which a run took down what earlier ones have taught it


class Journal(Protocol):
    """Outcomes by the kind and the name of their step."""

    def find(self, kind: str, name: str) -> Any | None:
        """The outcome as JSON, None if this step has not been taken."""
        ...

    def write(self, kind: str, name: str, outcome: Any) -> None:
        """Keep an outcome."""
        ...

    def behind(self) -> AbstractContextManager[None]:
        """Within it outcomes may be kept a little later."""
        ...


class Blank:
    """A journal that keeps nothing."""

    def find(self, kind: str, name: str) -> Any | None:
        del kind, name
        return None

    def write(self, kind: str, name: str, outcome: Any) -> None:
        del kind, name, outcome

    @contextmanager
    def behind(self) -> Iterator[None]:
        yield


def named(*parts: object) -> str:
    """A short name for a step from everything that decides its outcome."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:20]
