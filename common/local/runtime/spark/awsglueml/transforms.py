"""Transforms that a model in AWS makes.

https://docs.aws.amazon.com/glue/latest/dg/machine-learning.html
"""

from typing import NoReturn

from embedded_glue.unavailable import refuse


class _OfModel:
    """Refuses whatever it is asked to transform."""

    @classmethod
    def apply(cls, *_: object, **__: object) -> NoReturn:
        raise refuse(
            f"{cls.__name__}.apply", "It needs a model in AWS; put a sample of its result into S3, and read that locally."
        )


class FindMatches(_OfModel):
    """Finds records that are about the same thing."""


class FindIncrementalMatches(_OfModel):
    """Finds records that are about the same thing as earlier ones."""


class FillMissingValues(_OfModel):
    """Fills in what is missing."""
