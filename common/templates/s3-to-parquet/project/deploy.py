"""Sales as CSV files in, a Parquet table out. Every new file starts it."""

from pathlib import Path

from common import Environment, Pipeline, main


def pipeline(env: Environment) -> Pipeline:
    """A function that validates a file, a Spark job that converts it, and the state machine that calls both."""
    p = Pipeline("new_project", env, Path(__file__).parent)
    landing, final = p.shared.bucket("landing"), p.shared.bucket("final")
    incoming, sample = landing / "new_project/incoming", landing / "new_project/sample"
    sales = final / "new_project/sales"

    p.function("Validate", reads=[incoming, sample], environment={"MAX_WRONG_PERCENT": "${max_wrong_percent}"})
    p.job("convert", reads=[incoming, sample], writes=[sales], arguments={"--target": sales.uri})
    machine = p.state_machine("main", "main.asl.json")
    p.on_object("new_file", machine, incoming, suffix=".csv")
    p.run_by(
        machine,
        starting={"bucket": landing.name, "key": f"{sample.prefix}sales.csv"},
        sample={"tests/data/sales.csv": sample},
        preview=sales,
    )
    return p


if __name__ == "__main__":
    main("deploy", "new_project")
