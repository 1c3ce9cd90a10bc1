"""The Node.js function, run by the same Node.js as on the embedded AWS."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from common.local import environments

HERE = Path(__file__).resolve().parent
MODULE = HERE.parent / "lambda" / "NormalizeCodes" / "index.mjs"
CALL = """
import { readFileSync } from "node:fs";
const { handler } = await import(process.argv[1]);
const answer = await handler(JSON.parse(readFileSync(0))).catch((error) => ({ error: error.name, message: error.message }));
console.log(JSON.stringify(answer));
"""


def call(event: object) -> dict[str, Any]:
    command = [environments.node(), "--input-type=module", "--eval", CALL, MODULE.as_uri()]
    done = subprocess.run(command, input=json.dumps(event), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_normalises_the_sample() -> None:
    iowa, california, new_mexico = (call(state) for state in json.loads((HERE / "data" / "codes.json").read_text())["states"])
    assert iowa == {
        "state_code": "19",
        "accepted": 3,
        "counties": [
            {"county_fips": "19001", "state_code": "19", "county_code": "001", "county": "ADAIR"},
            {"county_fips": "19013", "state_code": "19", "county_code": "013", "county": "BLACK HAWK"},
            {"county_fips": "19153", "state_code": "19", "county_code": "153", "county": "POLK"},
        ],
        "rejected": [
            {"index": 3, "reason": "repeated"},
            {"index": 4, "reason": "county_code is not a number from 1 to 999"},
        ],
    }
    assert [county["county_fips"] for county in california["counties"]] == ["06019", "06029"]
    assert [county["county"] for county in new_mexico["counties"]] == ["DOÑA ANA", "LEA"]


def test_sorts_by_code() -> None:
    counties = [{"county_code": code, "county": f"county {code}"} for code in ("103", "9", "27")]
    answer = call({"state_code": "1", "counties": counties})
    assert [county["county_fips"] for county in answer["counties"]] == ["01009", "01027", "01103"]


@pytest.mark.parametrize(
    ("county", "reason"),
    [
        ({"county_code": "1234", "county": "A"}, "county_code is not a number from 1 to 999"),
        ({"county_code": "A1", "county": "A"}, "county_code is not a number from 1 to 999"),
        ({"county_code": "0", "county": "A"}, "county_code is not a number from 1 to 999"),
        ({"county": "A"}, "county_code is not a number from 1 to 999"),
        (None, "county_code is not a number from 1 to 999"),
        ({"county_code": "1", "county": "  "}, "county is blank"),
        ({"county_code": "1", "county": 7}, "county is blank"),
        ({"county_code": "5", "county": "Other"}, "005 is already FIRST"),
    ],
)
def test_sets_aside_with_a_reason(county: object, reason: str) -> None:
    answer = call({"state_code": "19", "counties": [{"county_code": "5", "county": "First"}, county]})
    assert answer["rejected"] == [{"index": 1, "reason": reason}]
    assert answer["accepted"] == 1


@pytest.mark.parametrize("event", [None, {}, {"state_code": "19"}, {"state_code": "IA", "counties": []}, {"counties": []}])
def test_refuses_what_is_no_state(event: object) -> None:
    answer = call(event)
    assert answer["error"] == "CodesInvalid"
    assert answer["message"].startswith("expected")


def test_a_state_without_counties_accepts_nothing() -> None:
    assert call({"state_code": "19", "counties": []}) == {"state_code": "19", "accepted": 0, "counties": [], "rejected": []}
