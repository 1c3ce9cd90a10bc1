"""Farm crop acreage: CSV files in, a curated table by program year and state out."""

import os
import sys
from pathlib import Path

if not __package__:  # started as a script, Python looks for modules in this folder alone
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from common import CrawlerSettings, Environment, FunctionSettings, JobSettings, Pipeline, main
from projects.fpac_pipeline.fpac_stepfunctions import definition


def pipeline(env: Environment) -> Pipeline:
    """Three functions, three jobs, a crawler, a state machine, and what starts it."""
    p = Pipeline("fpac_pipeline", env, Path(__file__).parent)
    landing, cleansed, final = (p.shared.bucket(zone) for zone in ("landing", "cleansed", "final"))
    runs, alerts, database = p.shared.table("runs"), p.shared.topic("alerts"), p.shared.database("acreage")
    incoming, sample = landing / "incoming/fpac", landing / "sample/fpac"
    landed, cleaned, curated = landing / "landed/fpac", cleansed / "fpac", final / "fpac"

    p.function("Validate", reads=[incoming, sample], environment={"MAX_MISFIT_PERCENT": "${max_misfit_percent}"})
    p.function("CreateNewId", writes=[runs], environment={"RUN_TABLE": "${runs.name}"})
    p.function(
        "LogResults",
        writes=[runs, alerts],
        environment={"RUN_TABLE": "${runs.name}", "FAILURE_TOPIC_ARN": "${alerts.arn}"},
        settings=FunctionSettings(memory_mb=128),
    )

    zones = {"--landing_location": landed.uri, "--run_table": "${runs.name}"}
    p.job("landing_job", reads=[incoming, sample], writes=[landed, runs], arguments=zones)
    cleaning = {**zones, "--cleansed_location": cleaned.uri, "--max_rejected_percent": "${max_rejected_percent}"}
    p.job("cleaning_job", reads=[landed], writes=[cleaned, runs], arguments=cleaning)
    p.job(
        "final_job",
        reads=[cleaned],
        writes=[curated, runs],
        arguments={"--cleansed_location": cleaned.uri, "--final_location": curated.uri, "--run_table": "${runs.name}"},
        settings=JobSettings(max_concurrent_runs=1),  # two runs must not replace partitions at the same time
    )
    table = final / "fpac/crop_acreage"
    p.crawler("final_crawler", targets=[table], database=database, settings=CrawlerSettings(table_prefix="fpac_"))

    main_machine = p.state_machine("fpac", definition)
    p.on_object("new_file", main_machine, incoming, suffix=".csv")
    p.run_by(
        main_machine,
        starting={"bucket": landing.name, "key": f"{sample.prefix}sample.csv"},
        sample={"tests/data/sample.csv": sample},
        preview=table,
    )
    return p


if __name__ == "__main__":
    main("deploy", "fpac_pipeline")
