"""What the functions, jobs and machines of the first fixture account run."""

import json
from typing import Any

VALIDATE = '''"""Checks what has arrived."""
import logging
import os

import boto3
from dateutil import parser

from fsa_common import layout
from lib.rules import check

LOG = logging.getLogger()


def lambda_handler(event, context):
    """One file."""
    when = parser.parse(event.get("time", "2024-01-01T00:00:00Z"))
    key = event.get("detail", {}).get("object", {}).get("key", "")
    LOG.info("%s %s %s", key, when, layout.version())
    return {"key": key, "valid": check(key), "bucket": os.environ["LANDING_BUCKET"]}
'''
RULES = '''"""What a file must look like."""


def check(key):
    return key.endswith(".csv")
'''
ENRICH = """import os


def handle(event, _context):
    return {**event, "stage": os.environ.get("STAGE", "")}
"""
NOTIFY = """import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { subject } from "fsa-text";

const sns = new SNSClient({});

export const handler = async (event) => {
  await sns.send(new PublishCommand({ TopicArn: process.env.TOPIC, Subject: subject(event), Message: JSON.stringify(event) }));
  return { told: true };
};
"""
NOTIFY_PACKAGE: dict[str, Any] = {
    "name": "notify",
    "version": "1.0.0",
    "type": "module",
    "dependencies": {"fsa-text": "2.1.0"},
}
TEXT = "export const subject = (event) => `orders: ${event.status ?? 'unknown'}`.slice(0, 100);\n"
TEXT_PACKAGE = {"name": "fsa-text", "version": "2.1.0", "type": "module", "exports": "./index.js"}
LOOKUP = "def handler(event, context):\n    return {'customer': event.get('customer')}\n"
LAYOUT = 'def version():\n    return "7"\n'
LANDING = """import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

from fsa_glue import columns

args = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
frame = glue.spark_session.read.option("header", True).csv(args["source"])
frame.select(*columns.ORDERS).write.mode("overwrite").parquet(args["target"])
job.commit()
"""
REPORT = """import sys

import boto3
from awsglue.utils import getResolvedOptions

args = getResolvedOptions(sys.argv, ["bucket"])
print(len(boto3.client("s3").list_objects_v2(Bucket=args["bucket"]).get("Contents", [])))
"""
COLUMNS = 'ORDERS = ("order_id", "customer", "amount")\n'


def main_machine(arns: dict[str, str]) -> str:
    """It starts another machine, waits for jobs, and calls functions by ARN, by name, and with a version."""
    retry = [{"ErrorEquals": ["Lambda.ServiceException"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2.0}]
    caught = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Tell"}]
    states = {
        "Validate": {"Type": "Task", "Resource": arns["validate"], "Retry": retry, "Catch": caught, "Next": "Valid?"},
        "Valid?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.valid", "BooleanEquals": True, "Next": "Load"}],
            "Default": "Tell",
        },
        "Load": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {
                "StateMachineArn": arns["load"],
                "Input": {"key.$": "$.key", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"},
            },
            "Catch": caught,
            "Next": "Customer",
        },
        "Customer": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": f"{arns['lookup']}:$LATEST", "Payload.$": "$"},
            "ResultSelector": {"customer.$": "$.Payload.customer"},
            "Next": "Remember",
        },
        "Remember": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "FSA_DEV_ORDERS_RUNS", "Item": {"RUN_ID": {"S.$": "$$.Execution.Name"}}},
            "ResultPath": None,
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "FSA-DEV-Orders-Notify", "Payload": {"status": "done"}},
            "End": True,
        },
    }
    return json.dumps({"Comment": "Orders, from the landing zone on", "StartAt": "Validate", "States": states}, indent=2)


def load_machine(arns: dict[str, str]) -> str:
    """It runs jobs and a crawler, and may start the first machine again, which names it in turn."""
    states = {
        "Land": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "orders_landing_DEV", "Arguments": {"--run_id.$": "$$.Execution.Name"}},
            "Next": "Both",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Report",
                    "States": {
                        "Report": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::glue:startJobRun.sync",
                            "Parameters": {"JobName": "orders_report_DEV"},
                            "End": True,
                        }
                    },
                },
                {
                    "StartAt": "Crawl",
                    "States": {
                        "Crawl": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::aws-sdk:glue:startCrawler",
                            "Parameters": {"Name": "FSA-DEV-Orders-Crawler"},
                            "End": True,
                        }
                    },
                },
            ],
            "Next": "Again?",
        },
        "Again?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$[0].again", "IsPresent": True, "Next": "Again"}],
            "Default": "Done",
        },
        "Again": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": {"StateMachineArn": arns["main"], "Input": {"again": False}},
            "End": True,
        },
        "Done": {"Type": "Succeed"},
    }
    return json.dumps({"StartAt": "Land", "States": states})
