"""Where this program keeps its files, and the few settings that hold for every run.

A setting comes from the environment (`FORMULA_TENANT`), else from `settings.toml` in the home folder, else from its default.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from corpus.errors import SettingsError
from corpus.language import LANGUAGES, Language

PREFIX = "FORMULA_"
DEFAULT_HOME = "~/.local/share/formula-recommender"


def home() -> Path:
    """The folder of this program's own files: $FORMULA_HOME, else ~/.local/share/formula-recommender. Not created here."""
    try:
        return Path(os.environ.get(f"{PREFIX}HOME") or DEFAULT_HOME).expanduser()
    except RuntimeError:
        raise SettingsError("settings_no_home") from None


@dataclass(frozen=True)
class Settings:
    """What holds for every run of this installation.

    store_url: where runs are recorded (a file, or postgresql://...); None means `runs.sqlite` in the home folder.
    search_time: for the structure searches of a run, `20s` or `2min`; `0` leaves them out.
    assessments: kinds of evidence of your own, `file.py:Class`, several separated by commas (see `recommender.assess.registry`).
    members: the file of language models that take part (see `recommender.llm.members`); none if empty.
    """

    store_url: str | None = None
    tenant: str = "local"
    language: Language = "en"
    search_time: str = "20s"
    assessments: str = ""
    members: str = ""

    @property
    def search_seconds(self) -> float:
        return seconds_of(self.search_time)

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise SettingsError("settings_value", name="language", value=self.language, allowed=", ".join(LANGUAGES))
        if not self.tenant.strip():
            raise SettingsError("settings_value", name="tenant", value=self.tenant, allowed="a name")
        seconds_of(self.search_time)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """The settings in force. SettingsError if the file cannot be read or a value is not allowed."""
        environ = os.environ if environ is None else environ
        known = [field.name for field in fields(cls)]
        chosen = _from_file(home() / "settings.toml", known)
        chosen |= {name: environ[PREFIX + name.upper()] for name in known if environ.get(PREFIX + name.upper())}
        return cls(**chosen)  # type: ignore[arg-type]  # the values are checked above and in __post_init__


def seconds_of(text: str) -> float:
    """`30`, `30s`, `2min` in seconds. SettingsError if it is none such."""
    found = re.fullmatch(r"(\d{1,6}(?:\.\d*)?)\s*(s|min)?", text.strip())
    if found is None:
        raise SettingsError("time_expected", text=text)
    return float(found[1]) * (60 if found[2] == "min" else 1)


def _from_file(path: Path, known: list[str]) -> dict[str, str]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError("settings_unreadable", path=path, reason=error) from None
    for name, value in found.items():
        if name not in known or not isinstance(value, str):
            raise SettingsError("settings_unknown", path=path, name=name, known=", ".join(known))
    return found
