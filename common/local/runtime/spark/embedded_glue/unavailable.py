"""What this machine cannot do, said by name and with what to use instead."""


class NotAvailableLocallyError(NotImplementedError):
    """A part of Glue that exists only in AWS."""


def refuse(what: str, instead: str) -> NotAvailableLocallyError:
    """The error for a part that is not there."""
    return NotAvailableLocallyError(f"{what} is not available with the embedded AWS. {instead}")


class Absent:
    """Stands for Glue's Java library: whatever is asked of it is refused by name."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        raise refuse(
            f"{self._what}.{name}", "It needs Glue's Java library, which exists only in AWS; use DataFrames for this step."
        )
