"""Which resources a state machine's definition names, by ARN anywhere, or by name where a parameter says what it is the name of.

Follows https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
"""

import re
from collections.abc import Iterator

from common.base.json_types import Json, JsonMapping
from common.declare.asl.walk import every_state
from common.environment.partitions import Account
from common.resources import kind_of

ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>lambda|states|glue):(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"(?P<type>function:|stateMachine:|job/|crawler/)(?P<name>[\w.+@=-]+)"
)
"""The ARN of what may be a resource of the project; a version or an alias may follow."""
KINDS = {kind_of(kind).arn_form.beginning: kind for kind in ("lambda", "state-machine", "glue-job", "crawler")}
"""The kinds by their type in an ARN."""
NAMED = {"FunctionName": "lambda", "JobName": "glue-job", "CrawlerName": "crawler", "TableName": "table", "Bucket": "bucket"}
"""The kinds of what parameters name."""
NAME = re.compile(r"(?!arn:|\s)([^:*?${}\x00-\x1f]+)(?<!\s)(:[A-Za-z0-9_$-]+)?")
"""A name, and the version or alias of a function; a text that is computed when the machine runs is none."""


def in_text(text: str, account: Account) -> Iterator[tuple[str, str]]:
    """The kinds and names of what a text names by ARN; what is of another account or region is named by its ARN."""
    for match in ARN.finditer(text):
        is_local = match["region"] == account.region and match["account"] == account.account_id
        yield KINDS[match["type"]], match["name"] if is_local else match[0]


def in_definition(definition: JsonMapping, account: Account) -> Iterator[tuple[str, str]]:
    """The kinds and names of all that a definition names; some may come more than once."""
    for text in _texts(definition):
        yield from in_text(text, account)
    for _, _, state, _ in every_state(definition):
        for field in ("Parameters", "Arguments"):
            parameters = state.get(field)
            if isinstance(parameters, dict):
                for parameter, value in parameters.items():
                    kind = kind_of_parameter(str(state.get("Resource", "")), parameter)
                    if kind and isinstance(value, str) and (name := NAME.fullmatch(value)):
                        yield kind, name[1]


def kind_of_parameter(integration: str, parameter: str) -> str | None:
    """The kind of what a parameter of a task names; None if it names nothing that is known here."""
    of_glue = ":glue:" in integration
    if parameter == "Name" and of_glue and integration.endswith("Crawler"):
        return "crawler"
    return NAMED.get(parameter) if of_glue or parameter != "JobName" else None  # jobs of AWS Batch have names, too


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(key)
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
