"""What a query yields."""

from common.base.lean_dataclass import dataclass


@dataclass(frozen=True)
class QueryResult:
    """The columns and rows of a query; ``scanned_bytes`` is what Athena bills, and None for the embedded AWS."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    scanned_bytes: int | None = None
