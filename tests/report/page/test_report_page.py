"""The page of a report: whole by itself, readable by programs for people, and safe whatever it quotes."""

from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.report.page import report
from common.report.page.parts import POLICY
from common.report.picture import style
from common.resources.state_machine import StateMachine
from tests.support.report_content import content
from tests.support.repository import Repository

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Parsed(HTMLParser):
    """The tags of a page with their attributes, and its text; checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text, self._open = "", list[str]()
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def page(repository: Repository) -> Parsed:
    return Parsed(report.page(content(repository)))


def test_nothing_that_is_quoted_becomes_markup(page: Parsed) -> None:
    assert page.text.count("<script>alert(1)</script>") > 20
    assert not page.all("script") + page.all("img") + page.all("iframe")
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_leaves_the_structure_as_it_is(repository: Repository, text: str) -> None:
    """The same elements come in the same order as with a harmless text of the same lines."""
    harmless = "".join(character if character in "\n\r" else "x" for character in text)
    made, plain = (Parsed(report.page(content(repository, each))) for each in (f"a{text}<b>&amp;", f"a{harmless}xxxxxxxx"))
    assert [tag for tag, _ in made.tags if tag != "title"] == [tag for tag, _ in plain.tags if tag != "title"]
    assert not {character for character in made.text if ord(character) < 32} - {"\n", "\t"}


def test_it_needs_no_network_and_its_policy_allows_none(page: Parsed) -> None:
    addresses = [value for _, attributes in page.tags for name, value in attributes.items() if name in {"href", "src", "action"}]
    assert {address[:1] for address in addresses if address != "data:,"} == {"#"}
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in page.all("meta")
    assert "default-src 'none'" in POLICY


def test_the_style_sheet_loads_nothing(repository: Repository) -> None:
    sheet = report.page(content(repository)).partition("<style>")[2].partition("</style>")[0]
    assert "prefers-color-scheme:dark" in sheet
    assert not {"url(", "@import", "@font-face", "FONT"} & {*sheet.replace("(", "( ").split()}
    assert "url(" not in sheet


def test_ids_are_unique_and_whatever_refers_to_one_finds_it(page: Parsed) -> None:
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    referred = [each for _, attributes in page.tags for each in attributes.get("aria-labelledby", "").split()]
    referred += [link["href"][1:] for link in page.all("a")]
    assert {*referred} <= {*identifiers}


def test_what_screen_readers_need_is_there(page: Parsed) -> None:
    """A language, one title, headings without gaps, pictures and tables that say what they are, a link past the navigation."""
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("nav")) == 1
    levels = [int(tag[1]) for tag, _ in page.tags if tag in {"h1", "h2", "h3", "h4"}]
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    assert all(picture["role"] == "img" and picture["aria-labelledby"] for picture in page.all("svg"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell.get("scope") in {"row", "col"} for cell in page.all("th"))
    assert all(area.get("aria-label") for _, area in page.tags if area.get("tabindex") == "0")
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}


def luminance(colour: str) -> float:
    """Relative luminance, as in https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, other: str) -> float:
    light, dark = sorted((luminance(first), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [style.LIGHT, style.DARK], ids=["light", "dark"])
def test_colours_can_be_read(colours: dict[str, str]) -> None:
    """Text has the contrast of WCAG's level AA (4.5), arrows and bars that of graphics (3)."""
    pairs = [(ink, back) for ink in ("ink", "muted", "link") for back in ("page", "card")]
    pairs += [("ink", "code"), ("muted", "code"), ("ink", "bad-back"), ("ink", "warn-back"), ("work", "card"), ("bad", "card")]
    pairs += [(tone, f"{tone}-back") for tone in ("good", "bad", "warn")] + [(tone, "card") for tone in ("good", "warn")]
    assert {
        pair: contrast(*(colours[name] for name in pair)) for pair in pairs if contrast(*(colours[name] for name in pair)) < 4.5
    } == {}
    graphics = [(tone, back) for tone in ("edge", "good", "bad", "warn") for back in ("card", "code")]
    graphics += [(tone, "card") for tone in ("data", "trigger")]
    assert [pair for pair in graphics if contrast(*(colours[name] for name in pair)) < 3] == []


def test_it_tells_what_was_read(page: Parsed) -> None:
    """States with their times, where it failed, what drifted, what it costs, and who released what."""
    for text in ("1 of 1 failed", "70.0 s", "in the state", "2 resources changed", "$1.50", "not deployed", "no longer declared"):
        assert text in page.text
    assert "arn:aws:s3:::t-dev-landing-123456789012/in/*" in page.text
    assert "AWS list prices of US East (N. Virginia)" in page.text
    assert "Not counted: crawlers" in page.text
    assert "Prices differ by region: these are not those of eu-central-1" in page.text


def test_what_could_not_be_read_is_told_in_its_place(repository: Repository) -> None:
    read = content(repository)
    denied = "glue:GetJob was refused: AccessDeniedException: no"
    acres = replace(read.projects[1], machines=tuple((machine, denied) for machine, _ in read.projects[1].machines))
    refused = replace(
        read, projects=(read.projects[0], acres), releases=denied, drift=denied, unread={"The runs of jobs": denied}
    )
    assert Parsed(report.page(refused)).text.count(denied) == 4
    assert "--no-drift" in Parsed(report.page(replace(read, drift=None))).text


def test_executions_that_are_not_on_the_page_are_named(repository: Repository) -> None:
    """Express machines leave no history, and items of a distributed Map have one of their own."""
    read = content(repository)
    machine, executions = read.projects[1].machines[0]
    item = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    each = {"Type": "Map", "ItemProcessor": item, "End": True}
    outer = {"Type": "Parallel", "Branches": [{"StartAt": "EachFile", "States": {"EachFile": each}}], "End": True}
    distributed = replace(machine, definition={"StartAt": "All", "States": {"All": outer}})
    express = replace(machine, settings=machine.settings.model_copy(update={"type": "EXPRESS"}))

    def text(declared: StateMachine) -> str:
        acres = replace(read.projects[1], machines=((declared, executions),))
        return Parsed(report.page(replace(read, projects=(read.projects[0], acres)))).text

    assert "The items of EachFile are not on this page: a distributed Map runs each as an execution of its own" in text(
        distributed
    )
    shown = text(express)
    assert "invoke logs state-machine/main --env dev shows its log." in shown
    assert "The last execution" not in shown
    assert "not on this page" not in text(machine)
