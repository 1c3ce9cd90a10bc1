"""The published versions of a function. Its alias `live` is the newest; SnapStart and provisioned concurrency are of versions.

A version is published after each change, so code that runs by the alias never changes half way. Then the oldest versions are
deleted, but for those that an alias leads to. If no version is published any more, the alias and its version stay, because
triggers and others may start them until they are changed, too.

Follows https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html and
https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from collections.abc import Collection
from typing import Protocol

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonMapping
from common.environment.resource_settings import FunctionSettings
from common.model.resource import State

ALIAS = "live"
"""The alias of the newest version."""
PUBLISHED, PROVISIONED = "Published", "ProvisionedConcurrentExecutions"
FIELDS = frozenset({PUBLISHED, PROVISIONED})
"""What is compared of versions: whether the alias is as the function is, and the concurrency that is provisioned for it."""
ACTIONS = tuple(
    f"lambda:{name}"
    for name in (
        *("CreateAlias", "DeleteFunction", "GetFunction", "GetFunctionConfiguration", "ListAliases", "ListVersionsByFunction"),
        *("PublishVersion", "UpdateAlias", "GetProvisionedConcurrencyConfig", "PutProvisionedConcurrencyConfig"),
        "InvokeFunction",
    )
)
"""What a deployer needs for the versions of a function that publishes some."""
TAKING_AWAY = ("DeleteFunctionConcurrency", "DeleteProvisionedConcurrencyConfig")
"""The operations that take away concurrency, also of functions that do not declare it any more."""
_OF_A_VERSION = frozenset(
    {
        *("FunctionArn", "LastModified", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"),
        *("MasterArn", "RevisionId", "RuntimeVersionConfig", "State", "StateReason", "StateReasonCode", "Version"),
        *("ConfigSha256", "SnapStart"),
    }
)
"""A version and the function that it was made of may differ in these fields."""
_POLL_SECONDS, _POLLS = 5.0, 240


class Versioned(Protocol):
    """The part of a function that its versions need."""

    @property
    def name(self) -> str:
        """Its physical name."""
        ...

    @property
    def settings(self) -> FunctionSettings:
        """Its settings."""
        ...


def arn_of(function_arn: str) -> str:
    """The ARN of the alias."""
    return f"{function_arn}:{ALIAS}"


def problem(settings: FunctionSettings) -> str:
    """What Lambda does not take of these settings together, as a sentence; empty if it takes all.

    Follows https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
    """
    if settings.provisioned_concurrency and not settings.publish:
        return "provisioned_concurrency is of published versions: set publish to true."
    if settings.provisioned_concurrency and (settings.reserved_concurrency or 10**9) < settings.provisioned_concurrency:
        return "provisioned_concurrency is more than reserved_concurrency."
    if not settings.snap_start:
        return ""
    if not settings.runtime.startswith("python") or int(settings.runtime.rpartition(".")[2]) < 12:
        return f"snap_start needs Python 3.12 or later, and runtime is {settings.runtime}."
    excluded = {
        "provisioned_concurrency": settings.provisioned_concurrency,
        "file_system": settings.file_system,
        "ephemeral_storage_mb above 512": settings.ephemeral_storage_mb > 512,
    }
    return next((f"snap_start and {name} exclude each other." for name, value in excluded.items() if value), "")


def desired(settings: FunctionSettings) -> State:
    """The declared state of the versions; empty if none is published."""
    provisioned = {PROVISIONED: settings.provisioned_concurrency} if settings.provisioned_concurrency else {}
    return {PUBLISHED: True, **provisioned} if settings.publish else {}


def live(aws: Aws, function: Versioned, configuration: JsonMapping) -> tuple[State, State]:
    """The live state of the versions as far as it is declared, and the rest; nothing is read if none is published."""
    declared = desired(function.settings)
    if not declared:
        return {}, {}
    whose = {"FunctionName": function.name, "Qualifier": ALIAS}
    response = aws.find("lambda", "GetFunction", "ResourceNotFoundException", **whose)
    if response is None:
        return {PUBLISHED: False, **dict.fromkeys(declared.keys() - {PUBLISHED})}, {}
    state: State = {PUBLISHED: _core(response["Configuration"]) == _core(configuration)}
    absent = "ProvisionedConcurrencyConfigNotFoundException"
    provisioned = aws.find("lambda", "GetProvisionedConcurrencyConfig", absent, **whose) or {}
    number = provisioned.get("RequestedProvisionedConcurrentExecutions")
    if PROVISIONED in declared:
        return {**state, PROVISIONED: number}, {}
    return state, {PROVISIONED: number} if number else {}


def is_weighted(aws: Aws, name: str) -> bool:
    """Whether somebody lets a part of the calls of the alias go to another version."""
    alias = aws.find("lambda", "GetAlias", "ResourceNotFoundException", FunctionName=name, Name=ALIAS) or {}
    return bool((alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"))


def _core(configuration: JsonMapping) -> State:
    """What the code of a version does depends on these fields."""
    fields = {name: value for name, value in configuration.items() if name not in _OF_A_VERSION and value not in ([], {}, "")}
    return {**fields, "SnapStart": configuration.get("SnapStart", {}).get("ApplyOn", "None")}


def bring(aws: Aws, function: Versioned, state: State, changed: Collection[str], stale: JsonMapping, *, updated: bool) -> None:
    """Publishes what was updated, moves the alias, and provisions concurrency; takes that away if it is stale."""
    whose = {"FunctionName": function.name, "Qualifier": ALIAS}
    if PROVISIONED in stale:
        aws.find("lambda", "DeleteProvisionedConcurrencyConfig", "ResourceNotFoundException", **whose)
    if PUBLISHED not in state:
        return
    if updated or PUBLISHED in changed:
        _publish(aws, function.name, state)
        _delete_old(aws, function.name, function.settings.keep_versions)
    if PROVISIONED in state and PROVISIONED in changed:
        aws.call("lambda", "PutProvisionedConcurrencyConfig", **whose, ProvisionedConcurrentExecutions=state[PROVISIONED])
        _await_provisioned(aws, function.name)


def _publish(aws: Aws, name: str, state: State) -> None:
    """Publishes a version, which Lambda leaves when nothing has changed since the last one, and moves the whole alias to it.

    Weights that somebody gave the alias would stay if they were left out, and part of the calls would go to an old version.
    """
    expected = {"CodeSha256": state["CodeSha256"]} if "CodeSha256" in state else {}  # an image is known by its digest
    response = aws.call("lambda", "PublishVersion", FunctionName=name, **expected)
    version = str(response["Version"])
    aws.wait("lambda", "published_version_active", FunctionName=name, Qualifier=version)
    alias = {"FunctionName": name, "Name": ALIAS, "FunctionVersion": version}
    unweighted: JsonMapping = {"AdditionalVersionWeights": {}}
    if aws.find("lambda", "UpdateAlias", "ResourceNotFoundException", **alias, RoutingConfig=unweighted) is None:
        aws.call("lambda", "CreateAlias", **alias)


def _delete_old(aws: Aws, name: str, kept: int) -> None:
    """Deletes all versions but the newest ones, and those that an alias leads to, which Lambda would not delete."""
    pages = aws.pages("lambda", "ListVersionsByFunction", FunctionName=name)
    numbers = [version["Version"] for page in pages for version in page["Versions"] if version["Version"] != "$LATEST"]
    old = sorted(numbers, key=int, reverse=True)[kept:]
    aliases = (
        [alias for page in aws.pages("lambda", "ListAliases", FunctionName=name) for alias in page["Aliases"]] if old else []
    )
    weighted = [(alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {} for alias in aliases]
    used = {*(alias["FunctionVersion"] for alias in aliases), *(number for weights in weighted for number in weights)}
    for number in old:
        if number not in used:
            aws.find("lambda", "DeleteFunction", "ResourceNotFoundException", FunctionName=name, Qualifier=number)


def _await_provisioned(aws: Aws, name: str) -> None:
    for _ in range(_POLLS):
        provisioned = aws.call("lambda", "GetProvisionedConcurrencyConfig", FunctionName=name, Qualifier=ALIAS)
        if provisioned["Status"] == "READY":
            return
        if provisioned["Status"] == "FAILED":
            reason = provisioned.get("StatusReason", "no reason given")
            raise AwsError("lambda", "PutProvisionedConcurrencyConfig", "ProvisionedConcurrencyFailed", reason)
        aws.sleep(_POLL_SECONDS)
    message = f"the concurrency of {name} is being provisioned for more than {_POLLS * _POLL_SECONDS / 60:.0f} minutes."
    raise AwsError("lambda", "PutProvisionedConcurrencyConfig", "ProvisionedConcurrencyNotReady", message)
