"""What the chosen profile of the AWS CLI asks of a person or a program before there are credentials.

A code has to be typed before many threads ask AWS at once, so this is looked up first, in the files that botocore reads.

Follows https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

import configparser
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

FILES = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
"""The variables that name the two files, and where these are without."""


def needs_code() -> bool:
    """Whether somebody has to type a code of a device (`mfa_serial`)."""
    return any("mfa_serial" in section and "role_arn" in section for section in _chain())


def diverting() -> list[str]:
    """What the chosen profile says of other endpoints and service models."""
    profiles, name = _profiles(), _chosen()
    section = profiles.get(name, {})
    services = profiles.get(f"services {section.get('services')}", {})
    settings: list[str] = [setting for setting in ("endpoint_url", "data_path") if setting in section]
    settings += ["services"] if any("endpoint_url" in value for value in services.values()) else []
    return [f"{setting} of profile {name}" for setting in settings]


def _chosen() -> str:
    """The name of the profile, as botocore chooses it."""
    return os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or "default"


def _chain() -> Iterator[Mapping[str, str]]:
    """The settings of the chosen profile and of those that it builds on. Keys in the environment do without any."""
    if "AWS_ACCESS_KEY_ID" in os.environ:
        return
    profiles = _profiles()
    name: str | None = _chosen()
    seen = set()
    while name is not None and name not in seen:
        seen.add(name)
        section = profiles.get(name, {})
        yield section
        name = section.get("source_profile")


def _profiles() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for variable, usual in FILES:
        parser = configparser.RawConfigParser()
        with suppress(OSError, UnicodeError, configparser.Error):  # botocore will tell
            parser.read(Path(os.environ.get(variable) or usual).expanduser(), encoding="utf-8")
        for section in parser.sections():
            found.setdefault(section.removeprefix("profile ").strip(), {}).update(parser[section])
    return found
