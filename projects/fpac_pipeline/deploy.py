"""Farm crop acreage: CSV files in, a curated table by program year and state out."""

from pathlib import Path

from common import Environment, Pipeline, main
from projects.fpac_pipeline.fpac_stepfunctions import definition


def pipeline(env: Environment) -> Pipeline:
    """Three functions, three jobs, a crawler, a state machine, and what starts it."""
    p = Pipeline("fpac_pipeline", env, Path(__file__).parent)
    return p


if __name__ == "__main__":
    main("deploy", "fpac_pipeline")
