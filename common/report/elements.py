"""HTML and SVG as trees of elements, so that every text is escaped by the one function that writes a tree.

Characters that neither HTML nor XML may hold, such as those that colour a terminal, are shown as their pictures.

Follows https://docs.python.org/3/library/xml.etree.elementtree.html
"""

import re
from collections.abc import Iterable
from typing import Literal
from xml.etree.ElementTree import Element, indent, tostring

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
"""Matches control characters, halves of characters, no characters at all, and what turns the direction of a text around."""
PICTURES = 0x2400
"""The picture of the control character 0; those of the others follow."""

Content = Element | str | None
"""What may stand in an element; nothing is added for None."""


def element(tag: str, *content: Content, **attributes: str | float | None) -> Element:
    """An element with texts and elements in it.

    Args:
        tag: its name.
        content: what stands in it, in order.
        attributes: its attributes; those that are None are left out. An underscore at the end of a name is dropped, as in
            ``class_``, and others are hyphens.
    """
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value is not None}
    result = Element(tag, {name: value if isinstance(value, str) else f"{value:g}" for name, value in named.items()})
    for name, value in result.attrib.items():
        result.set(name, allowed(value))
    return add(result, content)


def add(parent: Element, content: Iterable[Content]) -> Element:
    """Adds texts and elements to the end of an element, and returns it."""
    for item in content:
        if isinstance(item, Element):
            parent.append(item)
        elif item and len(parent):
            parent[-1].tail = (parent[-1].tail or "") + allowed(item)
        elif item:
            parent.text = (parent.text or "") + allowed(item)
    return parent


def allowed(text: str) -> str:
    """A text without the characters that a page may not hold; a picture stands for each."""
    return FORBIDDEN.sub(_picture, text.replace("\r\n", "\n"))


def written(root: Element, method: Literal["html", "xml"]) -> str:
    """A tree as text."""
    if method == "xml":
        indent(root)
    return tostring(root, encoding="unicode", method=method)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(PICTURES + code) if code < 0x20 else "\ufffd"
