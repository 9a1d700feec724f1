"""The app in a browser: a server of its own on the loopback address, real workers, Debian's Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")

ROOT = Path(__file__).parents[3]
SCREENS = ROOT / "build" / "screens"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOCALES = {"en": "en-US", "ja": "ja-JP"}


def pytest_collection_modifyitems(items):
    """These take minutes and a browser: only `make test-ui` runs them."""
    here = Path(__file__).parent
    reason = "run by `make test-ui`" if not os.environ.get("FORMULA_TEST_BROWSER") else "no Chromium here" if not CHROMIUM else ""
    for item in items:
        if reason and here in Path(item.fspath).parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def nobody_works() -> None:
    """Here the workers are real."""


@pytest.fixture(scope="session")
def serving(formula_home: Path) -> Iterator[tuple[str, int]]:
    """The address and the process of a running app whose index is built."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run([sys.executable, "-m", "recommender.cli", "index", "build"], cwd=ROOT, check=False, capture_output=True)
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    known = os.environ | {"FORMULA_SEARCH_TIME": "2s", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "ui" / "app.py"), *options]
    with (formula_home / "server.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, env=known) as process:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/_stcore/health")
        yield url, process.pid
        process.terminate()


@pytest.fixture(scope="session")
def server(serving: tuple[str, int]) -> str:
    return serving[0]


@pytest.fixture(scope="session")
def server_id(serving: tuple[str, int]) -> int:
    return serving[1]


def _wait_for(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise TimeoutError(url)


@pytest.fixture(scope="session")
def browser():
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()


@pytest.fixture(params=["ja", "en"])
def visitor(request, browser, server):
    """Somebody with a browser of their language; what the console complains of is remembered."""
    context = browser.new_context(locale=LOCALES[request.param], viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    yield Visitor(context, server, request.param)
    context.close()


class Visitor:
    """Hands and eyes."""

    def __init__(self, context, url: str, language: str) -> None:
        self._context, self.url, self.language = context, url, language
        self.complaints: list[str] = []
        self.sticking: list[str] = []  # what did not fit into a picture
        self.reopen()

    def _listen(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message) -> None:
        """Streamlit looks for its own address below that of the page first, which the browser calls an error."""
        if message.type == "error" and "/_stcore/" not in message.location.get("url", ""):
            self.complaints.append(message.text)

    def reopen(self):
        """A new tab after the old one was closed."""
        self.page = self._context.new_page()
        self._listen()
        return self.page

    def visit(self, path: str = "") -> None:
        self.page.goto(f"{self.url}/{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is being drawn."""
        self.page.wait_for_selector("[data-testid=stAppViewContainer] h1", timeout=60_000)
        self.page.wait_for_timeout(300)
        for busy in ("stStatusWidget", "stSpinner", "stSkeleton"):
            self.page.wait_for_selector(f"[data-testid={busy}]", state="detached", timeout=120_000)
        self.page.wait_for_timeout(500)

    def press(self, key: str) -> None:
        """The button (or upload) with a key of its own."""
        self.page.locator(f".st-key-{key} button").first.click()
        self.page.wait_for_timeout(300)

    def wait(self, selector: str, seconds: float = 120) -> None:
        self.page.wait_for_selector(selector, timeout=1000 * seconds)

    def turn(self, name: str) -> None:
        """To a page by the list on the left."""
        self.page.locator(f"[data-testid=stSidebarNav] a[href*='/{name}']").first.click()
        self.settle()

    def shade(self, scheme: str) -> None:
        """Light or dark, as the reader's system has it."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_timeout(300)

    def shoot(self, name: str, width: int = 1280) -> None:
        """The whole page as a picture."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.set_viewport_size({"width": width, "height": 1000})
        self.settle()
        height = self.page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        self.page.set_viewport_size({"width": width, "height": min(max(int(height) + 40, 900), 5000)})
        self.page.wait_for_timeout(500)
        self.sticking += [f"{name} {width}: {words}" for words in self.overflow()]
        self.page.screenshot(path=SCREENS / f"{name}-{self.language}-{width}.png")
        self.page.set_viewport_size({"width": 1280, "height": 1000})

    def overflow(self) -> list[str]:
        """Texts that stick out of the page sideways, or are cut in the list of pages."""
        cut = self.page.evaluate(
            """() => [...document.querySelectorAll('[data-testid=stSidebar] *')]
            .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).textOverflow === 'ellipsis')
            .map(e => e.textContent.slice(0, 60))"""
        )
        return cut + self.page.evaluate(
            """() => [...document.querySelectorAll('[data-testid=stMain] *')]
            .filter(e => e.children.length === 0 && e.getBoundingClientRect().right > window.innerWidth + 2
                         && !e.closest('.katex,[data-testid=stTable],[data-testid=stCode],.stDataFrame,svg,canvas'))
            .map(e => e.textContent.slice(0, 60))"""
        )
