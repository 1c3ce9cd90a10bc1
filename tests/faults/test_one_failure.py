"""One resource fails: what needs it is not tried, the rest is finished, and the next deploy does only what is left."""

from tests.faults.commands import PACE, Clone, settled
from tests.faults.proxy import Call, Proxy, Refused, pass_on
from tests.support.terminal import squeezed

WORDS = "User: arn:aws:iam::000000000000:user/ci is not authorized to perform: lambda:CreateFunction"


def test_one_refused_function(repo: Clone, fresh: Proxy) -> None:
    def rule(call: Call) -> Refused | None:
        refused = call.service == "lambda" and call.method == "POST" and b"fpac_pipeline-Validate" in call.body
        return Refused(403, "AccessDeniedException", WORDS) if refused else None

    fresh.rule = rule
    first = repo.run(fresh.endpoint, "deploy", "--env", "local", pace=PACE)
    assert first.code == 1
    assert f"lambda:CreateFunction was refused: AccessDeniedException: {WORDS}" in first.out
    assert "Allow this action to the deploying role" in first.out
    assert "deploy again to continue from here" in first.err
    untried = [line.strip() for line in squeezed(first.out).splitlines() if "not tried" in line]
    assert untried[:2] == [
        "+ fpac_pipeline: state-machine/fpac not tried fpac_pipeline: lambda/Validate failed",
        "+ fpac_pipeline: rule/new_file not tried fpac_pipeline: lambda/Validate failed",
    ]
    fresh.rule = pass_on
    rest = repo.deploy(fresh.endpoint, pace=PACE)
    assert rest.code == 0
    assert rest.changes() == {
        "fpac_pipeline:lambda/Validate": "create",
        "fpac_pipeline:state-machine/fpac": "create",
        "fpac_pipeline:rule/new_file": "create",
    }
    settled(repo, fresh)
