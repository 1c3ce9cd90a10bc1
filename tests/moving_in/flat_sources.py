"""What the functions, jobs and machines of the second fixture account run."""

import json

INGEST = """import json
import os

import boto3
import idna

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def lambda_handler(event, context):
    for record in event.get("Records", [event]):
        table.put_item(Item={"field": idna.encode(record["field"]).decode(), "year": 2024})
    return {"fields": len(event.get("Records", [event]))}
"""
STATS = """import json
from pathlib import Path

CROPS = json.loads((Path(__file__).parent / "tables.json").read_text())["crops"]


def run(event, context):
    return {"crops": len(CROPS)}
"""
WEATHER = """exports.handler = async (event) => ({ temperature: 17, at: event.at });
"""
LOAD = """import sys
from awsglue.utils import getResolvedOptions
from pyspark.sql import SparkSession

arguments = getResolvedOptions(sys.argv, ["db_password"])
SparkSession.builder.getOrCreate().read.json("s3://acme-fields/raw/").write.parquet("s3://acme-fields/fields/")
"""
EXPORT = "print('exported')\n"


def quick(function: str) -> str:
    """An express workflow in JSONata."""
    weather = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"{function}:weather:$LATEST", "Payload": "{% $states.input %}"},
        "Output": "{% $states.result.Payload %}",
        "End": True,
    }
    stats = {"Type": "Task", "Resource": f"{function}:field_stats:live", "Next": "Weather"}
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "Stats", "States": {"Stats": stats, "Weather": weather}})


def daily(machine: str, topic: str) -> str:
    """It maps over fields, starts an express workflow, and runs what else there is of fields."""
    quick = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
        "Parameters": {"StateMachineArn": machine, "Input.$": "States.JsonToString($)"},
        "End": True,
    }
    states = {
        "Ingest": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "ingest_fields", "Payload.$": "$"},
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.fields",
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "One", "States": {"One": quick}},
            "Next": "Load",
        },
        "Load": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Parameters": {"JobName": "load_fields"},
            "Next": "Crawl",
        },
        "Crawl": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:glue:startCrawler",
            "Parameters": {"Name": "fields"},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": topic, "Message.$": "$$.Execution.Name"},
            "End": True,
        },
    }
    return json.dumps({"StartAt": "Ingest", "States": states, "TimeoutSeconds": 7200}, indent=4)
