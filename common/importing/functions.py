"""Writes a Lambda function: its code as files, its call, its settings."""

import re

from common.base.json_types import JsonMapping, JsonObject
from common.declare.naming import PhysicalNames
from common.environment import aws_versions
from common.environment.resource_settings import FunctionSettings
from common.importing import values
from common.importing.entries import Context, Entry, refusal, set_differing
from common.importing.selection import LiveResource
from common.importing.versions import PUBLISHING
from common.model import comparison
from common.resources import accepted_fields, function_image, kind_of

IN_CODE = frozenset({"runtime", "architecture"})
SPECIAL = ("CapacityProviderConfig", "AcceleratorConfig")
"""Where a function runs if it may be larger than others; no settings have these fields."""
LANGUAGES = re.compile(r"python3\.|nodejs")


def why_not(resource: LiveResource) -> str:
    """Why a function cannot be declared; empty if it can."""
    live = resource.live.get("Configuration", resource.live)
    if runs_image(live):
        image = function_image.uri_of(resource.live)
        if image is None and "Code" in resource.live:
            return "AWS does not show its container image"
    elif not LANGUAGES.match(live.get("Runtime", "")) or not aws_versions.is_runtime(live["Runtime"]):
        return f"its runtime {live.get('Runtime')} is neither Python nor Node.js"
    if live.get("State", "Active") not in {"Active", "Inactive"} or live.get("LastUpdateStatus", "Successful") != "Successful":
        return f"its last update has not succeeded ({live.get('State')}, {live.get('LastUpdateStatus')})"
    if problem := live.get("Environment", {}).get("Error"):
        return f"AWS does not show its variables: {problem.get('Message', 'no reason given')}"
    return refusal(FunctionSettings, {**_settings(live), **_image(resource)})


def runs_image(configuration: JsonMapping) -> bool:
    """Whether a function runs a container image, so that it has no code to write."""
    return bool(configuration.get("PackageType", "Zip") == "Image")


def _image(resource: LiveResource) -> JsonObject:
    """The settings of the image of a function; none if it runs a package, or was only listed."""
    image = function_image.uri_of(resource.live)
    config = function_image.config_of(resource.live) if image is not None else {}
    config = {setting: config[field] for field, setting in function_image.IMAGE_CONFIG.items() if field in config}
    return {**({"image": image} if image else {}), **({"image_config": config} if config else {})}


def entry(resource: LiveResource, key: str, context: Context) -> Entry:
    """What is written of a function, without its code."""
    live: JsonObject = resource.live["Configuration"]
    result = Entry(resource=resource, key=key, method="function")
    result.settings |= {**_image(resource), **resource.live.get(PUBLISHING, {})}
    default_handler = "handler.handler" if (live.get("Runtime") or "python").startswith("python") else "index.handler"
    if (live.get("Handler") or default_handler) != default_handler:
        result.named["handler"] = live["Handler"]
    if (group := log_group(resource)) != _usual_log_group(context, resource, key):
        result.named["log_group_name"] = context.references.staged(group)
    set_differing(result, FunctionSettings, context.env.defaults.function, _settings(live), IN_CODE)
    retention = context.retentions[group]
    if isinstance(retention, int):
        result.settings["log_retention_days"] = retention
    elif retention != "never":
        result.settings["logging"] = "unmanaged"
    usual = accepted_fields.USUAL_FUNCTION
    values.set_plain(
        result, context, FunctionSettings, comparison.unusual({**live, **resource.live.get("Concurrency", {})}, usual)
    )
    values.set_values(result, context, "environment", live.get("Environment", {}).get("Variables", {}))
    if special := {name: live[name] for name in SPECIAL if live.get(name)}:
        result.settings["properties"] = context.references.structure(special)
    return result


def _settings(live: JsonObject) -> JsonObject:
    """The live values by setting; layers and a network only if it has some."""
    vpc = live.get("VpcConfig", {})
    network = {"subnet_ids": sorted(vpc.get("SubnetIds", ())), "security_group_ids": sorted(vpc.get("SecurityGroupIds", ()))}
    layers = [layer["Arn"] for layer in live.get("Layers", ())]
    return {
        **({"runtime": live["Runtime"]} if live.get("Runtime") else {}),
        "architecture": live.get("Architectures", ["x86_64"])[0],
        "memory_mb": live["MemorySize"],
        "timeout_seconds": live["Timeout"],
        "ephemeral_storage_mb": live.get("EphemeralStorage", {}).get("Size", 512),
        "role": live["Role"],
        **({"layers": layers} if layers else {}),
        **({"network": network} if network["subnet_ids"] else {}),
        **({"file_system": mounted} if (mounted := _file_system(live)) else {}),
    }


def _file_system(live: JsonObject) -> JsonObject:
    """The file system of a function in a network; without one, a setting cannot express it."""
    mounted = [{"arn": item["Arn"], "path": item["LocalMountPath"]} for item in live.get("FileSystemConfigs") or ()]
    return mounted[0] if mounted and live.get("VpcConfig", {}).get("SubnetIds") else {}


def log_group(resource: LiveResource) -> str:
    """The log group that a function writes to."""
    name: str = resource.live["Configuration"].get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{resource.name}")
    return name


def _usual_log_group(context: Context, resource: LiveResource, key: str) -> str:
    """The log group that the function has if the declaration does not name one."""
    named_by_template = "log-group" in context.env.names
    names = PhysicalNames(context.env, context.project)
    return names.named(kind_of("log-group"), key) if named_by_template else f"/aws/lambda/{resource.name}"
