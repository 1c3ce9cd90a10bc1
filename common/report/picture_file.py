"""Writes pictures of projects and state machines as SVG files of their own."""

import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

from common.base.errors import UsageError
from common.base.json_types import JsonMapping
from common.declare import flow_words
from common.declare.flows import Flow
from common.model.resource import Resource
from common.report.elements import add, element, written
from common.report.picture import machine, project, style


def write_project(path: str, name: str, flows: Sequence[Flow], resources: Sequence[Resource]) -> None:
    """Writes the picture of a project."""
    _write(path, project.project(name, flows, flow_words.descriptions(resources)))


def write_machine(path: str, name: str, definition: JsonMapping, resources: Sequence[Resource]) -> None:
    """Writes the picture of a state machine."""
    _write(path, machine.machine(name, definition, names_here(resources)))


def names_here(resources: Sequence[Resource]) -> dict[str, str]:
    """What resources are called in the repository, by their names and ARNs in AWS."""
    return {name: str(resource.key) for resource in resources for name in (resource.name, resource.arn)}


def check_writable(path: str) -> None:
    """Refuses a file that cannot be written, before anything else is done for it.

    Raises:
        UsageError: its folder does not exist or cannot be written to, or it is a folder.
    """
    folder = Path(path).absolute().parent
    if not folder.is_dir() or Path(path).is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{path} cannot be written. Name a file in a folder that exists.")


def write_text(path: str, text: str) -> None:
    """Writes a file for the user.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Name a file in a folder that exists.") from None


def _write(path: str, picture: Element) -> None:
    picture.set("xmlns", "http://www.w3.org/2000/svg")
    texts, drawn = [*picture][:2], [*picture][2:]
    for part in (*texts, *drawn):
        picture.remove(part)
    sheet = element("style", style.variables() + style.PICTURE)
    background = element("rect", width="100%", height="100%", style="fill: var(--card)")
    write_text(path, written(add(picture, [*texts, sheet, background, *drawn]), "xml"))
