"""The fast decorator makes the classes that Python's own makes."""

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from functools import cached_property
from threading import Barrier, Thread
from typing import Any, ClassVar

import pytest

from common.base import lean_dataclass
from tests.support.repository import ROOT

Decorator = Callable[..., Any]


def shapes(dataclass: Decorator) -> dict[str, Any]:
    """Classes of every form that the deployer has, and some more, made by a decorator."""

    @dataclass(frozen=True)
    class Frozen:
        number: int
        names: list[str] = field(default_factory=list, compare=False)
        hidden: str = field(default="h", repr=False)
        kind: ClassVar[str] = "class"

        @cached_property
        def doubled(self) -> int:
            return self.number * 2

    @dataclass(frozen=True)
    class Sub(Frozen):
        more: int = 7

    @dataclass(frozen=True, kw_only=True)
    class Keywords(Frozen):
        needed: str
        counted: int = field(default=0, hash=False)

    @dataclass
    class Changing:
        number: int = 1
        made: list[int] = field(init=False, default_factory=list)
        later: str = field(init=False, default="later")

        def __post_init__(self) -> None:
            self.number += 1

    @dataclass(frozen=True, order=True)
    class Ordered:
        first: int
        second: str = ""

    @dataclass(frozen=True, order=True)
    class Single:
        value: float

    @dataclass(frozen=True)
    class Empty:
        pass

    @dataclass(eq=False)
    class Identical:
        number: int

    @dataclass(frozen=True)
    class Own:  # noqa: PLW1641 - the decorator adds `__hash__`
        number: int

        def __init__(self, text: str) -> None:
            object.__setattr__(self, "number", len(text))

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

    @dataclass(frozen=True)
    class OwnHash:
        number: int

        def __hash__(self) -> int:
            return 5

    class Plain(Frozen):
        """Has no fields of its own."""

    made = (Frozen, Sub, Keywords, Changing, Ordered, Single, Empty, Identical, Own, OwnHash, Plain)
    return {made_class.__name__: made_class for made_class in made}


LEAN, PYTHON = shapes(lean_dataclass.dataclass), shapes(dataclasses.dataclass)
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Frozen", (1,), {}),
    ("Frozen", (1, ["a"], "x"), {}),
    ("Frozen", (), {"number": 2, "names": ["b"]}),
    ("Sub", (1, [], "x", 3), {}),
    ("Keywords", (1,), {"needed": "n"}),
    ("Keywords", (1,), {"needed": "n", "counted": 4}),
    ("Changing", (), {}),
    ("Changing", (5,), {}),
    ("Ordered", (1, "b"), {}),
    ("Ordered", (1, "a"), {}),
    ("Single", (1.5,), {}),
    ("Empty", (), {}),
    ("Own", ("text",), {}),
    ("OwnHash", (3,), {}),
    ("Plain", (3,), {}),
]
REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Frozen", (), {}),
    ("Frozen", (1, [], "", 4), {}),
    ("Frozen", (1,), {"unknown": 2}),
    ("Frozen", (1,), {"number": 2}),
    ("Keywords", (1,), {}),
    ("Keywords", (1, [], "h", "n"), {}),
    ("Changing", (1, []), {}),
    ("Empty", (1,), {}),
]


def outcome(call: Callable[[], object]) -> object:
    """What a call returns, or the type and text of its error."""
    try:
        return call()
    except (TypeError, AttributeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS)
def test_instances_are_those_of_python(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    ours, theirs = LEAN[name](*args, **kwargs), PYTHON[name](*args, **kwargs)

    assert repr(ours) == repr(theirs)
    assert asdict(ours) == asdict(theirs)
    assert vars(ours) == vars(theirs)
    assert [item.name for item in fields(ours)] == [item.name for item in fields(theirs)]
    assert ours.__match_args__ == theirs.__match_args__
    assert outcome(lambda: hash(ours)) == outcome(lambda: hash(theirs))
    assert (ours == LEAN[name](*args, **kwargs)) == (theirs == PYTHON[name](*args, **kwargs)) is True
    assert (ours == 1) == (theirs == 1)
    assert outcome(lambda: ours < 1) == outcome(lambda: theirs < 1)
    assert repr(copy.deepcopy(ours)) == repr(ours)
    assert [*inspect.signature(LEAN[name]).parameters] == [*inspect.signature(PYTHON[name]).parameters]
    for change in ("number", "first", "unknown"):
        assert outcome(lambda: setattr(ours, change, 9)) == outcome(lambda: setattr(theirs, change, 9))  # noqa: B023 - called here
        assert outcome(lambda: delattr(ours, change)) == outcome(lambda: delattr(theirs, change))  # noqa: B023 - called here


@pytest.mark.parametrize(("name", "args", "kwargs"), REFUSED)
def test_wrong_arguments_are_refused_as_by_python(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    refused = outcome(lambda: LEAN[name](*args, **kwargs))

    assert isinstance(refused, tuple)
    assert refused == outcome(lambda: PYTHON[name](*args, **kwargs))


@pytest.mark.parametrize("made", [LEAN, PYTHON], ids=["lean", "python"])
def test_instances_are_told_apart(made: dict[str, Any]) -> None:
    ordered, single, frozen, sub = made["Ordered"], made["Single"], made["Frozen"], made["Sub"]

    assert sorted([ordered(2), ordered(1, "b"), ordered(1, "a")]) == [ordered(1, "a"), ordered(1, "b"), ordered(2)]
    assert ordered(1) <= ordered(1) >= ordered(1)
    assert single(1.0) < single(2.0)
    assert frozen(1, ["a"]) == frozen(1, ["b"])
    assert frozen(1) != frozen(2)
    assert frozen(1) != sub(1)
    assert len({frozen(1, ["a"]), frozen(1), frozen(2)}) == 2
    assert made["Identical"](1) != made["Identical"](1)
    assert replace(frozen(1), number=2).doubled == 4
    with pytest.raises(FrozenInstanceError):
        frozen(1).other = 1


def test_an_instance_that_holds_itself_is_shown() -> None:
    @lean_dataclass.dataclass
    class Node:
        children: list[Any] = field(default_factory=list)

    node = Node()
    node.children.append(node)

    assert repr(node).endswith("Node(children=[...])")


@lean_dataclass.dataclass(frozen=True)
class Pickled:
    """A class that pickle finds."""

    number: int


def test_what_comes_from_another_process_is_an_instance() -> None:
    assert pickle.loads(pickle.dumps(Pickled(3))) == Pickled(3)


def test_first_instances_in_many_threads() -> None:
    for _ in range(20):

        @lean_dataclass.dataclass(frozen=True)
        class Made:
            number: int
            text: str = "t"

        barrier, instances = Barrier(8), list[Made]()

        def make(barrier: Barrier = barrier, instances: list[Made] = instances, made: type[Made] = Made) -> None:
            barrier.wait()
            instances.append(made(1))

        threads = [Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert instances == [Made(1)] * 8


def test_methods_are_compiled_with_the_first_instance() -> None:
    code = (
        "import builtins, dataclasses\n"
        "from common.base.lean_dataclass import dataclass\n"
        "texts = []\n"
        "real = builtins.exec\n"
        "dataclasses.exec = builtins.exec = lambda *a: (texts.append(str(a[0])), real(*a))\n"
        "@dataclass(frozen=True, order=True)\n"
        "class C:\n"
        "    a: int\n"
        "    b: str = ''\n"
        "before = ''.join(texts).count('(self')\n"
        "C(1), C(2)\n"
        "print(before, ''.join(texts).count('(self'))\n"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["0", "3"], "one method, which sets two fields"
