"""The parts that pages are made of: sections, tables, badges, tiles, pictures."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from common.report.elements import Content, add, element, written
from common.report.page.sheet import sheet

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What browsers let a page do: show itself. It loads nothing, runs no script and sends nothing, whatever it quotes.

Follows https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
"""
STATUSES = {
    "SUCCEEDED": "good",
    "succeeded": "good",
    "clean": "good",
    "FAILED": "bad",
    "failed": "bad",
    "TIMED_OUT": "bad",
    "aborted": "bad",
    "ABORTED": "bad",
    "interrupted": "bad",
    "unreadable": "bad",
    "caught": "warn",
    "running": "warn",
    "RUNNING": "warn",
    "deploying": "warn",
}
"""The colour of each status; others have none."""


def section(identifier: str, title: str, *content: Content) -> Element:
    """A section of the page that its navigation leads to."""
    heading = element("h2", title, id=f"{identifier}-title")
    return element("section", heading, *content, class_="card", id=identifier, aria_labelledby=f"{identifier}-title")


def tile(label: str, value: str, note: str = "", tone: str = "plain") -> Element:
    """One figure of the summary."""
    return element(
        "li",
        element("p", label, class_="label"),
        element("p", value, class_="value"),
        element("p", note, class_="note") if note else None,
        class_=f"tile {tone}",
    )


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Content | list[Content]]],
    *,
    right: Collection[int] = (),
    tight: Collection[int] = (),
    class_: str | None = None,
) -> Element:
    """A table that scrolls by itself if it is wider than the page; the first cell of each row is its heading.

    Args:
        caption: what the table shows.
        columns: the titles.
        rows: the cells.
        right: the numbers of columns with numbers.
        tight: the numbers of columns that are not broken into lines.
        class_: how it looks, besides.
    """

    def kind(number: int) -> str | None:
        return "num" if number in right else "tight" if number in tight else None

    head = element("tr", *(element("th", title, scope="col", class_=kind(number)) for number, title in enumerate(columns)))
    body = element("tbody")
    for row in rows:
        cells = [cell if isinstance(cell, list) else [cell] for cell in row]
        first = element("th", *cells[0], scope="row", class_=kind(0))
        body.append(
            element("tr", first, *(element("td", *cell, class_=kind(number)) for number, cell in enumerate(cells[1:], 1)))
        )
    made = element("table", element("caption", caption), element("thead", head), body, class_=class_)
    return element("div", made, class_="scroll", tabindex=0, role="region", aria_label=caption)


def badge(text: str, tone: str | None = None) -> Element:
    """A status, in its colour and in words."""
    return element("span", text, class_=f"badge {tone or STATUSES.get(text, 'plain')}")


def note(*content: Content) -> Element:
    """A sentence beside what it explains."""
    return element("p", *content, class_="note")


def message(*content: Content, tone: str = "") -> Element:
    """What nobody should overlook."""
    return element("div", element("p", *content), class_=f"message {tone}".strip())


def details(summary: Sequence[Content], *content: Content, is_open: bool = False) -> Element:
    """What is shown when somebody asks for it."""
    made = element("details", element("summary", *summary), *content)
    if is_open:
        made.set("open", "open")
    return made


def figure(picture: Element, caption: str) -> Element:
    """A picture, which scrolls by itself if it is wider than the page."""
    title = picture.findtext("title") or caption
    frame = element("div", picture, class_="scroll", tabindex=0, role="region", aria_label=f"{title} (picture)")
    return element("figure", frame, element("figcaption", caption))


def code(text: str) -> Element:
    """A name or a value as it is typed."""
    return element("code", text)


def listed(items: Iterable[str]) -> Element:
    """Values, one a line."""
    return element("ul", *(element("li", code(item)) for item in items), class_="plainlist")


def moment(when: datetime) -> Element:
    """A time in UTC, to the minute."""
    utc = when.astimezone(UTC)
    return element("time", f"{utc:%Y-%m-%d %H:%M}", datetime=utc.isoformat(timespec="seconds"))


def seconds(value: float | None) -> str:
    """A duration."""
    if value is None:
        return "…"
    if value < 100:
        return f"{value:.1f} s"
    minutes = int(value // 60)
    return f"{minutes} min {value % 60:.0f} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def dollars(value: float | None) -> str:
    """An amount of money."""
    if value is None:
        return "?"
    return f"${value:,.2f}" if value >= 0.01 or not value else f"${value:.6f}".rstrip("0")


def page(title: str, subtitle: Sequence[Content], sections: Sequence[Element], before: Sequence[Content], foot: str) -> str:
    """A whole page.

    Args:
        title: its title.
        subtitle: the line below it.
        sections: its sections, which its navigation lists.
        before: what stands before them.
        foot: what stands at its end.
    """
    links = [
        element("li", element("a", section.findtext("h2"), href=f"#{section.get('id')}"))
        for section in sections
        if section.get("id")
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        element("style", sheet()),
    )
    top = element(
        "div",
        element("h1", title),
        element("p", *subtitle, class_="sub"),
        element("nav", element("ul", *links), aria_label="Sections"),
        class_="wrap",
    )
    main = element("main", element("div", *before, *sections, class_="wrap"), id="main", tabindex="-1")
    body = element(
        "body",
        element("a", "Skip to the content", class_="skip", href="#main"),
        element("header", top, class_="top"),
        main,
        element("footer", element("div", foot, class_="wrap")),
    )
    root = add(element("html", lang="en"), [head, body])
    return f"<!doctype html>\n{written(root, 'html')}\n"
