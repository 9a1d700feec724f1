"""Which words of an entry are indexed, and how a text falls into search terms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from corpus.entry import Entry
from corpus.language import LANGUAGES, Language

_RUN = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff々]+|[\u30a0-\u30ffー]+|[\u3040-\u309f]+")
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an the of to in on for with and or by is are be was were it its this that these how what when where which who why i we my our "
        "do does did at from so much many until if not than then as get gets got more less two one each other can could into out up down "
        "over have has",
    )
)
_HIRAGANA = re.compile(r"[\u3040-\u309fー]+")
_SEPARATOR = re.compile(r"[^\w]+|(?<=[\u4e00-\u9fff\u30a0-\u30ff])(?=[\u3040-\u309f])|(?<=[\u3040-\u309f])(?=[\u4e00-\u9fff\u30a0-\u30ff])")
_ENDINGS = ("ing", "ies", "ed", "es", "ly", "s")
_MIN_STEM = 3


def passages(entry: Entry) -> tuple[str, ...]:
    """What is embedded, the same number for every entry: per language, name with description, and the customers' words.

    The entry's vector is the mean over these passages. Measured against one vector of everything, one per language, the better
    of two, and one per keyword: the mean of short passages finds most, in either language.
    """
    return tuple(passage for language in LANGUAGES for passage in (_told(entry, language), _asked(entry, language)))


def _told(entry: Entry, language: Language) -> str:
    return f"{entry.name.of(language)}. {entry.description.of(language)}"


def _asked(entry: Entry, language: Language) -> str:
    keywords = entry.keywords.ja if language == "ja" else entry.keywords.en
    aliases = (alias for alias in entry.aliases if bool(_JAPANESE.search(alias)) == (language == "ja"))
    return ", ".join((*keywords, *aliases)) or entry.name.of(language)


def searchable(entry: Entry) -> Mapping[str, str]:
    """Text by field, both languages together: `title` (names, aliases), `keywords`, `quantities`, `body`, `symbols`."""
    quantities = [part.meaning.of(language) for part in (entry.target, *entry.symbols.values()) for language in LANGUAGES]
    validity = [entry.validity.en, entry.validity.ja] if entry.validity else []
    return {
        "title": " | ".join((entry.name.en, entry.name.ja, *entry.aliases)),
        "keywords": " | ".join((*entry.keywords.en, *entry.keywords.ja)),
        "quantities": " | ".join(quantities),
        "body": " | ".join((entry.description.en, entry.description.ja, *validity)),
        "symbols": " ".join((entry.target.symbol, *entry.symbols, *entry.constants)),
    }


def normal(text: str) -> str:
    """Compatibility forms made plain, lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def terms(text: str) -> list[str]:
    """Search terms of a text, in order, repeats kept.

    Latin words without their English ending; kanji one by one and in pairs (most Japanese words are two kanji, which a
    trigram index cannot find); katakana in threes; hiragana, mostly grammar, is left to `kana_words`.
    """
    return [term for run in _RUN.findall(normal(text)) for term in _run_terms(run)]


def stems(text: str) -> list[str]:
    """The Latin words of a text without their endings, in order, stop words kept (a phrase may need them)."""
    return [_stem(run) for run in _RUN.findall(normal(text)) if run[0] < "\u0100"]


def _run_terms(run: str) -> list[str]:
    if run[0] < "\u0100":
        return [] if run in _STOP else [_stem(run)]
    if _is_hiragana(run):
        return []
    if "\u30a0" <= run[0] <= "\u30ff":
        return _windows(run, 3)
    return [*_windows(run, 2), *run] if len(run) > 1 else [run]


def _is_hiragana(run: str) -> bool:
    return "\u3040" <= run[0] <= "\u309f"


def kana_names(text: str) -> list[str]:
    """Hiragana that stands alone between separators, so is a word (ばね, ねじ, うなり): for the indexed names and keywords."""
    return [part for part in _SEPARATOR.split(normal(text)) if len(part) > 1 and _HIRAGANA.fullmatch(part)]


def kana_words(text: str) -> list[str]:
    """Every piece of two to five hiragana letters of a question, any of which may be an indexed kana word."""
    runs = [run for run in _RUN.findall(normal(text)) if _is_hiragana(run)]
    return [piece for run in runs for size in (2, 3, 4, 5) for piece in _windows(run, size) if len(piece) == size]


def trigrams(text: str) -> list[str]:
    """Three-letter pieces of every run of letters but English stop words."""
    words = [word for word in re.findall(r"\w+", normal(text)) if word not in _STOP]
    return [word[i : i + 3] for word in words for i in range(len(word) - 2)]


def _windows(run: str, size: int) -> list[str]:
    return [run[i : i + size] for i in range(max(1, len(run) - size + 1))]


def _stem(word: str) -> str:
    ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= _MIN_STEM), "")
    return word.removesuffix(ending)
