"""Parameters of Parameter Store. They are only referred to; one below whose path lies what is granted ends with ``/*``.

Follows https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
"""

import re

from common.base.json_types import JsonObject
from common.model.kind import ArnForm, Kind, NameRule
from common.model.lookup import Lookup
from common.model.orphan import Named

ALL_BELOW = "/*"
"""Ends the name of what stands for all parameters below a path."""


def _filter(parameter: Named) -> JsonObject:
    """The parameters of the call that describes one, or one of those below a path."""
    if parameter.name.endswith(ALL_BELOW):
        path = {"Key": "Path", "Option": "Recursive", "Values": [parameter.name.removesuffix(ALL_BELOW)]}
        return {"ParameterFilters": [path], "MaxResults": 1}
    return {"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": [parameter.name]}]}


def _key(response: JsonObject) -> str:
    return str(response["Parameters"][0].get("KeyId", ""))


KIND = Kind(
    name="parameter",
    word="parameter",
    service="ssm",
    step="",
    arn=ArnForm("ssm", "parameter/"),
    names=NameRule(1011),
    reads=("ssm:GetParameter", "ssm:GetParameters"),
    lookup=Lookup(
        "DescribeParameters",
        _filter,
        (),
        names=re.compile(r"/?(?P<name>[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*(/\*)?)"),
        spelled=lambda name: f"/{name}" if "/" in name else name,  # in an ARN the first slash is that behind `parameter`
        words="the name of a parameter such as /orders/url, all below a path such as /orders/*, or an ARN",
        covers=lambda _: ("*",),
        is_there=lambda response, _: bool(response["Parameters"]),
        abroad=False,
        below=("ssm:GetParametersByPath",),
        key=_key,
    ),
)
