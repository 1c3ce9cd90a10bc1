"""The page of a report in a real browser: no errors, no requests, keyboard, light and dark, narrow and wide.

It runs where Chromium is found. What can be told without a browser is in `test_report_page`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.report.page import report
from tests.support.browser import Tab, browser, find_browser
from tests.support.report_content import content
from tests.support.repository import Repository

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed here; apt-get install chromium")


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with browser(PROGRAM or "", tmp_path / "profile") as opened:
        yield opened


def test_the_page_works(tab: Tab, repository: Repository, tmp_path: Path) -> None:
    """One browser for all of it, because it takes a second to start."""
    path = tmp_path / "report.html"
    path.write_text(report.page(content(repository)), encoding="utf-8")
    backgrounds = set()
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            tab.open(path, width, scheme)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, "the page does not scroll sideways"
            backgrounds.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backgrounds) == 2, "light and dark"
    requests = [event["params"]["request"]["url"] for event in tab.events if event.get("method") == "Network.requestWillBeSent"]
    assert {url.partition(":")[0] for url in requests} <= {"file", "data"}
    messages = [
        event
        for event in tab.events
        if event.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}
    ]
    assert messages == []

    tab.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "the link to the content is seen"
    tab.press("Enter", "\r")
    assert tab.evaluate("document.activeElement.id") == "main"
    for _ in range(60):
        tab.press("Tab")
        focused = "document.activeElement"
        assert tab.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none", "what has the focus is seen"
        if tab.evaluate(f"{focused}.tagName") == "SUMMARY":
            break
    before = tab.evaluate("document.activeElement.parentElement.open")
    tab.press("Enter", "\r")
    assert tab.evaluate("document.activeElement.parentElement.open") is not before


def test_text_in_pictures_fits_its_box(tab: Tab, repository: Repository, tmp_path: Path) -> None:
    """In the fonts of this machine; the widths of texts are estimates."""
    path = tmp_path / "report.html"
    path.write_text(report.page(content(repository, "x")), encoding="utf-8")
    tab.open(path, 1280, "light")
    script = """[...document.querySelectorAll('svg g.node')].flatMap(node => {
        const box = node.querySelector('rect')?.getBoundingClientRect();
        return box ? [...node.querySelectorAll(':scope > text')].map(text => text.getBoundingClientRect())
            .filter(text => text.left < box.left || text.right > box.right || text.bottom > box.bottom) : [];
    }).length"""
    assert tab.evaluate(script) == 0
    assert tab.evaluate("document.querySelectorAll('svg g.node text').length") > 10
