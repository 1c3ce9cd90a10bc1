"""Fields that are settings as they are: which values of AWS become settings, and which stay as they are."""

import json
from typing import Any

from common.importing import crawlers, functions, jobs, machines
from tests.importing.live import arn
from tests.importing.test_kinds import CRAWLER, FUNCTION, JOB, MACHINE, context, resource

KEY = arn("kms", "key/11111111-2222-3333-4444-555555555555")


def test_settings_of_a_function_are_written_and_what_lambda_sets_itself_is_not() -> None:
    live: dict[str, Any] = {
        **FUNCTION,
        "Description": "rows",
        "TracingConfig": {"Mode": "Active"},
        "KMSKeyArn": arn("kms", "alias/ours"),
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"},
    }
    concurrency = {"ReservedConcurrentExecutions": 0}
    entry = functions.entry(resource("lambda", {"Configuration": live, "Concurrency": concurrency}), "orders", context())
    assert {name: entry.settings.get(name) for name in ("description", "tracing", "reserved_concurrency")} == {
        "description": "rows",
        "tracing": True,
        "reserved_concurrency": 0,
    }
    assert not entry.settings.keys() & {"log_format", "kms_key"}
    assert any("kms key" in note and "stays as it is" in note for note in entry.notes)
    usual = {**FUNCTION, "TracingConfig": {"Mode": "PassThrough"}, "Description": ""}
    entry = functions.entry(resource("lambda", {"Configuration": usual}), "orders", context())
    assert not entry.settings.keys() & {"tracing", "description"}


def test_settings_of_jobs_crawlers_and_machines_are_written() -> None:
    overridden = {"--mode": "full", "--db_password": "hunter2-Zx81"}
    live = {**JOB, "NotificationProperty": {"NotifyDelayAfter": 5}, "NonOverridableArguments": overridden}
    job = jobs.entry(resource("glue-job", live), "orders", context())
    assert job.settings["notify_delay_minutes"] == 5
    assert job.settings["non_overridable_arguments"] == {"--mode": "full"}
    assert job.secrets == ["--db_password"]
    fields = {"Classifiers": ["csv"], "CrawlerSecurityConfiguration": "kms"}
    crawler = crawlers.entry(resource("crawler", {**CRAWLER, **fields}), "orders", context())
    assert (crawler.settings["classifiers"], crawler.settings["security_configuration"]) == (["csv"], "kms")
    schedule = {"ScheduleExpression": "cron(0 3 * * ? *)", "State": "NOT_SCHEDULED"}
    crawler = crawlers.entry(resource("crawler", {**CRAWLER, "Schedule": schedule}), "orders", context())
    assert crawler.settings["schedule"] == "cron(0 3 * * ? *)"
    assert crawler.notes == ["Its schedule is paused, and stays so until the schedule is changed, or somebody resumes it."]
    encryption = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/ours"}
    machine = machines.entry(resource("state-machine", {**MACHINE, "encryptionConfiguration": encryption}), "orders", context())
    assert "kms_key" not in machine.settings
    machine = machines.entry(
        resource("state-machine", {**MACHINE, "encryptionConfiguration": {**encryption, "kmsKeyId": KEY}}), "orders", context()
    )
    assert "kms_key" in machine.settings


def test_a_secret_in_a_description_is_not_written() -> None:
    secret = "User=x;Password=Xk29vPq7mZt4Lw"
    entry = functions.entry(resource("lambda", {"Configuration": {**FUNCTION, "Description": secret}}), "orders", context())
    assert "description" not in entry.settings
    assert entry.secrets == ["description"]
    assert "Xk29" not in json.dumps([entry.settings, entry.named, entry.comments, entry.notes])
