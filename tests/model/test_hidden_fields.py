"""Values of variables and arguments are not in records, history or messages; plans and drift show those that are declared."""

import json
import re

import boto3
import pytest

from common.model.hidden_fields import DIGESTS, digests, scrubbed, stored
from tests.resources.builders import Place, final
from tests.resources.conftest import moto_aws, moto_gaps, moto_glue, place
from tests.support.repository import Ended, Repository

__all__ = ["moto_aws", "moto_gaps", "moto_glue", "place"]

PLACE = {"region_name": "eu-central-1"}
BUCKET, FUNCTION, JOB = "t-dev-artifacts", "t-dev-acres-Validate", "t-dev-acres-load"
RECORD = "dev/acres/records/lambda/Validate.json"
FIRST, SECOND, BY_HAND = "planted-wage-of-sin-1", "planted-wage-of-sin-2", "planted-wage-of-sin-3"


def declare(repository: Repository, word: str) -> None:
    function = f'p.function("Validate", environment={{"WORD": "{word}", "ZONE": "landing"}})'
    repository.project("acres", function, f'p.job("load", arguments={{"--word": "{word}"}})')


def stored_objects() -> dict[str, str]:
    """Every version of every object in the artifact bucket, and its tags."""
    s3, result = boto3.client("s3", **PLACE), {}
    for version in s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        where = {"Bucket": BUCKET, "Key": version["Key"], "VersionId": version["VersionId"]}
        tags = s3.get_object_tagging(**where)["TagSet"]
        result[f"{version['Key']} {version['VersionId']}"] = s3.get_object(**where)["Body"].read().decode("latin-1") + str(tags)
    return result


def test_no_value_is_stored_and_none_of_others_is_told(repository: Repository, moto_dates: None) -> None:
    """Through a whole life: deployed, changed, changed by hand, and put back. Plans show what the repository declares or did."""
    ended: list[Ended] = []

    def invoke(*words: str, code: int = 0) -> Ended:
        for more in ((), ("--json",)) if words[0] in {"plan", "drift", "history", "status"} else ((),):
            done = repository.invoke(*words, "--env", "dev", *more)
            assert done.code == code, done
            ended.append(done)
        return ended[-1]

    declare(repository, FIRST)
    invoke("plan", code=2)
    invoke("deploy")
    declare(repository, SECOND)
    change = json.loads(invoke("plan", code=2).out)["changes"]
    (field,) = next(each["fields"] for each in change if each["key"] == "lambda/Validate")
    assert field == {"name": "Environment.Variables.WORD", "live": FIRST, "declared": SECOND, "lost": ""}
    assert f"~ DefaultArguments.--word {FIRST} → {SECOND}" in ended[-2].out
    invoke("deploy")
    invoke("plan")
    invoke("drift")
    function = {"FunctionName": FUNCTION, "Environment": {"Variables": {"WORD": BY_HAND, "ZONE": "landing"}}}
    boto3.client("lambda", **PLACE).update_function_configuration(**function)
    drifted = json.loads(invoke("drift", code=2).out)["drifted"]
    ((field,),) = (drift["fields"] for drift in drifted)
    assert field["name"] == "Environment.Variables.WORD"
    assert field["applied"] == field["declared"] != field["live"]
    assert field["declared"] == SECOND
    assert re.fullmatch(r"\(sha256 [0-9a-f]{12}\)", field["live"])
    invoke("deploy", "--verify")
    invoke("drift")
    invoke("history")
    reported = "".join(done.out + done.err for done in ended)
    objects = stored_objects()
    assert len([name for name in objects if name.startswith(RECORD)]) >= 1
    assert not [name for name, text in objects.items() if "planted" in text]
    assert BY_HAND not in reported
    built = [path for path in (repository.root / "build").rglob("*") if path.is_file()]
    assert built
    assert not [path for path in built if b"planted" in path.read_bytes()]


def test_a_record_of_before_is_read_and_written_anew(repository: Repository, moto_dates: None) -> None:
    declare(repository, FIRST)
    assert repository.invoke("deploy", "--env", "dev").code == 0
    s3 = boto3.client("s3", **PLACE)
    body = json.loads(s3.get_object(Bucket=BUCKET, Key=RECORD)["Body"].read())
    assert body["desired"]["Environment"].keys() == {DIGESTS}
    assert body["desired"]["Environment"][DIGESTS].keys() == {"Environment.Variables.WORD", "Environment.Variables.ZONE"}
    assert body["arn"].endswith(f":function:{FUNCTION}")
    assert body["desired"]["Tags"]["deployer:environment"]
    body["desired"]["Environment"] = {"Variables": {"WORD": FIRST, "ZONE": "landing"}}
    tags = "&".join(f"{item['Key']}={item['Value']}" for item in s3.get_object_tagging(Bucket=BUCKET, Key=RECORD)["TagSet"])
    s3.put_object(Bucket=BUCKET, Key=RECORD, Body=json.dumps(body).encode(), Tagging=tags)
    assert repository.invoke("plan", "--env", "dev").code == 0
    drifted = repository.invoke("drift", "--env", "dev")
    assert (drifted.code, FIRST in drifted.out) == (0, False)
    declare(repository, SECOND)
    assert repository.invoke("deploy", "--env", "dev").code == 0
    body = json.loads(s3.get_object(Bucket=BUCKET, Key=RECORD)["Body"].read())
    assert body["desired"]["Environment"].keys() == {DIGESTS}


def test_equal_values_of_two_variables_have_two_digests(place: Place) -> None:
    resource = place.function(environment={"A": FIRST, "B": FIRST})
    assert len(set(digests(resource, "Environment", final(resource)["Environment"]).values())) == 2


@pytest.mark.parametrize("damaged", [{DIGESTS: 1}, {DIGESTS: ["x"]}, {DIGESTS: None}])
def test_a_damaged_record_has_no_digests(place: Place, damaged: dict[str, object]) -> None:
    assert digests(place.function(), "Environment", damaged) == {}


def test_what_is_recorded_once_is_recorded_so_again(place: Place) -> None:
    resource = place.job(arguments={"--word": FIRST})
    once = stored(resource, final(resource))
    assert stored(resource, once) == once
    assert FIRST not in json.dumps(once)


def test_messages_of_aws_lose_the_values_that_they_quote(place: Place) -> None:
    """As Glue's do: "Value '{--word=…}' at 'jobUpdate.defaultArguments' failed to satisfy constraint"."""
    quoting = 'a"b\\nc'
    resource = place.job(arguments={"--word": FIRST, "--quoting": quoting, "--short": "on"})
    message = f"Value '{{--word={FIRST}, --quoting={quoting}, {json.dumps(quoting)}}}' failed on constraint"
    reported = scrubbed(message, resource, final(resource))
    assert FIRST not in reported
    assert quoting not in reported
    assert reported.endswith("failed on constraint")
