"""Reference data: keeps the table of county codes current, one execution for each state of the list."""

import os
import sys
from pathlib import Path

if not __package__:  # started as a script, Python looks for modules in this folder alone
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from common import Environment, FunctionSettings, Pipeline, main


def pipeline(env: Environment) -> Pipeline:
    """A Node.js function, and two state machines of which one starts the other."""
    p = Pipeline("reference_data", env, Path(__file__).parent)
    p.table("county_codes", partition_key="county_fips")
    p.function("NormalizeCodes", settings=FunctionSettings(runtime="nodejs22.x"))
    p.state_machine("load_state", "load_state.asl.yaml")
    refresh = p.state_machine("refresh_codes", "refresh_codes.asl.json", tokens={"__LOAD_STATE_ARN__": "load_state.arn"})
    p.run_by(refresh, starting="tests/data/codes.json")
    return p


if __name__ == "__main__":
    main("deploy", "reference_data")
