"""Versions of Glue are compared as numbers."""

import pytest

from common.local.runtime.glue_versions import is_since_5


@pytest.mark.parametrize(("version", "expected"), [("0.9", False), ("4.0", False), ("5.0", True), ("10.0", True), ("auto", True)])
def test_a_version_of_two_digits_is_newer_than_one_of_one(version: str, expected: bool) -> None:
    assert is_since_5({"GlueVersion": version}) is expected


def test_a_job_without_a_version_has_the_oldest() -> None:
    assert not is_since_5({})
