"""Writes the declaration of what is imported: a new `deploy.py`, or lines in one that exists, in which no line is changed."""

import ast
from collections.abc import Iterable, Iterator, Sequence

from common.base.errors import DeclarationError
from common.base.lean_dataclass import dataclass
from common.base.syntax_trees import parsed
from common.importing.entries import Code, Context, Entry, Unexpressed
from common.importing.python_source import call, comment, literal
from common.importing.references import VERBS
from common.importing.selection import KINDS

SETTINGS = {
    "lambda": "FunctionSettings",
    "glue-job": "JobSettings",
    "crawler": "CrawlerSettings",
    "state-machine": "StateMachineSettings",
}
"""The class of the settings that stand in a declaration, by kind; those of a rule stand in the configuration."""
NEW = '''"""{title}"""

import os
import sys
from pathlib import Path

if not __package__:  # started as a script, Python looks for modules in this folder alone
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from common import {names}


def pipeline(env: Environment) -> Pipeline:
    """What was imported from {account}."""
    p = Pipeline("{project}", env, Path(__file__).parent)
{body}
    return p


if __name__ == "__main__":
    main("deploy", "{project}")
'''


@dataclass(frozen=True)
class Body:
    """The lines of a declaration, and what of `common` they use.

    Args:
        lines: the lines, indented as in a function.
        names: the names that they import from `common`.
    """

    lines: tuple[str, ...]
    names: frozenset[str]


def body(context: Context, entries: Sequence[Entry], unexpressed: Iterable[Unexpressed]) -> Body:
    """The lines that declare what is imported, with the references to what is only used above them."""
    ordered = sorted(entries, key=lambda entry: (KINDS.index(entry.resource.kind), entry.key))
    uses = [line for used in context.references.new_uses() for line in _use(context, used.kind, used.key, used.name)]
    lines = (
        [
            *comment(
                "Used, and not of this project: `existing` in the configuration, or root deploy.py, says what each is in AWS."
            ),
            *uses,
        ]
        if uses
        else []
    )
    for kind in KINDS:
        block = [line for entry in ordered if entry.resource.kind == kind for line in _declared(context, entry)]
        lines += ["", *block] if block and lines else block
    left = [line for item in unexpressed for line in comment(f"{item.resource}: {item.reason}.")]
    lines += (
        ["", *comment("What follows is not declared, because it cannot be; it stays as it is in AWS."), *left] if left else []
    )
    return Body(tuple(lines), frozenset(SETTINGS[entry.resource.kind] for entry in entries if entry.code_settings))


def whole(context: Context, title: str, account: str, content: Body) -> str:
    """A new `deploy.py`."""
    names = ", ".join(sorted({"Environment", "Pipeline", *content.names}))
    lines = "\n".join(content.lines)
    return NEW.format(title=title, names=f"{names}, main", account=account, project=context.project, body=lines)


def extended(text: str, content: Body) -> str:
    """A `deploy.py` with more lines before the end of its `pipeline`. Every line that it has stays as it is.

    Raises:
        DeclarationError: it does not end with a `return`.
    """
    tree = parsed(text)
    function = next((node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "pipeline"), None)
    last = function.body[-1] if function is not None else None
    if not isinstance(last, ast.Return):
        raise DeclarationError("its pipeline(env) does not end with `return p`, so there is no place for what is new")
    lines = text.splitlines(keepends=True)
    new = [f"{line}\n" for line in ("", *content.lines, "")]
    lines[last.lineno - 1 : last.lineno - 1] = new
    imported = {
        alias.name for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "common" for alias in node.names
    }
    if missing := sorted(content.names - imported):
        at = next(node.lineno for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "common")
        lines.insert(at - 1, f"from common import {', '.join(missing)}\n")
    return "".join(lines)


def variables(text: str) -> Iterator[tuple[str, str, str]]:
    """What the variables of a declaration hold: the method that makes it, its key, and the name of the variable."""
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            (target, *more), arguments = node.targets, node.value.args
            if isinstance(target, ast.Name) and not more and arguments and isinstance(arguments[0], ast.Constant):
                yield node.value.func.attr, str(arguments[0].value), target.id


def _use(context: Context, kind: str, key: str, name: str) -> list[str]:
    variable = context.variables.get((kind, name))
    return call(f"{variable} = p.shared.{VERBS[kind]}" if variable else f"p.shared.{VERBS[kind]}", [key], {})


def _declared(context: Context, entry: Entry) -> Iterator[str]:
    for text in entry.comments:
        yield from comment(text)
    named = dict(entry.named)
    if entry.code_settings:
        inner = ", ".join(f"{name}={literal(value)}" for name, value in entry.code_settings.items())
        named["settings"] = Code(f"{SETTINGS[entry.resource.kind]}({inner})")
    variable = context.variables.get((entry.resource.kind, entry.resource.name))
    begin = f"{variable} = p.{entry.method}" if variable else f"p.{entry.method}"
    yield from call(begin, [entry.key, *entry.arguments], named)
