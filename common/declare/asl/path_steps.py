"""A path of JSONPath: where it begins, and its steps. As text, the steps are those of RFC 9535 as far as it has them.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

import json

from common.base.json_types import Json
from common.base.lean_dataclass import dataclass


@dataclass(frozen=True)
class Step:
    """A step of a path.

    Args:
        kind: ``names``, ``indices``, ``slice``, ``all``, ``filter``, ``function``, or ``from end``, which counts from the end.
        value: the names, the numbers, the three parts of the slice, the condition, the name of the function, or the number.
        deep: whether it looks at all levels below.
    """

    kind: str
    value: Json = None
    deep: bool = False

    def __str__(self) -> str:
        if self.kind == "function":
            return f".{self.value}()"
        if self.kind == "names":
            inside = ",".join(json.dumps(name, ensure_ascii=False) for name in self.value)
        elif self.kind == "slice":
            start, stop, step = ("" if part is None else str(part) for part in self.value)
            inside = f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
        elif self.kind == "indices":
            inside = ",".join(map(str, self.value))
        else:
            inside = {"all": "*", "filter": f"?{self.value}", "from end": f"-{self.value}"}[self.kind]
        return f"{'..' if self.deep else ''}[{inside}]"

    @property
    def is_single(self) -> bool:
        """Whether it leads to one value at most."""
        single = self.kind == "from end" or (self.kind in {"names", "indices"} and len(self.value) == 1)
        return single and not self.deep


@dataclass(frozen=True)
class JsonPath:
    """A path: where it begins, and its steps.

    Args:
        root: ``$``, ``$$``, ``@`` within a filter, or the name of a variable.
        steps: the steps from there.
    """

    root: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        root = self.root if self.root in {"$", "$$", "@"} else f"${self.root}"
        return root + "".join(map(str, self.steps))

    @property
    def is_definite(self) -> bool:
        """Whether it leads to one value at most, as reference paths do."""
        return all(step.is_single for step in self.steps)

    @property
    def variable(self) -> str | None:
        """The name of the variable in which it begins."""
        return None if self.root in {"$", "$$", "@"} else self.root
