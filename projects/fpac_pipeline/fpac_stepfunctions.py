"""The state machine of the FPAC pipeline, as Python that builds Amazon States Language.

    CreateNewId -> Validate -> LandingJob -> CleaningJob -> FinalJob -> StartCrawler -> (poll) -> LogResults -> Succeeded
         any error that retrying does not cure -> LogFailure -> Failed (with the error and cause of what went wrong)

The run id comes first, so that a file refused by Validate is on record like every other run. Nothing refers into the
execution's input: a path that is not there is ``States.Runtime``, which no Catch can catch, so the functions get the whole
input and judge it. Names in ``${...}`` are filled in at deployment.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from typing import Any

State = dict[str, Any]

# AWSGlueException is what the optimized Glue integration makes of throttling and other answers it has no name for.
GLUE_PASSING = (
    "Glue.AWSGlueException",
    "Glue.ThrottlingException",
    "Glue.InternalServiceException",
    "Glue.OperationTimeoutException",
    "Glue.GlueException",
    "Glue.SdkClientException",
)
GLUE_BUSY = ("Glue.ConcurrentRunsExceededException", "Glue.ResourceNumberLimitExceededException")
LAMBDA_PASSING = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
)
EXECUTION = {
    "execution_arn.$": "$$.Execution.Id",
    "started_at.$": "$$.Execution.StartTime",
    "input.$": "$$.Execution.Input",
}
MAX_POLLS = 240  # of 15 seconds: an hour of crawling


def definition() -> dict[str, Any]:
    """The definition, with ``${Name.arn}`` and ``${name.name}`` for the resources it uses."""
    return {
        "Comment": "Crop acreage: CSV in, curated Parquet out",
        "StartAt": "CreateNewId",
        "TimeoutSeconds": 6 * 3600,
        "States": {
            "CreateNewId": _function("CreateNewId", EXECUTION, then="Validate")
            | {"ResultSelector": {"run.$": "$.Payload"}, "ResultPath": "$"},
            "Validate": _function("Validate", {"input.$": "$$.Execution.Input"}, then="LandingJob")
            | {"ResultSelector": {"location.$": "$.Payload.location"}, "ResultPath": "$.source"},
            "LandingJob": _job(
                "landing_job",
                {"--source_location.$": "$.source.location", "--loaded_at.$": "$$.Execution.StartTime"},
                then="CleaningJob",
            ),
            "CleaningJob": _job("cleaning_job", {}, then="FinalJob"),
            "FinalJob": _job("final_job", {}, then="StartCrawler"),
            **_crawl("final_crawler", then="LogResults"),
            "LogResults": _log_results(then="Succeeded"),
            "LogFailure": _log_failure(then="Failed"),
            "Succeeded": {"Type": "Succeed"},
            "Failed": {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.Cause"},
        },
    }


def _function(name: str, payload: State, then: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:${AWS::Partition}:states:::lambda:invoke",
        "Parameters": {"FunctionName": f"${{{name}.arn}}", "Payload": payload},
        "TimeoutSeconds": 300,
        "Retry": [_retry(LAMBDA_PASSING, first=2, times=6)],
        "Catch": [_catch()],
        "Next": then,
    }


def _job(name: str, arguments: State, then: str) -> State:
    return {
        "Type": "Task",
        "Resource": "arn:${AWS::Partition}:states:::glue:startJobRun.sync",
        "Parameters": {
            "JobName": f"${{{name}.name}}",
            "Arguments": {"--run_id.$": "$.run.run_id", **arguments},
        },
        "ResultPath": None,  # the state goes on as it was: what the job made is in the zone and in the run record
        "TimeoutSeconds": 3600,
        "Retry": [_retry(GLUE_BUSY, first=60, times=120, backoff=1.0), _retry(GLUE_PASSING, first=10, times=5)],
        "Catch": [_catch()],
        "Next": then,
    }


def _crawl(name: str, then: str) -> dict[str, State]:
    """Start the crawler and wait for its end.

    One that is already running may have passed the new partitions by: its end is awaited, then it is started again.
    """
    crawler = {"Name": f"${{{name}.name}}"}
    done = {"Variable": "$.crawler.Crawler.State", "StringEquals": "READY"}
    status = "$.crawler.Crawler.LastCrawl.Status"
    return {
        "StartCrawler": {
            "Type": "Task",
            "Resource": "arn:${AWS::Partition}:states:::aws-sdk:glue:startCrawler",
            "Parameters": crawler,
            "ResultSelector": {"polls": 0},
            "ResultPath": "$.crawl",
            "Retry": [
                _retry(("Glue.CrawlerRunningException",), first=30, times=120, backoff=1.0),
                _retry(GLUE_PASSING, first=5, times=5),
            ],
            "Catch": [_catch()],
            "Next": "WaitForCrawler",
        },
        "WaitForCrawler": {"Type": "Wait", "Seconds": 15, "Next": "CountPoll"},
        "CountPoll": {
            "Type": "Pass",
            "Parameters": {"polls.$": "States.MathAdd($.crawl.polls, 1)"},
            "ResultPath": "$.crawl",
            "Next": "GetCrawler",
        },
        "GetCrawler": {
            "Type": "Task",
            "Resource": "arn:${AWS::Partition}:states:::aws-sdk:glue:getCrawler",
            "Parameters": crawler,
            "ResultPath": "$.crawler",
            "Retry": [_retry(GLUE_PASSING, first=5, times=5)],
            "Catch": [_catch()],
            "Next": "CrawlerEnded",
        },
        "CrawlerEnded": {
            "Type": "Choice",
            "Choices": [
                {
                    "And": [done, {"Variable": status, "IsPresent": True}, {"Variable": status, "StringEquals": "SUCCEEDED"}],
                    "Next": then,
                },
                {**done, "Next": "CrawlerFailed"},
                {"Variable": "$.crawl.polls", "NumericGreaterThanEquals": MAX_POLLS, "Next": "CrawlerFailed"},
            ],
            "Default": "WaitForCrawler",
        },
        "CrawlerFailed": {
            "Type": "Pass",
            "Parameters": {"Error": "CrawlerFailed", "Cause.$": "States.JsonToString($.crawler.Crawler)"},
            "ResultPath": "$.failure",
            "Next": "LogFailure",
        },
    }


def _log_results(then: str) -> State:
    return _function("LogResults", {**EXECUTION, "state.$": "$"}, then) | {"OutputPath": "$.Payload"}


def _log_failure(then: str) -> State:
    """Not being able to log must not hide the failure itself: it stays at ``$.failure``."""
    logged = _function("LogResults", {**EXECUTION, "state.$": "$"}, then)
    unlogged = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.unlogged", "Next": then}
    return logged | {"ResultPath": "$.logged", "Catch": [unlogged]}


def _retry(errors: tuple[str, ...], first: int, times: int, backoff: float = 2.0) -> State:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": first,
        "MaxAttempts": times,
        "BackoffRate": backoff,
        "MaxDelaySeconds": 300,
        "JitterStrategy": "FULL",
    }


def _catch() -> State:
    return {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "LogFailure"}
