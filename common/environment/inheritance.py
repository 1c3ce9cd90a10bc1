"""Completes the file of an environment that is like another one, and puts the developer's name in the place of ``${user}``.

What names a single thing in AWS is never inherited, so two environments share nothing: `name`, `name_prefix`, `artifact_bucket`,
exact names, and packages of imported code, which are in the other environment's account. The developer's name is the login,
or DEPLOY_USER. It is made fit for AWS; where that changes it, a part of its digest follows, so that no two developers have one.
"""

import os
import re
import unicodedata
from collections.abc import Iterator

from common.base import digest, provenance
from common.base.errors import ConfigError
from common.base.json_types import Json, JsonMapping, JsonObject

USER = "${user}"
VARIABLE = "DEPLOY_USER"
"""The variable that names the developer, where the login does not."""
OWN = frozenset({"$schema", "name", "like", "name_prefix", "artifact_bucket", "default"})
"""The settings of an environment that are not inherited."""
OWN_OF_RESOURCES = frozenset({"name", "package"})
"""The settings of single resources that are not inherited."""
RESOURCES = ("functions", "jobs", "crawlers", "state_machines", "triggers")
NAMING = ("name_prefix", "artifact_bucket", "names", "tags")
"""The settings in which the developer's name may stand."""
LONGEST_USER = 12
SHARED_LOGINS = frozenset(
    {"root", "admin", "administrator", "ubuntu", "ec2-user", "runner", "jenkins", "vscode", "codespace", "node", "user", "docker"}
)
"""Logins that are nobody's own: in containers and on build machines everybody has them."""
TURNED_DOWN: JsonMapping = {"schedules": "paused", "max_log_retention_days": 3}
"""What holds in the environments of developers, unless a file says otherwise."""


def completed(own: JsonMapping, base: JsonMapping, name: str) -> JsonObject:
    """Returns the settings of an environment that is like another one.

    Args:
        own: what its file says.
        base: all settings of the other one.
        name: its name.

    Raises:
        ConfigError: it would share names or records with the other one.
    """
    where, like = f"config/{name}.json", own["like"]
    if "name_prefix" not in own:
        raise ConfigError(f'{where}: it is like {like}, and needs names of its own: add "name_prefix": "…".')
    result = overlay(_inherited(base), own)
    result.setdefault("name", name)
    others = base.get("artifact_bucket")
    if "artifact_bucket" not in own:
        is_ours = not isinstance(others, dict)
        result["artifact_bucket"] = f"{own['name_prefix']}-artifacts-{result.get('account_id')}" if is_ours else others
    same_account = result.get("account_id") == base.get("account_id")
    for setting in ("name_prefix", "artifact_bucket"):
        if same_account and isinstance(result[setting], str) and result[setting] == base.get(setting):
            raise ConfigError(f"{where}: $.{setting} is that of {like}, in the same account: both would have the same names.")
    return result


def _inherited(base: JsonMapping) -> JsonObject:
    result = {key: value for key, value in base.items() if key not in OWN}
    if "names" in result:
        result["names"] = {key: text for key, text in result["names"].items() if "/" not in key}
    if "projects" in result:
        result["projects"] = {project: _without_names(section) for project, section in result["projects"].items()}
    return result


def _without_names(section: JsonMapping) -> JsonObject:
    """Returns a project's section without what names single things."""
    result = {key: value for key, value in section.items() if key != "names"}
    for kind in RESOURCES:
        if kind in result:
            result[kind] = {
                name: {key: value for key, value in settings.items() if key not in OWN_OF_RESOURCES}
                for name, settings in result[kind].items()
            }
    if "instances" in result:
        result["instances"] = {name: _without_names(instance) for name, instance in result["instances"].items()}
    return result


def for_user(data: JsonMapping, name: str) -> JsonObject:
    """Returns the settings with the developer's name for ``${user}``; as they are, if it stands nowhere.

    Raises:
        ConfigError: nobody can be told from others, or two developers would share something.
    """
    if not any(USER in text for setting in NAMING for text in _texts(data.get(setting))):
        return dict(data)
    where = f"config/{name}.json"
    if USER not in str(data.get("name_prefix")):
        raise ConfigError(f"{where}: $.name_prefix needs {USER}, as other names have it: developers would share the rest.")
    bucket = data.get("artifact_bucket")
    place = "artifact_bucket.prefix" if isinstance(bucket, dict) else "artifact_bucket"
    if USER not in str(bucket.get("prefix", "") if isinstance(bucket, dict) else bucket):
        raise ConfigError(f"{where}: $.{place} needs {USER}, as name_prefix has it: developers would share their records.")
    names = data.get("names")
    for key, template in names.items() if isinstance(names, dict) else ():
        if USER not in str(template) and "{prefix}" not in str(template):
            raise ConfigError(f"{where}: $.names.{key} needs {{prefix}} or {USER}: developers would share the name {template}.")
    user = developer(where)
    return {**TURNED_DOWN, **data, **{setting: _replaced(data[setting], user) for setting in NAMING if setting in data}}


def developer(where: str) -> str:
    """Returns the developer's name, fit for names in AWS.

    Args:
        where: the file that asks for it.

    Raises:
        ConfigError: there is no login, or it is nobody's own.
    """
    source = VARIABLE if VARIABLE in os.environ else "the login"
    login = os.environ.get(VARIABLE, provenance.login()).strip()
    ascii_only = unicodedata.normalize("NFKD", login).encode("ascii", "ignore").decode()
    fit = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
    advice = f"{USER} in {where} stands for a developer: set {VARIABLE} to your name, as in `export {VARIABLE}=ana`."
    if not fit:
        raise ConfigError(f"{source} is {login!r}, which has no letter or digit. {advice}")
    if source != VARIABLE and fit in SHARED_LOGINS:
        raise ConfigError(f"{source} is {login!r}, which others have, too. {advice}")
    if fit == login and len(fit) <= LONGEST_USER:
        return fit
    mark = digest.of_bytes(login.encode())[:4]
    return f"{fit[: LONGEST_USER - len(mark) - 1].rstrip('-')}-{mark}"


def overlay(base: JsonMapping, over: JsonMapping) -> JsonObject:
    """Returns settings in which those of `over` win, object by object."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = overlay(base[key], value) if both else value
    return merged


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)


def _replaced(value: Json, user: str) -> Json:
    if isinstance(value, dict):
        return {key: _replaced(inner, user) for key, inner in value.items()}
    return value.replace(USER, user) if isinstance(value, str) else value
