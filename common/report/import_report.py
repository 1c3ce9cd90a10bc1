"""What an import wrote, and what people have to look at: secrets, and what cannot be declared."""

import shlex
from collections import Counter
from collections.abc import Iterator

from common.base.command_text import typed
from common.base.json_types import JsonObject
from common.base.plural import counted
from common.importing.outcome import Import
from common.resources import kind_of
from common.state.stored_objects import printable

MOST_FILES = 12
"""How many files of one folder are named; of more only their number is told."""
MOST_CHARACTERS = 1000
"""How much is shown of what is said of one resource."""


def lines(result: Import, environment: str, project: str, *, written: bool) -> Iterator[str]:
    """The report for people, a line at a time."""
    counts = Counter(kind_of(entry.resource.kind).word.replace("_", " ") for entry in result.entries)
    if counts:
        what = ", ".join(counted(number, word) for word, number in counts.items())
        yield f"{'imported' if written else 'would import'} {what}"
    if result.declared:
        yield f"{result.declared} selected {'resource is' if result.declared == 1 else 'resources are'} declared already"
    if not result.entries and not result.unexpressed:
        yield "nothing is new, so nothing was written"
        return
    yield from (f"  + {path}" for path in _grouped(result.written))
    yield from (f"  ~ {path}: what is new {'was' if written else 'would be'} added, no line was changed" for path in result.added)
    yield from (printable(line, MOST_CHARACTERS) for line in _to_look_at(result))
    if result.proposals:
        yield "can be imported as well, as resources of any type:"
        for type_name, name in result.proposals:
            yield f"  {typed(f'import --env {environment} --project {project} --type {type_name} --match {shlex.quote(name)}')}"
    if written and result.entries:
        command = typed(f"plan --env {environment} --project {project} --adopt")
        yield f"`{command}` shows what taking it over would change; it should say: tags only"


def _to_look_at(result: Import) -> Iterator[str]:
    """What people have to know, below a heading each."""
    secrets = [f"{entry.resource}: {name}" for entry in result.entries for name in entry.secrets]
    parts = {
        "used, and not imported (`existing` in the configuration):": [
            f"{kind_of(used.kind).word} {used.name}" for used in result.used
        ],
        "secrets that were not written; AWS keeps them as they are, and a comment in deploy.py says what to do:": secrets,
        "to look at:": result.notes,
        "not imported, because it cannot be declared; it stays as it is:": [
            f"{item.resource}: {item.reason}" for item in result.unexpressed
        ],
    }
    for heading, items in parts.items():
        if items:
            yield heading
            yield from (f"  {item}" for item in items)


def as_object(result: Import, project: str, *, written: bool) -> JsonObject:
    """The same for programs."""
    return {
        "project": project,
        "written": written,
        "imported": [
            {
                "kind": entry.resource.kind,
                "name": entry.resource.name,
                "key": entry.key,
                "secrets": entry.secrets,
                "notes": entry.notes,
            }
            for entry in result.entries
        ],
        "declared_already": result.declared,
        "files": result.written,
        "added_to": result.added,
        "used": [{"kind": used.kind, "key": used.key, "name": used.name} for used in result.used],
        "can_be_imported": [{"type": type_name, "name": name} for type_name, name in result.proposals],
        "not_imported": [
            {"kind": item.resource.kind, "name": item.resource.name, "reason": item.reason} for item in result.unexpressed
        ],
    }


def _grouped(paths: list[str]) -> Iterator[str]:
    """The paths; of a folder with many files only their number."""
    folders = Counter("/".join(path.split("/")[:4]) for path in paths)
    summarized = set()
    for path in paths:
        folder = "/".join(path.split("/")[:4])
        if folders[folder] <= MOST_FILES or folder == path:
            yield path
        elif folder not in summarized:
            summarized.add(folder)
            yield f"{folder}/ ({folders[folder]} files)"
