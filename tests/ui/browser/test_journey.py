"""From a spreadsheet never seen before to a downloaded report, as a customer goes; every page looked at, in both languages."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright.sync_api")

from corpus.language import text

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
SERIOUS = ("serious", "critical")
WIDTHS = (820, 1280, 1920)  # a tablet held upright, a notebook, a screen on a desk


def serious(page):
    """Rules of accessibility that are broken badly."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=AXE).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found if one["impact"] in SERIOUS for node in one["nodes"]]


def look(visitor, name, widths=(1280,)):
    """A picture, no error, nothing that sticks out, nothing a screen reader stumbles over; of a whole page also in the dark."""
    for width in widths:
        visitor.shoot(name, width)
    check(visitor)
    if widths == WIDTHS:
        visitor.shade("dark")
        visitor.shoot(f"{name}-dark")
        check(visitor)
        visitor.shade("light")


def check(visitor):
    assert visitor.page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0
    assert visitor.sticking == []
    assert serious(visitor.page) == []


def test_from_a_spreadsheet_to_a_report(visitor, shift_jis, tmp_path):
    page, say = visitor.page, lambda key, **values: text(key, visitor.language, **values)
    visitor.visit("candidates")  # as the first of all visits: the list of pages is there all the same
    assert page.get_by_text(say("ui_page.settings")).count() == 1
    visitor.visit()
    look(visitor, "0-empty", WIDTHS)

    page.locator("input[type=file]").set_input_files(shift_jis)
    visitor.wait(".st-key-run button")
    visitor.settle()
    look(visitor, "1-data", WIDTHS)

    visitor.turn("run")
    page.get_by_text(say("ui_run.effort_long"), exact=True).click()
    visitor.settle()
    visitor.press("run")
    visitor.wait("[class*=st-key-live-]")
    look(visitor, "2-run", WIDTHS)
    page.locator("[class*=st-key-pin-] button").first.click()
    visitor.wait(f"text={say('ui_run.log', count=1)}")
    page.get_by_role("textbox", name=say("ui_run.what")).fill("cools towards the room")
    page.get_by_role("button", name=say("ui_run.send")).click()
    visitor.wait(f"text={say('ui_run.log', count=2)}")

    address = page.url
    page.close()
    visitor.page = page = visitor.reopen()
    page.goto(address)
    visitor.wait(".st-key-stop button, .st-key-to-candidates button")
    if page.locator(".st-key-stop button").count():
        visitor.press("stop")
    visitor.wait(".st-key-to-candidates button", 240)
    look(visitor, "2-run-done", WIDTHS)

    visitor.press("to-candidates")
    visitor.wait("[class*=st-key-card-]")
    look(visitor, "3-candidates", WIDTHS)
    tabs = page.get_by_role("tab")
    for i in range(1, 6):
        tabs.nth(i).click()
        look(visitor, f"3-candidates-tab{i}")
    name = "Cooling of our casting" if visitor.language == "en" else "鋳物の冷却"
    for key, words in {"person": "Yamada", "reason": "agrees with the data sheet", "name": name}.items():
        page.get_by_role("textbox", name=say(f"ui_cards.{key}"), exact=True).fill(words)
    page.get_by_role("button", name=say("ui_cards.accept")).click()
    visitor.wait(f"text={say('ui_cards.accept_done')}")
    page.locator(".st-key-shown button", has_text="#2").click()
    visitor.settle()
    look(visitor, "3-compare", WIDTHS)

    for name, parts in {"refine": 2, "library": 3, "runs": 1, "settings": 1}.items():
        visitor.turn(name)
        look(visitor, f"4-{name}", WIDTHS)
        for i in range(1, parts):
            page.get_by_role("tab").nth(i).click()
            if name == "refine":
                visitor.wait("[data-testid=stCode]")
            look(visitor, f"4-{name}-tab{i}")

    visitor.turn("runs")
    with page.expect_download() as waiting:
        visitor.press("report")
    report = tmp_path / "report.html"
    waiting.value.save_as(report)
    assert "温度" in report.read_text(encoding="utf-8")
    assert visitor.complaints == []


def test_other_tables_and_what_is_asked_of_them(visitor):
    """Several inputs, a group, a paste, a picked entry of the library: pictures of what the journey does not pass."""
    page, say = visitor.page, lambda key, **values: text(key, visitor.language, **values)
    visitor.visit()
    page.locator(".st-key-try-pump_curve button").click()
    visitor.wait(".st-key-run button")
    look(visitor, "5-several-inputs", WIDTHS)
    page.get_by_text(say("ui_data.more"), exact=True).click()
    look(visitor, "5-more")
    visitor.turn("library")
    page.get_by_role("textbox", name=say("ui_library.search"), exact=True).fill("pump")
    page.keyboard.press("Enter")
    visitor.settle()
    look(visitor, "5-library-search")
    visitor.turn("")
    page.get_by_text(say("ui_data.another"), exact=True).click()
    page.get_by_text(say("ui_data.source_paste"), exact=True).click()
    visitor.settle()
    look(visitor, "5-paste")
    assert visitor.complaints == []
