"""What a state machine may call although only its execution tells: the `may_call` of its declaration.

An entry is used for every target that is known only at run time and that it can be: a function for `FunctionName.$`, a bucket for
`Bucket.$`. An entry that can be no such target is refused, because it would give no permission.
"""

import re
from collections.abc import Callable, Iterable

from common.base.lean_dataclass import dataclass
from common.declare import permissions
from common.declare.asl.target_forms import FORMS, matched_arn, with_parts
from common.environment.config import Environment
from common.model.generated import GeneratedRef
from common.model.reference import Location, Names, Ref

MayCallEntry = Ref | Location | str
"""What a target may be: a reference, a place in a bucket, an exact ARN, or the URL of an HTTP task, which may end with ``*``."""
URL = "https://"
PATTERN = re.compile(r"[*?]")


def check_entries(entries: Iterable[MayCallEntry]) -> tuple[MayCallEntry, ...]:
    """Checks what a declaration gives as `may_call`.

    Raises:
        TypeError: it is not a list of such entries.
        ValueError: a text is not an exact ARN.
    """
    if isinstance(entries, Ref | Location | str):
        raise TypeError("may_call is a list, even of one: write may_call=[…]")
    checked = tuple(entries)
    for entry in checked:
        if not isinstance(entry, Ref | Location | str):
            raise TypeError(f"may_call: {entry!r} is neither a reference, nor a place in a bucket, nor an ARN")
        if isinstance(entry, str) and not entry.startswith(("arn:", "${", "«", URL)):
            raise ValueError(f"may_call: {entry!r} is not an ARN, which begins with arn:, nor a token such as ${{Validate.arn}}")
        if isinstance(entry, str) and not entry.startswith(URL) and PATTERN.search(entry):
            raise ValueError(
                f"may_call: {entry!r} is a pattern; it takes exact ARNs. For a pattern write "
                f"permissions=[allow('service:Action', on={entry!r}, reason='…')]"
            )
    return checked


@dataclass(frozen=True)
class _Entry:
    shown: str
    arns: tuple[str, ...]
    word: str
    """The kind of target that it is; empty if its ARN must tell."""
    ref: Ref | None = None


class MayCall:
    """The entries of one machine.

    Args:
        env: the environment.
        entries: as checked by `check_entries`.
        names: what tokens may refer to.
        where: the subject of errors.
    """

    def __init__(self, env: Environment, entries: Iterable[MayCallEntry], names: Names, where: str) -> None:
        self._partition = env.partition
        self._entries = [_entry(entry, names, f"{where}: may_call") for entry in entries]
        self._used: set[_Entry] = set()

    def of_kind(self, word: str) -> set[str]:
        """Returns the ARNs of the entries that are such targets, a key of `FORMS`, with what belongs to each."""
        arns: set[str] = set()
        for entry in self._entries:
            if entry.word == word:
                arns_of_entry = entry.arns
            elif entry.word or (match := matched_arn(FORMS[word], self._partition, entry.arns[0])) is None:
                continue
            else:
                arns_of_entry = with_parts(word, match[1] if word == "function" else entry.arns[0])
            self._used.add(entry)
            arns.update(arns_of_entry)
        return arns

    def matching(self, accepts: Callable[[str], bool]) -> set[str]:
        """Returns the ARNs of the entries that a function accepts."""
        accepted_arns: set[str] = set()
        for entry in self._entries:
            accepted = {arn for arn in entry.arns if accepts(arn)}
            if accepted:
                self._used.add(entry)
            accepted_arns |= accepted
        return accepted_arns

    def urls(self) -> set[str]:
        """Returns the entries that are URLs."""
        return self.matching(lambda arn: arn.startswith(URL))

    def unused(self) -> list[str]:
        """Returns the entries that no target has used, as the declaration has them."""
        return [entry.shown for entry in self._entries if entry not in self._used]

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The resources that the entries refer to."""
        return tuple(entry.ref for entry in self._entries if entry.ref is not None)


def _entry(entry: MayCallEntry, names: Names, where: str) -> _Entry:
    if isinstance(entry, Location):
        prefix = permissions.literal(entry.prefix)
        return _Entry(entry.uri, (entry.bucket.arn, f"{entry.bucket.arn}/{prefix}*"), "bucket", entry.bucket)
    if isinstance(entry, Ref):
        word = word_of(entry)
        arn = entry.in_policies if word in {"function", "secret"} else entry.arn
        return _Entry(str(entry.key), with_parts(word, arn) if word and arn == entry.arn else (arn,), word, entry)
    text, refs = names.substitute(entry, where, texts=True)
    return _Entry(entry, (str(text),), "", refs[0] if refs else None)


def word_of(ref: Ref) -> str:
    """Returns the kind of target that a resource is; empty if only its ARN can tell."""
    if isinstance(ref, GeneratedRef):
        return next((word for word, form in FORMS.items() if ref.type_name in form.types), "")
    return next((word for word, form in FORMS.items() if form.kind == ref.key.kind), "")
