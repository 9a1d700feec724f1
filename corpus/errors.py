"""Every error this project raises on purpose.

    RecommenderError                 catch this one to catch them all
    ├── FormulaError                 a text that is not a formula we accept
    │   ├── FormulaSyntaxError       cannot be read
    │   └── FormulaLimitError        can be read, but is too large, too deep or overflows
    ├── UnitError                    a unit nobody knows
    ├── EntryError                   a corpus entry that breaks a rule
    ├── IndexingError                a snapshot that is missing, broken or of another embedder
    ├── TableError                   a table that cannot be used as it is
    ├── ProblemError                 a question that does not fit its table
    ├── FitError                     a request the fitter cannot even begin
    ├── StoreError                   the record of runs cannot be read or written
    ├── JobError                     a run cannot be ordered or steered now
    ├── ObjectiveError               a user's objective that cannot be computed
    ├── SettingsError                a setting out of range
    └── BenchError                   a benchmark that cannot be run

An error carries a key of the string table and the values that fill it: `str(error)` is English, `error.text("ja")`
Japanese, and both end with what to do next.
"""

from __future__ import annotations

from corpus.language import Language, Sentence, text


class RecommenderError(Exception):
    """Base of the tree.

    key: entry of the string table below `error.`; values: what fills its placeholders.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def text(self, language: Language = "en") -> str:
        """The sentence, with its cure, in the reader's language."""
        return text(f"error.{self.key}", language, **self.values)

    @property
    def sentence(self) -> Sentence:
        """The error as something to tell in whatever language is asked for."""
        return Sentence.of(f"error.{self.key}", **self.values)

    def __str__(self) -> str:
        return self.text("en")

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return _rebuild, (type(self), self.key, self.values)


def _rebuild(kind: type[RecommenderError], key: str, values: dict[str, object]) -> RecommenderError:
    return kind(key, **values)


class FormulaError(RecommenderError):
    """A text that is not a formula we accept."""


class FormulaSyntaxError(FormulaError):
    """The text cannot be read as a formula."""


class FormulaLimitError(FormulaError):
    """The formula is too long, too deep, or a number in it overflows."""


class UnitError(RecommenderError):
    """A unit nobody knows."""


class EntryError(RecommenderError):
    """A corpus entry breaks a rule of the schema, of algebra or of dimensions."""


class IndexingError(RecommenderError):
    """A snapshot is missing, broken, or was built with another embedder."""


class TableError(RecommenderError):
    """A table cannot be used as it is."""


class ProblemError(RecommenderError):
    """The question does not fit its table."""


class FitError(RecommenderError):
    """The fitter cannot even begin."""


class StoreError(RecommenderError):
    """The record of runs cannot be read or written."""


class JobError(RecommenderError):
    """A run cannot be ordered or steered now."""


class ObjectiveError(RecommenderError):
    """A user's objective cannot be computed, or nothing satisfies it."""


class SettingsError(RecommenderError):
    """A setting is out of range."""


class BenchError(RecommenderError):
    """A benchmark cannot be run."""
