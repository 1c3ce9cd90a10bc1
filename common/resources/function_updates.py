"""Carries out updates of a Lambda function: each waits for the one before, and replaces what was read and nothing else.

Follows https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from common.aws.protocol import Aws
from common.base.errors import AwsError
from common.base.json_types import JsonObject
from common.model import comparison
from common.model.resource import ROLE_ID, Change, Live, State
from common.resources import accepted_fields, function_code
from common.resources.stand_in_role import stand_in

CODE = frozenset({"CodeSha256", "ImageUri", "Architectures"})
"""UpdateFunctionCode changes these fields; all others belong to the configuration."""
RESERVED = comparison.fields("ReservedConcurrentExecutions")
"""The concurrency that is reserved for a function has operations of its own."""
_TOO_LARGE = ("exceeds the maximum allowed size", "Unzipped size must be smaller")
"""Lambda's messages contain one of these texts if code and layers together are too large."""


class Updatable(function_code.Coded, Protocol):
    """The part of a function that its updates need."""

    @property
    def name(self) -> str:
        """Its physical name."""
        ...

    @property
    def role_arn(self) -> str:
        """The ARN of the role that it runs with."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Its variables."""
        ...

    def read(self, aws: Aws) -> Live | None:
        """The live state."""
        ...

    def by_number(self, aws: Aws, state: State) -> State:
        """The state as Lambda accepts it: layers by the ARNs of their versions."""
        ...


class FunctionUpdates:
    """The updates of one function, which take away the undeclared fields in `stale`."""

    def __init__(self, aws: Aws, function: Updatable, stale: State) -> None:
        self._aws, self._function, self._stale = aws, function, stale

    def carry_out(self, live: Live | None, steps: list[State]) -> JsonObject:
        """Updates configuration and code in this order, or in the other one if only that is small enough."""
        try:
            return self.one_by_one(live, steps)
        except AwsError as error:
            if len(steps) == 1 or not any(text in error.reason for text in _TOO_LARGE):
                raise
            configuration, code = steps
            live = live or self._function.read(self._aws)
            before = live.state if live is not None else {"Layers": []}
            fields = {**configuration, **({"Layers": before["Layers"]} if "Layers" in configuration else {})}
            first = [fields] if any(before.get(name, value) != value for name, value in fields.items()) else []
            return self.one_by_one(live, [*first, code, configuration])

    def one_by_one(self, live: Live | None, steps: list[State]) -> JsonObject:
        """Makes updates of configuration or code one after the other, each of the revision after the one before.

        Returns:
            What Lambda said of the last one, and which code the function has.
        """
        revision = live.revision if live else None
        kept = comparison.without(live.undeclared, self._stale) if live else {}
        expected = {name: live.state.get(name) for name in CODE} if live else {}
        response: JsonObject = {}
        for number, fields in enumerate(steps):
            if number and live and revision:
                revision = self._next_revision(expected)
            expected |= fields
            if CODE & fields.keys():
                sent = {**function_code.place(self._aws, self._function), "Architectures": fields["Architectures"]}
                sent |= {name: kept[name] for name in ("SourceKMSKeyArn",) if name in kept}  # left out, AWS's own key is taken
                response = self._change("UpdateFunctionCode", sent, fields, revision)
            else:
                sent = {**self._function.by_number(self._aws, fields), **accepted_fields.structures(fields, kept)}
                if "LoggingConfig" in sent:
                    stale = self._stale.get("LoggingConfig", {})
                    sent["LoggingConfig"] = _logging(sent["LoggingConfig"], fields["LoggingConfig"], stale)
                response = self._change("UpdateFunctionConfiguration", sent, fields, revision)
        return response

    def _change(self, operation: str, fields: State, desired: State, revision: str | None) -> JsonObject:
        """Makes one update and waits for its end. If another update is running, it is tried again once that has ended."""
        try:
            response = self._replace(operation, fields, desired, revision)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            self._aws.wait("lambda", "function_updated_v2", FunctionName=self._function.name)
            response = self._replace(operation, fields, desired, revision)
        if response.get("LastUpdateStatus") != "Successful":
            self._aws.wait("lambda", "function_updated_v2", FunctionName=self._function.name)
        return response

    def _replace(self, operation: str, fields: State, desired: State, revision: str | None) -> JsonObject:
        """Makes one update of the revision that was read. A call whose answer was lost is sent again and finds its own change."""
        condition = {"RevisionId": revision} if revision else {}
        try:
            return self._aws.call("lambda", operation, FunctionName=self._function.name, **fields, **condition)
        except AwsError as error:
            if error.code != "PreconditionFailedException":
                raise
        self._aws.wait("lambda", "function_updated_v2", FunctionName=self._function.name)
        live = self._unless_changed(operation, self._function.read(self._aws), desired)
        return {"LastUpdateStatus": "Successful", "CodeSha256": live.state.get("CodeSha256"), "RevisionId": live.revision}

    def _next_revision(self, expected: State) -> str | None:
        """The revision after our own change has ended; it differs from the one in Lambda's answer to the change."""
        return self._unless_changed("UpdateFunctionCode", self._function.read(self._aws), expected).revision

    def _unless_changed(self, operation: str, live: Live | None, expected: State) -> Live:
        if live is None or any(live.state.get(name, value) != value for name, value in expected.items()):
            message = f"{self._function.name} was changed by somebody else since this plan was made. Deploy again."
            raise AwsError("lambda", operation, "PreconditionFailedException", message)
        return live


@contextmanager
def without_role(aws: Aws, function: Updatable, change: Change) -> Iterator[Live | None]:
    """Updates a function whose role was created again: it gets another role first, so that AWS grants again."""
    if ROLE_ID not in change.changed or not function.environment or change.live is None:
        yield change.live
        return
    with stand_in(aws, function.role_arn) as other:
        FunctionUpdates(aws, function, {}).one_by_one(change.live, [{"Role": other}])
        yield function.read(aws)


def _logging(sent: State, declared: State, stale: State) -> State:
    """How it logs. If that becomes text, as it does when JSON is no longer declared, it has no levels.

    Follows https://docs.aws.amazon.com/lambda/latest/api/API_LoggingConfig.html
    """
    if "LogFormat" not in stale and declared.get("LogFormat") != "Text":
        return sent
    levels = {"ApplicationLogLevel", "SystemLogLevel"}
    return {"LogFormat": "Text", **{name: value for name, value in sent.items() if name not in levels}}


def reserve(aws: Aws, name: str, desired: State, changed: Collection[str], stale: State) -> None:
    """Reserves concurrency for a function, or takes the reservation away if it is no longer declared."""
    for field in RESERVED:
        if field in stale:
            aws.call("lambda", "DeleteFunctionConcurrency", FunctionName=name)
        elif field in desired and field in changed:
            aws.call("lambda", "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=desired[field])


def refuse_part(part: Mapping[str, str] | None) -> None:
    """Raises the error that GetFunction reports for a part that it left out."""
    if part:
        raise AwsError("lambda", "GetFunction", part.get("ErrorCode", "Unknown"), part.get("Message", "no reason given"))
