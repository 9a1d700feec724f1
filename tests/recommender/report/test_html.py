"""The report is one inert, complete and repeatable page, whatever the table says."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from corpus.language import LANGUAGES
from recommender.recommendation import Recommendation
from recommender.report.html import html_report
from tests.recommender.report.conftest import HOSTILE

VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})


class Page(HTMLParser):
    """Tags, attributes and text of a page; unbalanced tags are an error."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


@pytest.fixture(scope="module")
def pages(several) -> dict[str, str]:
    return {language: html_report(*several, language) for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_is_whole_and_calls_nobody(pages, language):
    html = pages[language]
    page = Page(html)
    assert page.tags["html"] == page.tags["main"] == page.tags["title"] == 1
    assert page.tags["article"] + page.tags["section"] >= 5
    assert not page.tags.keys() & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert not re.findall(r"https?://", re.sub(r'xmlns(:\w+)?="[^"]*"', "", html))
    assert "@import" not in html
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_words_stay_words(hostile, language):
    html = html_report(*hostile, language)
    page = Page(html)
    assert not page.tags.keys() & {"script", "img", "iframe"}
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert not [value for _, name, value in page.attributes if name in ("href", "src", "xlink:href") and not value.startswith("#")]
    assert HOSTILE in page.text
    assert "<iframe src='https://example.com'></iframe>" in page.text
    assert "<b onclick=alert(2)>time</b>" in page.text


def test_hostile_names_reach_neither_a_tag_nor_an_attribute(hostile):
    page = Page(html_report(*hostile, "en"))
    foreign = [value for _, name, value in page.attributes if "alert" in value or "frac" in value]
    assert foreign == []
    assert {name for tag, name, _ in page.attributes if tag in ("td", "p", "div", "span", "math", "mi")} <= {"class", "displaystyle"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_candidate_is_told_completely(several, pages, language):
    result = several[1]
    page = Page(pages[language])
    assert len(result.formulas) == 2
    assert page.tags["math"] >= 2 * len(result.formulas)
    assert page.tags["svg"] == 3 * len(result.formulas) + 2
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    used = {value[1:] for _, name, value in page.attributes if name in ("href", "xlink:href")}
    assert used <= set(ids)
    for formula in result.formulas:
        assert f"candidate-{formula.rank}" in ids
        assert formula.numpy_source() in page.text


def test_languages_differ_and_nothing_is_left_in_the_other(pages):
    english, japanese = (Page(pages[language]).text for language in ("en", "ja"))
    assert "Candidates" in english
    assert "候補の一覧" in japanese
    own = {*"圧力流量二入"}
    assert not [letter for letter in english if "\u3040" <= letter <= "\u9fff" and letter not in own]


def test_same_result_same_bytes(several, pages):
    problem, result = several
    assert html_report(problem, Recommendation.from_json(result.to_json()), "ja") == pages["ja"]


def test_no_word_is_drawn_by_a_font_of_the_plots(pages):
    drawings = "".join(re.findall(r"(?s)<svg.*?</svg>", pages["ja"]))
    assert not re.search(r"[\u3040-\u9fff]", drawings)


def test_report_of_nothing_is_still_a_page(several):
    problem, result = several
    page = Page(html_report(problem, replace(result, formulas=()), "en"))
    assert page.tags["h1"] == 1
    assert page.tags["svg"] == 0


def test_colours_of_a_drawing_stay_colours(pages):
    assert "fill: #eef1f4" in pages["en"]
    assert "fill: #0f6cbd" in pages["en"]
