"""Suggests the name that was probably meant when a name is refused ("Did you mean …?")."""

import difflib
from collections.abc import Collection


def closest(name: object, names: Collection[str]) -> str | None:
    """Returns the most similar of `names`, ignoring case; None if none is similar."""
    folded = {other.casefold(): other for other in names}
    close = difflib.get_close_matches(str(name).casefold(), [*folded], n=1)
    return folded[close[0]] if close else None


def did_you_mean(name: object, names: Collection[str], *, otherwise: str = "") -> str:
    """Returns a sentence to append to a refusal, such as `` Did you mean 'Validate'?``; `otherwise` if no name is similar."""
    close = closest(name, names)
    return f" Did you mean {close!r}?" if close else otherwise


def known_names(names: Collection[str], limit: int = 20) -> str:
    """Returns a sentence that lists the names, for a refused name that is similar to none."""
    shown = [*names][:limit]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f" Known: {', '.join(shown) or 'none'}{more}."
