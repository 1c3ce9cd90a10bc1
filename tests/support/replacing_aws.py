"""AWS's replacing updates as its documentation tells them, behind botocore: what an update leaves out is reset, where AWS resets.

moto and the embedded AWS keep what an update leaves out, or know few of the fields. So these operations are answered here, after
botocore has checked their parameters against its models; all others go to moto.

* UpdateJob: "Job parameters that are not specified are removed or reset".
  https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-jobs-job.html#aws-glue-api-jobs-job-UpdateJob
* UpdateCrawler and UpdateStateMachine are held to the same rule here, which is the stricter one.
* UpdateFunctionConfiguration keeps what is left out, and replaces each structure and map that it is given.
  https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
* UpdateFunctionCode encrypts with AWS's own key unless it is given another one.
  https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
"""

import base64
import hashlib
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import boto3
import pytest
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

Fields = dict[str, Any]
Answer = Callable[[Fields], Fields | None]
"""What answers an operation; None lets moto answer it."""
_GLUE = {"Job": ("JobName", "JobUpdate"), "Crawler": ("Name", "")}


class ReplacingAws:
    """The jobs, crawlers, functions and state machines of an account."""

    def __init__(self, region: str, account_id: str) -> None:
        self._region, self._account_id = region, account_id
        self.live: dict[str, Fields] = {}
        """The fields of each, by ``kind/name``, without its tags."""
        self.tags: dict[str, dict[str, str]] = {}
        """The tags of each, by the end of its ARN."""
        self.reserved: dict[str, int] = {}
        """The concurrency that is reserved for each function."""

    def answers(self) -> dict[str, Answer]:
        """The answer to each operation, by service and operation."""
        result: dict[str, Answer] = {
            "glue.CreateDatabase": self._note_database,
            "glue.GetTags": lambda parameters: {"Tags": self._tags(parameters["ResourceArn"])},
            "glue.TagResource": lambda parameters: self._tag(parameters["ResourceArn"], parameters["TagsToAdd"]),
            "glue.UntagResource": lambda parameters: self._untag(parameters["ResourceArn"], parameters["TagsToRemove"]),
            "lambda.TagResource": lambda parameters: self._tag(parameters["Resource"], parameters["Tags"]),
            "lambda.UntagResource": lambda parameters: self._untag(parameters["Resource"], parameters["TagKeys"]),
            "lambda.CreateFunction": self._create_function,
            "lambda.GetFunction": self._get_function,
            "lambda.UpdateFunctionConfiguration": self._configure_function,
            "lambda.PutFunctionConcurrency": self._reserve,
            "lambda.DeleteFunctionConcurrency": self._release,
            "lambda.UpdateFunctionCode": self._update_code,
            "sfn.CreateStateMachine": self._create_machine,
            "sfn.DescribeStateMachine": lambda parameters: self._machine(parameters["stateMachineArn"]),
            "sfn.UpdateStateMachine": self._update_machine,
            "sfn.ListTagsForResource": lambda parameters: {"tags": _listed(self._tags(parameters["resourceArn"]))},
            "sfn.TagResource": lambda parameters: self._tag(parameters["resourceArn"], _mapped(parameters["tags"])),
            "sfn.UntagResource": lambda parameters: self._untag(parameters["resourceArn"], parameters["tagKeys"]),
        }
        for kind in _GLUE:
            result[f"glue.Create{kind}"] = partial(self._create_of_glue, kind)
            result[f"glue.Get{kind}"] = partial(self._of_glue, kind)
            result[f"glue.Update{kind}"] = partial(self._update_of_glue, kind)
        return result

    def _existing(self, key: str, code: str) -> Fields:
        if key not in self.live:
            raise ClientError({"Error": {"Code": code, "Message": f"{key} does not exist"}}, "Get")
        return self.live[key]

    def _tags(self, arn: str) -> dict[str, str]:
        return self.tags.setdefault(arn.split(":", 5)[5], {})

    def _tag(self, arn: str, tags: dict[str, str]) -> Fields:
        self._tags(arn).update(tags)
        return {}

    def _untag(self, arn: str, keys: list[str]) -> Fields:
        for key in keys:
            self._tags(arn).pop(key, None)
        return {}

    def _note_database(self, parameters: Fields) -> None:
        """Moto makes it; its tags are asked for here."""
        self.tags[f"database/{parameters['DatabaseInput']['Name']}"] = parameters.get("Tags", {})

    # Glue ----------------------------------------------------------------------------------------------------------------------

    def _create_of_glue(self, kind: str, parameters: Fields) -> Fields:
        self.tags[f"{kind.lower()}/{parameters['Name']}"] = parameters.pop("Tags", {})
        self.live[f"{kind}/{parameters.pop('Name')}"] = parameters
        return {}

    def _of_glue(self, kind: str, parameters: Fields) -> Fields:
        name = parameters.get("JobName") or parameters["Name"]
        live = self._existing(f"{kind}/{name}", "EntityNotFoundException")
        of_crawler = {"State": "READY", "Schedule": {"ScheduleExpression": live.get("Schedule", "")}}
        return {kind: {**live, "Name": name, **(of_crawler if kind == "Crawler" else {})}}

    def _update_of_glue(self, kind: str, parameters: Fields) -> Fields:
        of_name, update = _GLUE[kind]
        name = parameters.pop(of_name)
        self._existing(f"{kind}/{name}", "EntityNotFoundException")
        self.live[f"{kind}/{name}"] = parameters[update] if update else parameters
        return {}

    # Lambda --------------------------------------------------------------------------------------------------------------------

    def _create_function(self, parameters: Fields) -> Fields:
        name, code = parameters.pop("FunctionName"), parameters.pop("Code")
        self.tags[f"function:{name}"] = parameters.pop("Tags", {})
        self.live[f"Function/{name}"] = {
            **parameters,
            "SourceKMSKeyArn": code.get("SourceKMSKeyArn"),
            **self._loaded(code),
        }
        return self._function(name)

    def _get_function(self, parameters: Fields) -> Fields:
        function = self._function(parameters["FunctionName"])
        code = {name: function[name] for name in ("SourceKMSKeyArn", "ImageUri") if name in function}
        reserved = self.reserved.get(parameters["FunctionName"])
        concurrency = {} if reserved is None else {"Concurrency": {"ReservedConcurrentExecutions": reserved}}
        return {
            "Configuration": function,
            "Code": code,
            "Tags": self.tags[f"function:{parameters['FunctionName']}"],
            **concurrency,
        }

    def _release(self, parameters: Fields) -> Fields:
        del self.reserved[parameters["FunctionName"]]
        return {}

    def _reserve(self, parameters: Fields) -> Fields:
        self.reserved[parameters["FunctionName"]] = parameters["ReservedConcurrentExecutions"]
        return {"ReservedConcurrentExecutions": parameters["ReservedConcurrentExecutions"]}

    def _configure_function(self, parameters: Fields) -> Fields:
        name = parameters.pop("FunctionName")
        parameters.pop("RevisionId", None)
        self._existing(f"Function/{name}", "ResourceNotFoundException").update(parameters)
        return self._function(name)

    def _update_code(self, parameters: Fields) -> Fields:
        live = self._existing(f"Function/{parameters['FunctionName']}", "ResourceNotFoundException")
        live |= {"SourceKMSKeyArn": parameters.get("SourceKMSKeyArn"), "Architectures": parameters["Architectures"]}
        live |= self._loaded(parameters)
        return self._function(parameters["FunctionName"])

    def _function(self, name: str) -> Fields:
        live = deepcopy(self._existing(f"Function/{name}", "ResourceNotFoundException"))
        live["Layers"] = [{"Arn": arn} for arn in live.get("Layers", ())]
        config = {"ImageConfigResponse": {"ImageConfig": live["ImageConfig"]}} if live.get("ImageConfig") else {}
        return {**live, **config, "FunctionName": name, "State": "Active", "LastUpdateStatus": "Successful", "RevisionId": "1"}

    def _loaded(self, code: Fields) -> Fields:
        return {"ImageUri": code["ImageUri"]} if "ImageUri" in code else _digest(self._bytes(code))

    def _bytes(self, code: Fields) -> bytes:
        if "ZipFile" in code:
            return bytes(code["ZipFile"])
        s3 = boto3.client("s3", region_name=self._region)
        return bytes(s3.get_object(Bucket=code["S3Bucket"], Key=code["S3Key"])["Body"].read())

    # Step Functions ------------------------------------------------------------------------------------------------------------

    def _create_machine(self, parameters: Fields) -> Fields:
        name = parameters.pop("name")
        self.tags[f"stateMachine:{name}"] = _mapped(parameters.pop("tags", []))
        self.live[f"Machine/{name}"] = parameters
        return {"stateMachineArn": f"arn:aws:states:{self._region}:{self._account_id}:stateMachine:{name}"}

    def _machine(self, arn: str) -> Fields:
        return {**self._existing(f"Machine/{arn.rpartition(':')[2]}", "StateMachineDoesNotExist"), "status": "ACTIVE"}

    def _update_machine(self, parameters: Fields) -> Fields:
        name = parameters.pop("stateMachineArn").rpartition(":")[2]
        live = self._existing(f"Machine/{name}", "StateMachineDoesNotExist")
        self.live[f"Machine/{name}"] = {"type": live["type"], **parameters}
        return {"revisionId": "2"}


def _digest(code: bytes) -> Fields:
    return {"CodeSha256": base64.b64encode(hashlib.sha256(code).digest()).decode()}


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _mapped(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in tags}


def answer_by(aws: ReplacingAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets botocore's sessions that are made from now on be answered by `aws`."""
    more: list[tuple[str, Any]] = []
    for name, answer in aws.answers().items():

        def keep(params: Fields, context: Fields, **_: Any) -> None:
            context["parameters"] = deepcopy(params)

        def reply(context: Fields, answer: Any = answer, **_: Any) -> tuple[AWSResponse, Fields] | None:
            try:
                body = answer(context["parameters"])
            except ClientError as error:
                return AWSResponse("", 400, {}, None), {**error.response, "ResponseMetadata": {"HTTPHeaders": {}}}
            return None if body is None else (AWSResponse("", 200, {}, None), {**body, "ResponseMetadata": {"HTTPHeaders": {}}})

        more += [(f"before-parameter-build.{name}", keep), (f"before-call.{name}", reply)]
    monkeypatch.setattr(handlers, "BUILTIN_HANDLERS", [*more, *handlers.BUILTIN_HANDLERS])
