"""What `query` accepts: one statement that reads, and the names in it."""

import re
from collections.abc import Mapping

from common.base.errors import UsageError

READING = ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "VALUES")
_CHANGING = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|CREATE|DROP|ALTER|UNLOAD|COPY)\b", re.IGNORECASE)
"""What may follow the queries of WITH, or EXPLAIN ANALYZE, which runs what it explains."""
_INNER = re.compile(r"\([^()]*\)")
_BEFORE_TABLE = re.compile(r"\s*\.")
_TEXTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)


def checked(text: str) -> str:
    """Returns the statement without a semicolon at its end.

    Raises:
        UsageError: it is none, several, or one that may change something.
    """
    statement = text.strip().rstrip(";").strip()
    bare = _TEXTS.sub(lambda match: "''" if match.group()[0] == "'" else "q" if match.group()[0] in '"`' else " ", statement)
    words = bare.split(None, 1)
    if not words:
        raise UsageError('Give a statement, such as: invoke query "select * from acreage.crop_acreage limit 20" --env local')
    if ";" in bare:
        raise UsageError("query runs one statement at a time. Leave out what follows the first ';'.")
    first = words[0].upper().strip("(")
    while _INNER.search(bare):
        bare = _INNER.sub(" ", bare)
    changing = _CHANGING.search(bare) if first in {"WITH", "EXPLAIN"} else None
    if first not in READING or changing:
        verb = changing.group().upper() if changing else first
        raise UsageError(f"query only reads: SELECT, WITH, SHOW, DESCRIBE, but this has {verb}. Use a job to change data.")
    return statement


def names(statement: str) -> set[str]:
    """Returns every word of the statement in lower case, among them the names of databases and tables."""
    return {word.lower() for word in re.findall(r"[\w-]+", statement)}


def with_databases(statement: str, databases: Mapping[str, str]) -> str:
    """Returns the statement with the databases of declarations as they are called in AWS.

    Args:
        statement: the statement.
        databases: the names in AWS by the names in declarations.
    """
    if not databases:
        return statement
    listed = "|".join(re.escape(name) for name in sorted(databases, key=len, reverse=True))
    before_table = re.compile(rf"(?<![\w.])({listed})(?=\s*\.)", re.IGNORECASE)
    in_listing = re.compile(rf"((?:in|from)\s+)({listed})$", re.IGNORECASE)
    parts, end = [], 0
    for text in _TEXTS.finditer(statement):
        parts.append(before_table.sub(lambda match: databases[match.group(1).lower()], statement[end : text.start()]))
        quoted, end = text.group(), text.end()
        in_aws = databases.get(quoted[1:-1].lower()) if quoted[0] in '"`' and _BEFORE_TABLE.match(statement, end) else None
        parts.append(quoted if in_aws is None else f"{quoted[0]}{in_aws}{quoted[0]}")
    parts.append(before_table.sub(lambda match: databases[match.group(1).lower()], statement[end:]))
    whole = "".join(parts)
    if re.match(r"show\s+tables\s", whole, re.IGNORECASE):
        whole = in_listing.sub(lambda match: match.group(1) + databases[match.group(2).lower()], whole)
    return whole
