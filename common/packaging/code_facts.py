"""Tells from Python code, without running it, what its callers have to know: its arguments, its errors, the keys of its event.

Only what can be told for sure counts. What is read in another way, or in a file that does not parse, is unknown.

Follows https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-pyspark-extensions-get-resolved-options.html
"""

import ast
import builtins
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from common.base.lean_dataclass import dataclass
from common.base.syntax_trees import parsed

READER = "getResolvedOptions"
PARSERS = frozenset({"argparse", "click", "fire", "optparse", "typer"})
"""The libraries that read the arguments of a program by themselves."""
_READS_ARGUMENTS = re.compile(rf"\b({'|'.join([READER, 'argv', *sorted(PARSERS)])})\b".encode())
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SOMETIMES = (
    *(*_FUNCTIONS, ast.If, ast.IfExp, ast.BoolOp, ast.Match, ast.Try, ast.TryStar, ast.While, ast.For, ast.AsyncFor),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
"""What is in these runs only in some case."""
_ENDS = frozenset({"exit", "_exit", "quit", "SystemExit"})
"""The names of what ends a program."""
_CHANGES = frozenset({"append", "clear", "extend", "insert", "pop", "remove", "__iadd__"})
"""The methods that change a list."""
BUILTIN_ERRORS = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
"""The names of Python's own errors."""


@dataclass(frozen=True)
class ReadArguments:
    """The arguments that the script of a job reads.

    Args:
        required: those without which it always fails.
        optional: those that it reads in some case.
        is_whole: whether it reads no others.
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


def read_arguments(script: Path, imported: Iterable[Path] = ()) -> ReadArguments:
    """Returns the arguments that a script reads with `getResolvedOptions`.

    Args:
        script: the script.
        imported: the files of the repository that it imports, which may read arguments, too.
    """
    tree = _parsed(script)
    if tree is None:
        return ReadArguments()
    try:
        always = _calls_made_always(tree)
    except RecursionError:  # an expression with a thousand parts is that deep
        always = set()
    constants = _constants(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) == READER]
    required, optional, is_whole = set[str](), set[str](), bool(calls)
    for call in calls:
        options = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "options")]
        names = _texts(options[0], constants) if options else None
        if names is None:
            is_whole = False
        elif call in always:
            required |= names
        else:
            optional |= names
    uses = max(_uses(tree, "argv"), _uses(tree, READER))  # beside the calls, it may be handed on to what reads others
    others = PARSERS & _imported(tree) or uses > len(calls) or any(map(_may_read_arguments, imported))
    return ReadArguments(frozenset(required), frozenset(optional), is_whole and not others)


def raised_errors(folder: Path) -> frozenset[str]:
    """Returns the names of the errors that the files of a folder define, raise or import."""
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
        return parsed(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _calls_made_always(tree: ast.Module) -> set[ast.Call]:
    """Returns the calls that every run makes: those outside of functions, and those in functions that are called so."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef) and _runs_when_called(node)}
    calls, pending = set[ast.Call](), [*_unconditional(tree)]
    while pending:
        call = pending.pop()
        calls.add(call)
        function = functions.pop(call.func.id, None) if isinstance(call.func, ast.Name) else None
        for statement in function.body if function is not None else ():
            pending += _unconditional(statement)
            if _may_end(statement):
                break
    return calls


def _runs_when_called(function: ast.FunctionDef) -> bool:
    """Whether a call runs the body, which a decorator may prevent; that of a generator runs later."""
    return not function.decorator_list and not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))


def _unconditional(node: ast.AST) -> Iterator[ast.Call]:
    """Yields the calls within a part of the code that are made whenever it runs."""
    if isinstance(node, _SOMETIMES) and not _is_main(node):
        return
    if isinstance(node, ast.Call):
        yield node
    for child in node.body if isinstance(node, ast.If) else ast.iter_child_nodes(node):
        yield from _unconditional(child)
        if isinstance(child, ast.stmt) and _may_end(child):
            return


def _may_end(node: ast.AST) -> bool:
    """Whether what follows a statement may not be reached, because the function or the program ends."""
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return) or _name(node) in _ENDS:
            return True
        if not isinstance(node, _FUNCTIONS):
            pending += ast.iter_child_nodes(node)
    return False


def _is_main(node: ast.AST) -> bool:
    """Whether it is ``if __name__ == "__main__":``."""
    test = node.test if isinstance(node, ast.If) else None
    return isinstance(test, ast.Compare) and _name(test.left) == "__name__" and isinstance(test.ops[0], ast.Eq)


def _may_read_arguments(path: Path) -> bool:
    """Whether a file may read the arguments of the program that imports it."""
    try:
        return _READS_ARGUMENTS.search(path.read_bytes()) is not None
    except OSError:
        return True


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The values of the variables of a file that are assigned once, and not changed in another way."""
    values: dict[str, ast.expr] = {}
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            values[node.target.id] = node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
        elif (isinstance(node, ast.Attribute) and node.attr in _CHANGES) or (isinstance(node, ast.Subscript) and _is_set(node)):
            names += [_name(node.value)] * 2
        elif isinstance(node, ast.arg):
            names.append(node.arg)
        if isinstance(node, ast.Name) and _is_set(node):
            names.append(node.id)
    return {name: value for name, value in values.items() if names.count(name) == 1}


def _is_set(node: ast.Name | ast.Subscript) -> bool:
    return not isinstance(node.ctx, ast.Load)


def _texts(node: ast.expr, constants: Mapping[str, ast.expr]) -> set[str] | None:
    """The texts of a list, or a text alone; None if they cannot be told."""
    if isinstance(node, ast.Name) and node.id in constants:
        return _texts(constants[node.id], {name: value for name, value in constants.items() if name != node.id})
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _texts(node.left, constants), _texts(node.right, constants)
        return left | right if left is not None and right is not None else None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    texts = set[str]()
    for item in node.elts:
        inner = _texts(item.value if isinstance(item, ast.Starred) else item, constants)
        if inner is None:
            return None
        texts |= inner
    return texts


def _imported(tree: ast.Module) -> set[str]:
    """The names of the modules that a file imports, or imports from."""
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return modules | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def _uses(tree: ast.Module, name: str) -> int:
    """How often a name is used, as in ``sys.argv`` or ``argv``."""
    return sum(_name(node) == name for node in ast.walk(tree))


def _name(node: ast.AST | None) -> str:
    """The last part of a dotted name; empty if it is none."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
