"""Many files at once: one state machine starts another one for each file, so each has an execution of its own to look at."""

from pathlib import Path

from common import Environment, JobSettings, Pipeline, main


def pipeline(env: Environment) -> Pipeline:
    """A function that lists files, a Python shell that cleans one, and two state machines of which one starts the other."""
    p = Pipeline("new_project", env, Path(__file__).parent)
    landing, cleansed = p.shared.bucket("landing"), p.shared.bucket("cleansed")
    incoming, fields = landing / "new_project/incoming", cleansed / "new_project/fields"

    p.function("ListFiles", reads=[incoming], environment={"BUCKET": landing.name, "PREFIX": incoming.prefix})
    p.job(
        "clean",
        shell=True,
        reads=[incoming],
        writes=[fields],
        arguments={"--target": fields.uri},
        settings=JobSettings(max_concurrent_runs=10),
    )
    p.state_machine("one_file", "one_file.asl.json")
    all_files = p.state_machine("all_files", "all_files.asl.json")
    p.run_by(
        all_files,
        starting={},
        sample={"tests/data/ames.csv": incoming, "tests/data/story.csv": incoming},
        preview=fields,
    )
    return p


if __name__ == "__main__":
    main("deploy", "new_project")
