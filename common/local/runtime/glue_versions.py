"""Compares versions of Glue, which are numbers: 10.0 comes after 5.0."""

from typing import Any


def is_since_5(job: dict[str, Any]) -> bool:
    """Whether a job, or a run, has Glue 5.0 or newer; ``auto`` is AWS's newest, and none is the oldest."""
    version = job.get("GlueVersion", "0.9")
    return version == "auto" or float(version) >= 5
