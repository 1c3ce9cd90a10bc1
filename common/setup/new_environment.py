"""Writes the configuration of a new environment: a file that says how it differs from another one, or a whole one."""

import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

from common.base.atomic_file import new_file
from common.base.errors import UsageError
from common.base.json_types import JsonObject
from common.base.suggestions import did_you_mean
from common.environment import config_files, config_json
from common.environment.inheritance import USER
from common.setup.staging import staging


class Wishes(NamedTuple):
    """What a new environment is to be.

    Args:
        name: its name.
        like: the environment whose settings it takes; None if it is the first of its kind.
        prefix: begins its names in AWS; None to derive it.
        account: its account; None if it is the other one's.
        region: its region; None if it is the other one's.
        each_developer: whether each developer has one.
    """

    name: str
    like: str | None = None
    prefix: str | None = None
    account: str | None = None
    region: str | None = None
    each_developer: bool = False


def create(root: Path, wishes: Wishes) -> tuple[str, JsonObject]:
    """Writes the file of an environment.

    Returns:
        The path of the file in the repository, and what it says.

    Raises:
        UsageError: it exists, or nothing says which account it is in.
        ConfigError: the environment would not be valid. Nothing is written.
    """
    names, name = config_json.environments(root), wishes.name
    path = root / "config" / f"{name}.json"
    if name.casefold() in {other.casefold() for other in names} or name == "schema":
        raise UsageError(f"config/{name}.json exists already. Choose another name. Nothing was written.")
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", name):
        raise UsageError(
            f"--environment is {name!r}. The name of an environment has up to 20 small letters (a to z), digits and -, and "
            f"begins with a letter. Nothing was written."
        )
    if wishes.like is not None and wishes.like not in names:
        there_are = f"config/ has {', '.join(names) or 'none'}.{did_you_mean(wishes.like, names)}"
        raise UsageError(f"There is no environment {wishes.like!r} that {name} could be like: {there_are} Nothing was written.")
    content = _content(root, wishes)
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    with staging(root) as stage:
        shutil.copytree(root / "config", stage / "config")
        (stage / "config" / f"{name}.json").write_text(text, encoding="utf-8")
        config_files.load(stage, name)
    with new_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(0o644)
    return f"config/{name}.json", content


def _content(root: Path, wishes: Wishes) -> JsonObject:
    name = wishes.name
    own = {"account_id": wishes.account, "region": wishes.region}
    given: JsonObject = {key: value for key, value in own.items() if value is not None}
    if wishes.like is not None:
        base = config_files.load(root, wishes.like).name_prefix
        prefix = wishes.prefix or _derived_prefix(base, wishes.like, USER if wishes.each_developer else name)
        return {"$schema": "schema.json", "name": name, "like": wishes.like, **given, "name_prefix": prefix}
    if missing := [option for option, value in (("--account", wishes.account), ("--region", wishes.region)) if value is None]:
        others = ", ".join(config_json.environments(root)) or "none yet"
        raise UsageError(
            f"Which environment is {name} like? Add --like NAME (config/ has {others}), or {' and '.join(missing)} for one that "
            f"takes nothing from another. Nothing was written."
        )
    stem = wishes.prefix or (f"{_team(root)}-{USER if wishes.each_developer else name}")
    bucket = f"{stem}-artifacts-{wishes.account}"
    return {"$schema": "schema.json", "name": name, **given, "name_prefix": stem, "artifact_bucket": bucket}


def _derived_prefix(base: str, like: str, own: str) -> str:
    """The prefix of another environment, with this one's own word for the other's name."""
    stem = base.removesuffix(f"-{like}") if base != like else ""
    return f"{stem}-{own}" if stem else own


def _team(root: Path) -> str:
    """What the prefixes of the environments that there are begin with; the repository's own name, if there are none."""
    for name in config_json.environments(root):
        prefix = config_files.load(root, name).name_prefix
        return prefix.removesuffix(f"-{name}")
    return re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "data"
