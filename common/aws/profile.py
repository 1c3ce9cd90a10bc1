"""Reads the chosen profile of the AWS CLI, to find out whether the user has to type a code, and which settings are ignored.

The code must be typed before many threads call AWS at the same time, so the profile is read first, from botocore's files.

Follows https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

import configparser
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

FILES = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
"""The variables that name the two files, and the default paths of the files."""


def needs_code() -> bool:
    """Whether the user has to type the code of an MFA device (`mfa_serial`)."""
    return any("mfa_serial" in section and "role_arn" in section for section in _profile_chain())


def diverting_settings() -> list[str]:
    """Returns the settings of the chosen profile that name other endpoints or service models."""
    profiles, name = _read_profiles(), _profile_name()
    section = profiles.get(name, {})
    services = profiles.get(f"services {section.get('services')}", {})
    settings: list[str] = [setting for setting in ("endpoint_url", "data_path") if setting in section]
    settings += ["services"] if any("endpoint_url" in value for value in services.values()) else []
    return [f"{setting} of profile {name}" for setting in settings]


def _profile_name() -> str:
    """Returns the name of the profile that botocore chooses."""
    return os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE") or "default"


def _profile_chain() -> Iterator[Mapping[str, str]]:
    """Yields the settings of the chosen profile and of its source profiles; none if the environment has an access key."""
    if "AWS_ACCESS_KEY_ID" in os.environ:
        return
    profiles = _read_profiles()
    name: str | None = _profile_name()
    seen = set()
    while name is not None and name not in seen:
        seen.add(name)
        section = profiles.get(name, {})
        yield section
        name = section.get("source_profile")


def _read_profiles() -> dict[str, dict[str, str]]:
    profiles: dict[str, dict[str, str]] = {}
    for variable, usual in FILES:
        parser = configparser.RawConfigParser()
        with suppress(OSError, UnicodeError, configparser.Error):  # botocore will report the error
            parser.read(Path(os.environ.get(variable) or usual).expanduser(), encoding="utf-8")
        for section in parser.sections():
            profiles.setdefault(section.removeprefix("profile ").strip(), {}).update(parser[section])
    return profiles
