"""Lists what AWS offers: runtimes, versions of Glue, partitions of regions. Tests compare the lists with botocore's models.

Facts that botocore does not have were checked on 3 October 2026: when support of a runtime ends, and which Python a version of
Glue runs.

Follows https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

RUNTIMES: Mapping[str, date | None] = {
    "python3.6": date(2022, 7, 18),
    "python3.7": date(2023, 12, 4),
    "python3.8": date(2024, 10, 14),
    "python3.9": date(2025, 12, 15),
    "python3.10": date(2026, 10, 31),
    "python3.11": date(2027, 6, 30),
    "python3.12": date(2028, 10, 31),
    "python3.13": date(2029, 6, 30),
    "python3.14": date(2029, 6, 30),
    "python3.15": None,
    "nodejs10.x": date(2021, 7, 30),
    "nodejs12.x": date(2023, 3, 31),
    "nodejs14.x": date(2023, 12, 4),
    "nodejs16.x": date(2024, 6, 12),
    "nodejs18.x": date(2025, 9, 1),
    "nodejs20.x": date(2026, 4, 30),
    "nodejs22.x": date(2027, 4, 30),
    "nodejs24.x": date(2028, 4, 30),
    "nodejs26.x": None,
}
"""Lambda's runtimes, and the day on which their support ends; None if AWS has not announced one."""
WARNING_PERIOD = timedelta(days=90)
"""How long before the end of support of a runtime the warning begins."""
NEWEST_GLUE = "6.0"
"""The version of Glue of a job that names none, and of one that names `auto`."""
GLUE_PYTHON: Mapping[str, str] = {
    "3.0": "3.7",
    "4.0": "3.10",
    "5.0": "3.11",
    "5.1": "3.11",
    NEWEST_GLUE: "3.13",
    "auto": "3.13",
}
"""The versions of Glue that still start Spark jobs, and the Python that they run; with `auto` Glue moves a job to newer ones.

See https://docs.aws.amazon.com/glue/latest/dg/release-notes.html
"""
PARTITIONS: Mapping[str, str] = {
    "aws": r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+",
    "aws-cn": r"cn-\w+-\d+",
    "aws-eusc": r"eusc-(de)-\w+-\d+",
    "aws-iso": r"us-iso-\w+-\d+",
    "aws-iso-b": r"us-isob-\w+-\d+",
    "aws-iso-e": r"eu-isoe-\w+-\d+",
    "aws-iso-f": r"us-isof-\w+-\d+",
    "aws-us-gov": r"us-gov-\w+-\d+",
}
"""Patterns of the region names of each partition, as in botocore."""
DIRECTIONS = r".+-(central|(north|south)?(east|west)|north|south)-\d+"
"""Matches the names of all regions: each ends with a direction and a number."""
_RUNTIME = re.compile(r"(python3\.|nodejs)(\d+)(?:\.x)?")


def log_groups(glue_version: str, *, shell: bool) -> tuple[str, ...]:
    """Returns the shared log groups of a job: one up to Glue 4.0, two since 5.0; a python-shell job writes only to Glue's own."""
    if shell:
        return ()
    return ("glue",) if glue_version in {"3.0", "4.0"} else ("glue/output", "glue/error")


@cache
def partition_of(region: str) -> str | None:
    """Returns the ARN partition of a region; None if no region has such a name."""
    if not re.fullmatch(DIRECTIONS, region):
        return None
    return next((name for name, regions in PARTITIONS.items() if re.fullmatch(regions, region)), None)


def is_runtime(name: str) -> bool:
    """Whether Lambda has or had this runtime. Runtimes newer than all in the list count as existing."""
    match = _RUNTIME.fullmatch(name)
    if match is None:
        return False
    return name in RUNTIMES or int(match[2]) > max(
        int(name.removeprefix(match[1]).split(".")[0]) for name in _runtimes_like(match[1])
    )


def newest_runtimes() -> str:
    """Returns the newest known runtime of each language, for messages."""
    return " and ".join(_runtimes_like(language)[-1] for language in ("python3.", "nodejs"))


def support_warning(runtime: str, names: list[str], today: date) -> str | None:
    """Returns a warning about a runtime whose support has ended or will end soon, or None.

    Args:
        runtime: the name of the runtime.
        names: the functions and layers that run on it.
        today: the present day.
    """
    end = RUNTIMES.get(runtime)
    if end is None or today < end - WARNING_PERIOD:
        return None
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (
        f"{', '.join(sorted(names)[:3])}{more}: AWS {'ended' if end <= today else 'ends'} its support of {runtime} on {end}. "
        f"From then on it gets no security patches, and some months later Lambda accepts no update. {newest_runtimes()} are the "
        f"newest."
    )


def _runtimes_like(language: str) -> list[str]:
    return [name for name in RUNTIMES if name.startswith(language)]
