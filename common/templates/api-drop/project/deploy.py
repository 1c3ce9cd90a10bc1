"""What an API answers is kept as it came, each day, and then becomes a Parquet table."""

from pathlib import Path

from common import Environment, FunctionSettings, Pipeline, main


def pipeline(env: Environment) -> Pipeline:
    """A function that fetches, a Python shell that makes a table of it, and the state machine that calls both each morning."""
    p = Pipeline("new_project", env, Path(__file__).parent)
    landing, final = p.shared.bucket("landing"), p.shared.bucket("final")
    sample, answers, stations = landing / "new_project/sample", landing / "new_project/answers", final / "new_project/stations"

    p.function(
        "Fetch",
        reads=[sample],
        writes=[answers],
        environment={"BUCKET": landing.name, "PREFIX": answers.prefix},
        settings=FunctionSettings(timeout_seconds=120),
    )
    p.job("flatten", shell=True, reads=[answers], writes=[stations], arguments={"--target": stations.uri})
    machine = p.state_machine("main", "main.asl.json")
    p.schedule("morning", machine, "cron(15 4 * * ? *)", {"url": "${api_url}"})
    p.run_by(
        machine,
        starting={"url": f"{sample.uri}/answer.json"},
        sample={"tests/data/answer.json": sample},
        preview=stations,
    )
    return p


if __name__ == "__main__":
    main("deploy", "new_project")
