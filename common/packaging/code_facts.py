"""Tells from Python code, without running it, what its callers have to know: its arguments, its errors, the keys of its event.

Only what can be told for sure counts. What is read in another way, or in a file that does not parse, is unknown.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-get-resolved-options.html
"""

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

READER = "getResolvedOptions"
_CONDITIONAL = (ast.If, ast.Try, ast.IfExp, ast.While, ast.For, ast.BoolOp, ast.ExceptHandler)
BUILTIN_ERRORS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
"""The names of Python's own errors."""


@dataclass(frozen=True)
class ReadArguments:
    """The arguments that the script of a job reads.

    Args:
        required: those without which it fails.
        optional: those that it reads in some case.
        is_whole: whether there are no others.
    """

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    is_whole: bool = False


@dataclass(frozen=True)
class EventKeys:
    """The keys of the event that a handler's type names.

    Args:
        names: all of them.
        required: those that must be there.
        type_name: the type.
    """

    names: frozenset[str]
    required: frozenset[str]
    type_name: str


def read_arguments(script: Path) -> ReadArguments:
    """Returns the arguments that a script reads with `getResolvedOptions`."""
    tree = _parsed(script)
    if tree is None:
        return ReadArguments()
    lists = _lists(tree)
    required, optional, is_whole, calls = set[str](), set[str](), True, 0
    for call, conditional in _calls(tree, conditional=False):
        calls += 1
        names = _texts(call.args[1], lists) if len(call.args) > 1 else None
        if names is None:
            is_whole = False
        elif conditional:
            optional |= names
        else:
            required |= names
    others = "argparse" in _imported(tree) or _uses_of_arguments(tree) > calls
    return ReadArguments(frozenset(required), frozenset(optional), is_whole and calls > 0 and not others)


def raised_errors(folder: Path) -> frozenset[str]:
    """Returns the names of the errors that the files of a folder define, raise or catch."""
    names = set[str]()
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(_parsed(path) or ast.Module([], [])):
            if isinstance(node, ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.Raise) and node.exc is not None:
                names.add(_name(node.exc.func if isinstance(node.exc, ast.Call) else node.exc))
            elif isinstance(node, ast.ImportFrom):
                names |= {alias.asname or alias.name for alias in node.names}
    return frozenset(names - {""})


def event_keys(file: Path, function: str) -> EventKeys | None:
    """Returns the keys of a handler's event, if its type is a TypedDict of the same file; None if they cannot be told."""
    tree = _parsed(file)
    handler = next(
        (node for node in (tree.body if tree else ()) if isinstance(node, ast.FunctionDef) and node.name == function), None
    )
    if tree is None or handler is None or not handler.args.args:
        return None
    type_name = _name(handler.args.args[0].annotation)
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    fields = _typed_fields(type_name, classes)
    if fields is None:
        return None
    return EventKeys(frozenset(fields), frozenset(name for name, needed in fields.items() if needed), type_name)


def _typed_fields(name: str, classes: Mapping[str, ast.ClassDef]) -> dict[str, bool] | None:
    """The fields of a TypedDict, and whether each is required."""
    node = classes.get(name)
    if node is None:
        return None
    total = not any(
        keyword.arg == "total" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in node.keywords
    )
    fields: dict[str, bool] = {}
    for base in node.bases:
        if _name(base) == "TypedDict":
            continue
        inherited = _typed_fields(base.id, classes) if isinstance(base, ast.Name) else None
        if inherited is None:
            return None
        fields |= inherited
    if not node.bases:
        return None
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            wrapper = _name(field.annotation.value) if isinstance(field.annotation, ast.Subscript) else ""
            fields[field.target.id] = wrapper == "Required" or (total and wrapper != "NotRequired")
    return fields


def _parsed(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _calls(node: ast.AST, *, conditional: bool) -> Iterator[tuple[ast.Call, bool]]:
    """Yields the calls of `getResolvedOptions`, and whether each is made only in some case."""
    if isinstance(node, ast.Call) and _name(node.func) == READER:
        yield node, conditional
    inner = conditional or (isinstance(node, _CONDITIONAL) and not _is_main(node))
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, conditional=inner)


def _is_main(node: ast.AST) -> bool:
    """Whether it is ``if __name__ == "__main__":``."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and _name(node.test.left) == "__name__"


def _lists(tree: ast.Module) -> dict[str, ast.expr]:
    """The values of the variables of a file that are assigned once."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).append(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).extend([node.value, node.value])
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _texts(node: ast.expr, lists: Mapping[str, ast.expr]) -> set[str] | None:
    """The texts of a list; None if they cannot be told."""
    if isinstance(node, ast.Name) and node.id in lists:
        return _texts(lists[node.id], {name: value for name, value in lists.items() if name != node.id})
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _texts(node.left, lists), _texts(node.right, lists)
        return left | right if left is not None and right is not None else None
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    texts = set[str]()
    for item in node.elts:
        inner = _texts(item.value, lists) if isinstance(item, ast.Starred) else None
        if inner is not None:
            texts |= inner
        elif isinstance(item, ast.Constant) and isinstance(item.value, str):
            texts.add(item.value)
        else:
            return None
    return texts


def _imported(tree: ast.Module) -> set[str]:
    return {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def _uses_of_arguments(tree: ast.Module) -> int:
    """How often ``sys.argv`` is used."""
    return sum(isinstance(node, ast.Attribute) and node.attr == "argv" for node in ast.walk(tree))


def _name(node: ast.AST | None) -> str:
    """The last part of a dotted name; empty if it is none."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
