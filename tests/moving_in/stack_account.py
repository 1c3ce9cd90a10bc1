"""A live account in which CloudFormation has made everything from one template, with names that it generated in part."""

import json
import time
from collections.abc import Callable
from typing import Any

from tests.moving_in.zips import packed

ACCOUNT, REGION = "533107264118", "eu-west-1"
STACK, SCRIPTS = "codes", "codes-scripts"
SELECTED = ("--match", "codes-*")
IMPORTED = ("function codes-normalize", "job codes-load", "state machine codes-main", "rule codes-nightly")
"""What must carry our tags once it is adopted, as the snapshot calls it."""
_HANDLER = "def handler(event, context):\n    return {'codes': len(event.get('codes', []))}\n"
_SCRIPT = "import sys\nprint(sys.argv)\n"
_DEFINITION = {
    "StartAt": "Normalize",
    "States": {
        "Normalize": {"Type": "Task", "Resource": "${Function}", "Next": "Load"},
        "Load": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "${Job}"},
            "End": True,
        },
    },
}


class StackAccount:
    """Makes the account with these clients."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    def make(self) -> None:
        """What the template needs, and the stack."""
        s3 = self._client("s3")
        s3.create_bucket(Bucket=SCRIPTS, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=SCRIPTS, Key="load.py", Body=_SCRIPT.encode())
        s3.put_object(Bucket=SCRIPTS, Key="normalize.zip", Body=packed({"index.py": _HANDLER}))
        self._client("cloudformation").create_stack(
            StackName=STACK, TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
        )
        self.wait("CREATE_COMPLETE")

    def processed(self) -> str:
        """The template as `aws cloudformation get-template --template-stage Processed` prints it."""
        answer = self._client("cloudformation").get_template(StackName=STACK, TemplateStage="Processed")
        return json.dumps(answer["TemplateBody"])

    def update(self, body: str) -> None:
        """Update the stack to this template."""
        capabilities = ["CAPABILITY_NAMED_IAM"]
        self._client("cloudformation").update_stack(StackName=STACK, TemplateBody=body, Capabilities=capabilities)
        self.wait("UPDATE_COMPLETE")

    def delete(self) -> None:
        """Delete the stack."""
        stack_id = self._client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
        self._client("cloudformation").delete_stack(StackName=STACK)
        self.wait("DELETE_COMPLETE", stack_id)

    def wait(self, status: str, name: str = STACK) -> None:
        """Until the stack has this status."""
        deadline = time.monotonic() + 60
        while (stack := self._client("cloudformation").describe_stacks(StackName=name)["Stacks"][0])["StackStatus"] != status:
            assert time.monotonic() < deadline, stack
            assert "FAILED" not in stack["StackStatus"], stack
            assert "ROLLBACK" not in stack["StackStatus"], stack
            time.sleep(0.1)


def template() -> dict[str, Any]:
    """Four resources that the deployer takes over, and others that it does not."""
    principals = [f"{service}.amazonaws.com" for service in ("lambda", "glue", "states", "events")]
    trust = {"Effect": "Allow", "Principal": {"Service": principals}, "Action": "sts:AssumeRole"}
    role_arn = {"Fn::GetAtt": ["Role", "Arn"]}
    resources: dict[str, Any] = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "codes-normalize",
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": role_arn,
                "Code": {"S3Bucket": SCRIPTS, "S3Key": "normalize.zip"},
                "MemorySize": 320,
                "Environment": {"Variables": {"STAGE": "dev"}},
            },
        },
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/aws/lambda/codes-normalize", "RetentionInDays": 60},
        },
        "Job": {
            "Type": "AWS::Glue::Job",
            "Properties": {
                "Name": "codes-load",
                "Role": role_arn,
                "Command": {"Name": "glueetl", "ScriptLocation": f"s3://{SCRIPTS}/load.py", "PythonVersion": "3"},
                "GlueVersion": "4.0",
                "WorkerType": "G.1X",
                "NumberOfWorkers": 3,
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "codes-main",
                "RoleArn": role_arn,
                "DefinitionString": {
                    "Fn::Sub": [json.dumps(_DEFINITION), {"Function": {"Fn::GetAtt": ["Function", "Arn"]}, "Job": {"Ref": "Job"}}]
                },
            },
        },
        "Nightly": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "codes-nightly",
                "ScheduleExpression": "rate(12 hours)",
                "Targets": [{"Id": "Main", "Arn": {"Ref": "Machine"}, "RoleArn": role_arn}],
            },
        },
        "Failed": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 864000}},
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Description": "Codes of crops", "Resources": resources}
