"""What an import writes, or would write, and what people have to know of it."""

from common.base.lean_dataclass import dataclass, field
from common.importing.entries import Entry, Unexpressed
from common.importing.references import Used


@dataclass(kw_only=True)
class Import:
    """What an import writes, or would write.

    Args:
        written: the files, relative to the repository.
        added: files that existed and got more lines or keys.
        entries: what is imported.
        unexpressed: what is selected and cannot be declared.
        declared: how many of the selected resources the project declares already.
        used: what is used and not imported, and gets an entry in `existing`.
        notes: what people have to know, one sentence each, about which resource.
        proposals: the types and names of what can be imported next.
        left: what is declared and is not written, one sentence each.
        problem: why the project cannot be loaded although nothing of it alone is wrong; empty if it can.
    """

    written: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    unexpressed: list[Unexpressed] = field(default_factory=list)
    declared: int = 0
    used: list[Used] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proposals: list[tuple[str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    problem: str = ""
