"""What a state of a definition acts on: the parameter that names it decides, and it must be of the service that is called.

Whatever else a task mentions, in a payload or in arguments, is data that it hands on, and gives no permission on it. A target is
named as the API takes it: by name, by ARN, or by the URL of a queue. A name stands for a resource of the environment's account
and region. Characters that IAM takes for a pattern or a variable are in no name.

Follows https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from common.base.errors import DeclarationError
from common.base.json_types import Json
from common.base.text_rules import BUCKET_NAME
from common.environment.config import Environment
from common.model.existing import ExistingRef
from common.model.reference import UPPER_TOKEN, Names
from common.resources import kind_of

DYNAMIC = re.compile(r"\{%.*%\}|\$.*", re.DOTALL)
"""Matches a JSONata expression, or a JSONPath path."""


class Form(NamedTuple):
    """How a kind of target is named, and what it is called in references."""

    kind: str
    name: str
    """A pattern."""
    by_name: bool = True
    by_arn: bool = True
    qualifier: str = ""
    """A pattern of what an ARN or a name may have behind it."""


QUALIFIER = r"(:[A-Za-z0-9$_.-]{1,128})?"
GLUE = r"[^*?$\s:/]{1,255}"
FORMS = {
    "function": Form("lambda", "[A-Za-z0-9_-]{1,64}", qualifier=QUALIFIER),
    "job": Form("glue-job", GLUE, by_arn=False),
    "crawler": Form("crawler", GLUE, by_arn=False),
    "database": Form("database", GLUE, by_arn=False),
    "machine": Form("state-machine", "[A-Za-z0-9_.+!@()=-]{1,80}", False, qualifier=QUALIFIER),
    "topic": Form("topic", r"[A-Za-z0-9_-]{1,256}(\.fifo)?", False),
    "table": Form("table", "[A-Za-z0-9_.-]{3,255}"),
    "secret": Form("secret", r"[A-Za-z0-9/_+=.@-]{1,512}"),
}
QUEUE = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?/([0-9]{12})/([A-Za-z0-9_-]{1,80}(\.fifo)?)")
PARAMETERS = {
    "lambda": {"FunctionName": "function"},
    "glue": {"JobName": "job", "CrawlerName": "crawler", "DatabaseName": "database"},
    "states": {"StateMachineArn": "machine"},
    "sns": {"TopicArn": "topic", "TargetArn": "topic"},
    "sqs": {"QueueUrl": "queue"},
    "dynamodb": {"TableName": "table"},
    "s3": {"Bucket": "bucket"},
    "secretsmanager": {"SecretId": "secret"},
}
"""The parameters of each service that name a target, with the kind of the target."""
NAMED = {"Crawler": "crawler", "Database": "database"}
"""What `Name` is in an operation of Glue that is called after it."""


def of_task(env: Environment, service: str, operation: str, parameters: Json, names: Names, where: str) -> set[str]:
    """Returns the ARNs that a task acts on.

    Args:
        env: the environment, with the account and region of names.
        service: the service as IAM calls it.
        operation: the operation, without suffixes such as `.sync`.
        parameters: the parameters of the task; references are not replaced yet.
        names: the names that it may refer to.
        where: the state, which errors name.

    Raises:
        DeclarationError: the target cannot be told before the machine runs, or is no resource of the service.
    """
    forms = dict(PARAMETERS.get(service, {}))
    if service == "glue":
        forms |= next(({"Name": form} for word, form in NAMED.items() if word in operation), {})
    if not forms:
        raise DeclarationError(
            f"{where} calls {service}:{operation}, and no permission for it can be generated. {_elsewhere(env)}"
        )
    targets = list(_named_targets(service, parameters, forms))
    if not targets:
        name = next(iter(forms))
        raise DeclarationError(
            f"{where} calls {service}:{operation}, but which {name} it is cannot be told before it runs, so no permission can be "
            f"generated. Name it as in ${{Name.arn}}. {_elsewhere(env)}"
        )
    result = {arn for parameter, form, value in targets for arn in arns(env, form, value, names, f"{where}.{parameter}")}
    if service == "dynamodb" and {"IndexName", "IndexName.$"} & {*parameters}:
        result |= {f"{table}/index/*" for table in result}
    return result


def arns(env: Environment, form: str, value: Json, names: Names, where: str) -> tuple[str, ...]:
    """Returns the ARNs of a target and of what belongs to it: a function's versions, a bucket's objects, a database's tables.

    Raises:
        DeclarationError: see `of_task`.
    """
    text, refs = names.substitute(value, where)
    if not isinstance(text, str) or not text or DYNAMIC.fullmatch(text.strip()):
        raise DeclarationError(
            f"{where}: which {form} it is cannot be told before it runs, so no permission can be generated. "
            f"Name it as in ${{Name.arn}}. {_elsewhere(env)}"
        )
    if UPPER_TOKEN.fullmatch(text):
        raise DeclarationError(f"{where}: {text} refers to nothing. Say in `tokens` of the declaration what it is.")
    kind = FORMS[form].kind if form in FORMS else form
    wrong = [ref for ref in refs if ref.key.kind != kind]
    target = None if wrong else _target(env, form, text)
    if target is None:
        shown = f"{wrong[0].key}" if wrong else repr(text)
        raise DeclarationError(f"{where}: {shown} is no {form}, so no permission can be generated. {_accepted(form)}")
    if text == value and (declared := names.of(kind, text)):
        raise DeclarationError(f"{where}: {text!r} is not what {declared.key} is called in AWS. {_accepted(form, text)}")
    existing = next((ref for ref in refs if isinstance(ref, ExistingRef) and text in {ref.name, ref.arn}), None)
    if existing is not None:  # it may be in another account, and a version or an alias is exactly that
        return (existing.in_policies,) if form in {"function", "secret"} else _with_parts(form, existing.arn)
    return _with_parts(form, target)


def buckets_in(env: Environment, value: Json, names: Names, where: str) -> set[str]:
    """Returns the buckets, with all their objects, that the source of a copy begins with or refers to."""
    text, refs = names.substitute(value, where)
    buckets = {ref.name for ref in refs if ref.key.kind == "bucket"}
    if isinstance(text, str) and not DYNAMIC.fullmatch(text.strip()) and "States." not in text:
        buckets |= {text.lstrip("/").partition("/")[0]}
    if not buckets or not all(BUCKET_NAME.fullmatch(name) for name in buckets):
        raise DeclarationError(
            f"{where}: which bucket it is cannot be told before it runs, so no permission can be generated. "
            f"Name it as in ${{name.name}}. {_elsewhere(env)}"
        )
    return {arn for name in buckets for arn in (env.bucket_arn(name), env.bucket_arn(name, "*"))}


def _named_targets(service: str, parameters: Json, forms: Mapping[str, str]) -> Iterator[tuple[str, str, Json]]:
    """Yields each parameter that names a target, the kind of the target, and its value; None if it is known only at run time."""
    if not isinstance(parameters, Mapping):
        return
    for parameter, form in forms.items():
        if parameter in parameters:
            yield parameter, form, parameters[parameter]
        elif f"{parameter}.$" in parameters:
            yield f"{parameter}.$", form, None
    if service == "dynamodb":
        items = parameters.get("TransactItems")
        for actions in items if isinstance(items, list) else ():
            for request in actions.values() if isinstance(actions, Mapping) else ():
                yield from _named_targets("", request, forms)
        tables = parameters.get("RequestItems")
        yield from (("RequestItems", "table", name) for name in (tables if isinstance(tables, Mapping) else ()))


def _target(env: Environment, form: str, text: str) -> str | None:
    """Returns the ARN, without a function's qualifier; None if the text does not name such a target."""
    if form == "bucket":
        return env.bucket_arn(text) if BUCKET_NAME.fullmatch(text) else None
    if form == "queue":
        queue = QUEUE.fullmatch(text)
        return f"arn:{env.partition}:sqs:{queue[1]}:{queue[3]}:{queue[4]}" if queue else None
    named = FORMS[form]
    service, beginning, _ = kind_of(named.kind).arn_form
    if named.by_arn:
        place = f"arn:{env.partition}:{service}:[a-z0-9-]+:[0-9]{{12}}:{re.escape(beginning)}"
        if arn := re.fullmatch(rf"({place}{named.name})({named.qualifier})", text):
            return arn[1] if form == "function" else text
    if named.by_name and (name := re.fullmatch(rf"({named.name})({named.qualifier})", text)):
        return env.arn(service, f"{beginning}{name[1]}")
    return None


def _with_parts(form: str, arn: str) -> tuple[str, ...]:
    if form == "function":
        return (arn, f"{arn}:*")  # executions that began before a deploy may still name a version
    if form == "bucket":
        return (arn, f"{arn}/*")
    if form == "secret":
        return (arn, f"{arn}-??????")  # AWS ends the ARN with six characters; the whole ARN ends with them already
    if form == "database":
        return (f"{arn.partition(':database/')[0]}:catalog", arn, f"{arn.replace(':database/', ':table/')}/*")
    return (arn,)


def _accepted(form: str, name: str = "Name") -> str:
    if form == "queue":
        return f"Write it as ${{{name}.url}}, or give its URL."
    ways = {"name": form == "bucket" or FORMS[form].by_name, "arn": form != "bucket" and FORMS[form].by_arn}
    return f"Write it as {' or '.join(f'${{{name}.{attribute}}}' for attribute, taken in ways.items() if taken)}."


def _elsewhere(env: Environment) -> str:
    return f"Or set a role for the machine in config/{env.name}.json."
