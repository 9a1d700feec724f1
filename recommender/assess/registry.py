"""Everyone who judges: our own kinds of evidence and those a user has registered.

A user's assessment is one file with one class, and one line in `settings.toml` (or the environment's FORMULA_ASSESSMENTS):

    assessments = "/srv/formula/round_numbers.py:RoundNumbers"

Several are separated by commas. The file is run as it stands, like any Python module: name only files you trust.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from corpus.errors import SettingsError
from recommender.assess._base import Assessment, Comparison
from recommender.assess.panel import Judge, Panel
from recommender.assess.stability.summary import KIND


def panel(own: tuple[Judge, ...], registered: str) -> Panel:
    """Our own kinds and those registered. SettingsError if one cannot be loaded or has the name of another."""
    judges = (*own, *(_loaded(place.strip()) for place in registered.split(",") if place.strip()))
    kinds = [KIND, *(one.kind for one in judges)]
    if twice := next((kind for kind in kinds if kinds.count(kind) > 1), None):
        raise SettingsError("assessment_twice", kind=twice)
    return Panel(judges)


@cache
def _loaded(place: str) -> Judge:
    """The assessment or comparison that `file.py:Name` names, made without arguments."""
    file, _, name = place.rpartition(":")
    path = Path(file).expanduser()
    if not name.isidentifier() or path.suffix != ".py" or not path.is_file():
        raise SettingsError("assessment_missing", place=place)
    spec = importlib.util.spec_from_file_location(f"formula_assessment_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SettingsError("assessment_missing", place=place)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        made = getattr(module, name)()
    except Exception as error:  # a user's file may raise anything
        raise SettingsError("assessment_broken", place=place, reason=f"{type(error).__name__}: {error}"[:200]) from error
    if not isinstance(made, Assessment | Comparison):
        raise SettingsError("assessment_other", place=place)
    return made
