"""What others deployed, for the tests of imported code."""

from tests.support.imported_code import theirs

__all__ = ["theirs"]
