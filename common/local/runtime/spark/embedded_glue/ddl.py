"""Hive's way to create a table, said in Spark's: ``STORED AS`` and ``ROW FORMAT`` become ``USING`` with options.

Spark keeps its catalog in memory here and has no Hive, which alone knows these clauses. Formats that need Hive's own Java are
refused.
https://spark.apache.org/docs/3.5.4/sql-ref-syntax-ddl-create-table-hiveformat.html
"""

import re

from embedded_glue.unavailable import refuse

_TEXT = r"'((?:[^'\\]|\\.)*)'"
_LITERAL = rf"{_TEXT}|\"(?:[^\"\\]|\\.)*\"|`[^`]*`"
_HEADER = re.compile(r"\s*create\s+(external\s+)?table\s+(?:if\s+not\s+exists\s+)?(?:`[^`]*`|[\w.]+)+", re.IGNORECASE)
_SERDE = re.compile(rf"\brow\s+format\s+serde\s+{_TEXT}(?:\s+with\s+serdeproperties\s*\((.*?)\))?", re.IGNORECASE | re.DOTALL)
_DELIMITED = re.compile(
    rf"\brow\s+format\s+delimited(?:\s+fields\s+terminated\s+by\s+{_TEXT}(?:\s+escaped\s+by\s+{_TEXT})?)?"
    r"(?:\s+(?:collection\s+items|map\s+keys|lines)\s+terminated\s+by\s+'(?:[^'\\]|\\.)*'|\s+null\s+defined\s+as\s+'(?:[^'\\]|\\.)*')*",
    re.IGNORECASE,
)
_STORED = re.compile(rf"\bstored\s+as\s+(?:inputformat\s+{_TEXT}\s+outputformat\s+{_TEXT}|(\w+))", re.IGNORECASE)
_PAIR = re.compile(rf"{_TEXT}\s*=\s*{_TEXT}")
_FORMATS = {"parquet": "parquet", "orc": "orc", "textfile": "csv", "jsonfile": "json"}
_BY_CLASS = {"parquet": "parquet", "orc": "orc", "json": "json", "csv": "csv", "lazysimple": "csv"}
_DEFAULT_DELIMITER = r"\u0001"
"""What separates the fields of Hive's text files where no delimiter is named."""
_OPTIONS = {"field.delim": "sep", "separatorChar": "sep", "quoteChar": "quote", "escapeChar": "escape", "escape.delim": "escape"}


def translated(text: str) -> str:
    """The statement in Spark's own words; every other statement as it is."""
    plain = re.sub(
        _LITERAL, lambda literal: literal[0][0] + "_" * (len(literal[0]) - 2) + literal[0][-1], text
    )  # no clause inside a literal
    header = _HEADER.match(plain)
    if not header:
        return text
    matches = {pattern: pattern.search(plain, header.end()) for pattern in (_STORED, _SERDE, _DELIMITED)}
    external = [header.span(1)] if header.group(1) else []
    if not any(matches.values()):
        return _without(text, external)
    clauses = {pattern: _groups(text, match) or [""] * pattern.groups for pattern, match in matches.items()}
    kind = _format(*clauses[_STORED], clauses[_SERDE][0])
    options = _csv_options(text, *clauses[_SERDE], *clauses[_DELIMITED]) if kind == "csv" else {}
    named = ", ".join(f"'{name}' '{value}'" for name, value in options.items())
    using = f" USING {kind}" + (f" OPTIONS ({named})" if named else "")
    end = _end_of_columns(plain, header.end())
    spans = [match.span() for match in matches.values() if match]
    return _without(text[:end], external) + using + _without(text[end:], [(start - end, stop - end) for start, stop in spans])


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, stop in sorted(spans, reverse=True):
        text = text[:start] + text[stop:]
    return text


def _groups(text: str, match: re.Match[str] | None) -> list[str]:
    """What a clause names, as the statement has it; empty where it names nothing."""
    return [text[slice(*match.span(group + 1))] for group in range(match.re.groups)] if match else []


def _csv_options(text: str, serde: str, settings: str, delimiter: str, escape: str) -> dict[str, str]:
    options = {"sep": "," if serde and not delimiter else delimiter or _DEFAULT_DELIMITER}
    options |= {"escape": escape} if escape else {}
    options |= {_OPTIONS[name]: value for name, value in _PAIR.findall(settings) if name in _OPTIONS}
    if re.search(r"'skip\.header\.line\.count'\s*=\s*'[1-9]", text):
        options["header"] = "true"
    return options


def _format(reader: str, _: str, named: str, serde: str) -> str:
    if named and named.lower() not in _FORMATS:
        raise refuse(f"A table STORED AS {named}", f"There are {', '.join(name.upper() for name in _FORMATS)}.")
    kind = _FORMATS.get(named.lower(), "csv")
    library = (serde or reader).rsplit(".", 1)[-1].lower()
    if kind != "csv" or not library or library == "textinputformat":
        return kind
    by_library = [kind for part, kind in _BY_CLASS.items() if part in library]
    if not by_library:
        raise refuse(f"A table with {serde or reader}", "There are tables of Parquet, ORC, JSON and CSV.")
    return by_library[0]


def _end_of_columns(plain: str, start: int) -> int:
    """Where the list of columns ends that follows the name; ``start`` where there is none."""
    if not plain[start:].lstrip().startswith("("):
        return start
    depth = 0
    for bracket in re.compile(r"[()]").finditer(plain, start):
        depth += {"(": 1, ")": -1}[bracket.group()]
        if depth == 0:
            return bracket.end()
    return start
