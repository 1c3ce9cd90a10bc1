"""What somebody may have meant by a name that is refused: the one place that says "did you mean"."""

import difflib
from collections.abc import Collection


def closest(name: object, known: Collection[str]) -> str | None:
    """The known name that is most like `name`; None if none is like it, whatever the case of the letters."""
    folded = {other.casefold(): other for other in known}
    close = difflib.get_close_matches(str(name).casefold(), [*folded], n=1)
    return folded[close[0]] if close else None


def did_you_mean(name: object, known: Collection[str], *, otherwise: str = "") -> str:
    """A sentence to put behind a refusal, as in `` Did you mean 'Validate'?``; `otherwise` where no name is like it."""
    close = closest(name, known)
    return f" Did you mean {close!r}?" if close else otherwise


def known_names(known: Collection[str], limit: int = 20) -> str:
    """A sentence that lists what there is, for where no name is like the refused one."""
    shown = [*known][:limit]
    more = f" and {len(known) - limit} more" if len(known) > limit else ""
    return f" Known: {', '.join(shown) or 'none'}{more}."
