"""Meter readings as JSON lines in, a small table of each day out. No Spark: a Python shell is enough, and starts in seconds."""

from pathlib import Path

from common import Environment, Pipeline, main


def pipeline(env: Environment) -> Pipeline:
    """A function that looks whether there is anything to do, a Python shell that does it, and a machine for each morning."""
    p = Pipeline("new_project", env, Path(__file__).parent)
    landing, final = p.shared.bucket("landing"), p.shared.bucket("final")
    readings, days = landing / "new_project/readings", final / "new_project/days"

    p.function("Check", reads=[readings], environment={"BUCKET": landing.name, "PREFIX": readings.prefix})
    p.job(
        "summary",
        shell=True,
        reads=[readings],
        writes=[days],
        arguments={"--source": readings.uri, "--target": days.uri, "--highest_kwh": "${highest_kwh}"},
    )
    machine = p.state_machine("main", "main.asl.json")
    p.schedule("morning", machine, "cron(30 5 * * ? *)")
    p.run_by(machine, starting={}, sample={"tests/data/readings.jsonl": readings}, preview=days)
    return p


if __name__ == "__main__":
    main("deploy", "new_project")
