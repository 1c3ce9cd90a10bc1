"""Glue jobs run their scripts for real."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from tests.local.fixtures import ROLE
from tests.packaging.index import wheel
from tests.support.waiting import until

SPARK = """
import sys
from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

options = getResolvedOptions(sys.argv, ["JOB_NAME", "source", "target"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(options["JOB_NAME"], options)
rows = glue.spark_session.read.parquet(options["source"])
rows.where("acres > 1").write.mode("overwrite").partitionBy("year").parquet(options["target"])
print("kept", glue.spark_session.read.parquet(options["target"]).count())
job.commit()
"""


def test_a_spark_job_in_a_state_machine_reads_and_writes_parquet_on_s3(client: Any, bucket: str, job: Any, execute: Any) -> None:
    table = pa.table({"acres": [1.0, 2.0, 3.0], "year": [2023, 2023, 2024]})
    content = io.BytesIO()
    pq.write_table(table, content)
    client("s3").put_object(Bucket=bucket, Key="spark/in/rows.parquet", Body=content.getvalue())
    client("s3").put_object(Bucket=bucket, Key="spark/out/year=1999/old.parquet", Body=b"stale")
    job("spark", SPARK, DefaultArguments={"--source": f"s3://{bucket}/spark/in/", "--target": "overridden"})
    arguments = {"--target": f"s3://{bucket}/spark/out/"}
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": True}

    done = execute("spark", {"Run": {**task, "Parameters": {"JobName": "spark", "Arguments": arguments}}})

    assert done["status"] == "SUCCEEDED", done.get("cause")
    run = json.loads(done["output"])
    assert (run["JobName"], run["JobRunState"], run["Arguments"]) == ("spark", "SUCCEEDED", arguments)
    assert run["StartedOn"] > 1e12, "Step Functions gives times in milliseconds"
    keys = [item["Key"] for item in client("s3").list_objects_v2(Bucket=bucket, Prefix="spark/out/")["Contents"]]
    assert {key.split("/")[2] for key in keys} == {"_SUCCESS", "year=2023", "year=2024"}
    written = [client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys if key.endswith("parquet")]
    assert sorted(v for part in written for v in pq.read_table(io.BytesIO(part))["acres"].to_pylist()) == [2.0, 3.0]
    logged = client("logs").get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=f"{run['Id']}-driver")["events"]
    assert "kept 2" in [event["message"] for event in logged]


def test_partition_values_with_any_character_survive(client: Any, bucket: str, job: Any, run_job: Any) -> None:
    script = (
        "import sys, boto3\n"
        "from awsglue.utils import getResolvedOptions\n"
        "from pyspark.sql import SparkSession\n"
        "target = getResolvedOptions(sys.argv, ['target'])['target']\n"
        "spark = SparkSession.builder.config('spark.sql.sources.partitionOverwriteMode', 'dynamic').getOrCreate()\n"
        "names = ['a b', '50%', 'x+y=z', 'Größe/ü', 'a%20b']\n"
        "rows = spark.createDataFrame([(name, 1) for name in names], ['name', 'n'])\n"
        "rows.write.partitionBy('name').mode('overwrite').parquet(target)\n"
        "rows.where(\"name = 'a b'\").write.partitionBy('name').mode('overwrite').parquet(target)\n"
        "rows.coalesce(1).write.option('header', True).mode('append').csv(target + 'sheet')\n"
        "found = spark.read.option('basePath', target).parquet(target + 'name=*')\n"
        "assert sorted(row.name for row in found.collect()) == sorted(names), found.collect()\n"
        "prefix = target.split('/', 3)[3]\n"
        f"keys = [o['Key'] for o in boto3.client('s3').list_objects_v2(Bucket={bucket!r}, Prefix=prefix)['Contents']]\n"
        "assert not [key for key in keys if '_temporary' in key or '.spark-staging' in key], keys\n"
        "assert len([key for key in keys if '/sheet/part-' in '/' + key]) == 1, keys\n"
    )
    job("names", script)

    run = run_job("names", target=f"s3://{bucket}/names/")

    assert run["JobRunState"] == "SUCCEEDED", run["ErrorMessage"]


def test_a_failing_job_fails_the_state_machine_with_the_run_as_cause(job: Any, execute: Any) -> None:
    job("failing", "def load():\n    raise ValueError('no such county: 999')\nload()\n", "pythonshell")
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "End": True}

    done = execute("failing", {"Run": {**task, "Parameters": {"JobName": "failing"}}})

    assert (done["status"], done["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(done["cause"])
    assert (cause["JobRunState"], cause["ErrorMessage"]) == ("FAILED", "ValueError: no such county: 999")


def test_a_python_shell_job_gets_its_arguments_and_the_embedded_aws(
    monkeypatch: pytest.MonkeyPatch, client: Any, bucket: str, job: Any, run_job: Any
) -> None:
    script = (
        "import json, os, sys, boto3\n"
        "from awsglue.utils import getResolvedOptions\n"
        "options = getResolvedOptions(sys.argv, ['word'])\n"
        "body = json.dumps({'argv': sys.argv[1:], 'word': options['word'], 'aws': sorted(n for n in os.environ if 'AWS' in n)})\n"
        f"boto3.client('s3').put_object(Bucket={bucket!r}, Key='shell.json', Body=body)\n"
    )
    job("shell", script, "pythonshell", DefaultArguments={"--word": "default", "--other": "1"})

    run = run_job("shell", word="from the run")

    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    written = json.loads(client("s3").get_object(Bucket=bucket, Key="shell.json")["Body"].read())
    assert written["argv"] == ["--word", "from the run", "--other", "1"]
    assert written["word"] == "from the run"
    assert "AWS_PROFILE" not in written["aws"]


def test_concurrent_runs_are_limited_and_a_run_can_be_stopped(client: Any, job: Any) -> None:
    glue = client("glue")
    job("slow", "import time; time.sleep(60)", "pythonshell")
    run_id = glue.start_job_run(JobName="slow")["JobRunId"]

    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        glue.start_job_run(JobName="slow")
    until(lambda: glue.get_job_run(JobName="slow", RunId=run_id)["JobRun"]["JobRunState"] == "RUNNING")
    assert glue.batch_stop_job_run(JobName="slow", JobRunIds=[run_id])["SuccessfulSubmissions"]

    until(lambda: glue.get_job_run(JobName="slow", RunId=run_id)["JobRun"]["JobRunState"] == "STOPPED")


def test_too_many_runs_is_an_error_that_a_state_machine_can_catch(client: Any, job: Any, execute: Any) -> None:
    job("busy", "import time; time.sleep(60)", "pythonshell")
    run_id = client("glue").start_job_run(JobName="busy")["JobRunId"]
    catch = [{"ErrorEquals": ["Glue.ConcurrentRunsExceededException"], "Next": "Later"}]
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Catch": catch, "End": True}

    done = execute("busy", {"Run": {**task, "Parameters": {"JobName": "busy"}}, "Later": {"Type": "Succeed"}})

    assert done["status"] == "SUCCEEDED"
    client("glue").batch_stop_job_run(JobName="busy", JobRunIds=[run_id])


def test_stopping_an_execution_stops_its_job(client: Any, job: Any) -> None:
    job("stopped", "import time; time.sleep(60)", "pythonshell")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Parameters": {"JobName": "stopped"},
        "End": True,
    }
    definition = json.dumps({"StartAt": "Run", "States": {"Run": task}})
    sfn = client("stepfunctions")
    machine = sfn.create_state_machine(name="stopped", definition=definition, roleArn=ROLE)["stateMachineArn"]
    execution = sfn.start_execution(stateMachineArn=machine)["executionArn"]
    until(lambda: client("glue").get_job_runs(JobName="stopped")["JobRuns"])

    sfn.stop_execution(executionArn=execution)

    until(lambda: client("glue").get_job_runs(JobName="stopped")["JobRuns"][0]["JobRunState"] == "STOPPED")


def test_libraries_named_by_a_job_are_there(client: Any, bucket: str, job: Any, run_job: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ours/__init__.py", "answer = 42")
    client("s3").put_object(Bucket=bucket, Key="lib/ours.zip", Body=packed.getvalue())
    client("s3").put_object(Bucket=bucket, Key="lib/rates.json", Body=b"{}")
    script = "import ours, iniconfig, pathlib\nassert ours.answer == 42\nassert pathlib.Path('rates.json').read_text() == '{}'\n"
    files = {"--extra-py-files": f"s3://{bucket}/lib/ours.zip", "--extra-files": f"s3://{bucket}/lib/rates.json"}
    job("libraries", script, "pythonshell", DefaultArguments={**files, "--additional-python-modules": "iniconfig==2.1.0"})

    run = run_job("libraries")

    assert run["JobRunState"] == "SUCCEEDED", run["ErrorMessage"]


def test_a_wheel_compiled_for_another_python_is_replaced_by_the_same_version(
    client: Any, bucket: str, job: Any, run_job: Any, tmp_path: Path
) -> None:
    made = wheel(tmp_path, "iniconfig", "2.1.0", files={"iniconfig/_fast.cpython-39-x86_64-linux-gnu.so": "of no use here"})
    client("s3").upload_file(str(made), bucket, f"lib/{made.name}")
    uri = f"s3://{bucket}/lib/{made.name}"
    job("compiled", "from iniconfig import IniConfig", "pythonshell", DefaultArguments={"--extra-py-files": uri})
    job("refused", "import iniconfig", "pythonshell", DefaultArguments={"--additional-python-modules": uri})

    assert run_job("compiled")["JobRunState"] == "SUCCEEDED"
    refused = run_job("refused")
    assert refused["JobRunState"] == "FAILED"
    assert "a python shell takes nothing from S3" in refused["ErrorMessage"]


def test_a_job_without_its_script_says_which(client: Any, job: Any, run_job: Any, bucket: str) -> None:
    job("scriptless", "")
    client("s3").delete_object(Bucket=bucket, Key="scripts/scriptless.py")

    run = run_job("scriptless")

    assert run["JobRunState"] == "FAILED"
    assert f"s3://{bucket}/scripts/scriptless.py" in run["ErrorMessage"]


def test_a_failed_run_is_tried_again_as_often_as_the_job_says(client: Any, bucket: str, job: Any, run_job: Any) -> None:
    script = (
        "import boto3\ns3 = boto3.client('s3')\n"
        f"found = s3.list_objects_v2(Bucket={bucket!r}, Prefix='tries/')['KeyCount']\n"
        f"s3.put_object(Bucket={bucket!r}, Key=f'tries/{{found}}', Body=b'x')\n"
        "assert found == 1, 'not yet'\n"
    )
    job("retried", script, "pythonshell", MaxRetries=1)

    first = run_job("retried")
    until(lambda: client("glue").get_job_runs(JobName="retried")["JobRuns"][0]["JobRunState"] == "SUCCEEDED")
    runs = client("glue").get_job_runs(JobName="retried")["JobRuns"]

    assert (first["JobRunState"], first["ErrorMessage"]) == ("FAILED", "AssertionError: not yet")
    assert (runs[0]["Id"], runs[0]["Attempt"], runs[0]["JobRunState"]) == (f"{first['Id']}_attempt_1", 1, "SUCCEEDED")
