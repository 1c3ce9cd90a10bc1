"""Resources of any type, as projects and root `deploy.py` declare them."""

from pathlib import Path

import pytest

from common.model.resource import Key
from common.model.steps import LAMBDAS, ROLES, TRIGGERS, needed_early, step_of
from common.resources import kinds
from tests.support.repository import SHARED, Repository

WORK = 'work = p.resource("work", "AWS::SQS::Queue", {"DelaySeconds": 5})'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_it_has_the_name_of_its_template_our_tags_and_its_properties(repository: Repository) -> None:
    repository.project("acres", WORK)
    desired = repository.resources()["resource/work"].desired()
    assert desired == {
        "TypeName": "AWS::SQS::Queue",
        "QueueName": "t-dev-acres-work",
        "DelaySeconds": 5,
        "Tags": {
            "deployer:environment": "t-dev/dev",
            "deployer:project": "acres",
            "deployer:resource": "AWS-SQS-Queue/work/t-dev-acres-work",
        },
    }


@pytest.mark.parametrize(
    ("properties", "names", "queue"),
    [
        ('{"QueueName": "company-work"}', {}, "company-work"),
        ('{"QueueName": "work-${stage}"}', {}, "work-blue"),
        ("{}", {"resource": "FSA-{env}-{name}"}, "FSA-dev-work"),
    ],
)
def test_its_name_may_be_given_or_follow_from_a_template(
    repository: Repository, properties: str, names: dict[str, str], queue: str
) -> None:
    repository.configure(names=names, projects={"acres": {"parameters": {"stage": "blue"}}})
    repository.project("acres", f'p.resource("work", "AWS::SQS::Queue", {properties})', 'p.parameters["stage"]')
    assert repository.resources()["resource/work"].desired()["QueueName"] == queue


def test_texts_refer_to_what_aws_will_give_it(repository: Repository) -> None:
    lines = (WORK, 'p.function("Validate", environment={"QUEUE": "${work.QueueUrl}", "SAME": work.attribute("QueueUrl")})')
    repository.project("acres", *lines)
    function = repository.resources()["lambda/Validate"]
    variables = function.desired()["Environment"]["Variables"]
    assert variables["QUEUE"] == variables["SAME"]
    assert "resource/work" in variables["QUEUE"]
    assert Key("acres", "resource", "work") in function.needs


def test_a_role_is_allowed_to_use_it_and_exists_after_it(repository: Repository) -> None:
    repository.project(
        "acres", "from common import allow", WORK, 'p.function("Validate", permissions=[allow("sqs:ReceiveMessage", on=work)])'
    )
    role = repository.resources()["role/Validate-lambda"]
    assert Key("acres", "resource", "work") in role.needs


def test_tags_of_the_declaration_are_added_to_ours(repository: Repository) -> None:
    repository.project("acres", 'p.resource("work", "AWS::SQS::Queue", {"Tags": [{"Key": "cost", "Value": "7"}]})')
    desired = repository.resources()["resource/work"].desired()
    assert desired["Tags"].items() >= {"cost": "7", "deployer:project": "acres"}.items()


def test_files_of_the_project_declare_them_too(repository: Repository) -> None:
    repository.project(
        "acres", 'refs = p.resources("infra/*.yaml")', 'p.function("Validate", environment={"QUEUE": refs["work"].name})'
    )
    repository.write("projects/acres/infra/a.yaml", "work:\n  Type: AWS::SQS::Queue\n  Properties:\n    DelaySeconds: 5\n")
    repository.write("projects/acres/infra/b.yaml", "alarms:\n  Type: AWS::SNS::Topic\n")
    resources = repository.resources()
    assert resources["resource/work"].desired()["DelaySeconds"] == 5
    assert resources["resource/alarms"].desired()["TypeName"] == "AWS::SNS::Topic"
    assert resources["lambda/Validate"].desired()["Environment"]["Variables"]["QUEUE"] == "t-dev-acres-work"


def test_root_deploy_py_declares_shared_ones(repository: Repository) -> None:
    lines = (
        'topic = shared.resource("alerts", "AWS::SNS::Topic", {})',
        'shared.resource("mail", "AWS::SNS::Subscription", {"TopicArn": topic.arn, "Protocol": "email", "Endpoint": "a@b.c"})',
    )
    repository.write("deploy.py", SHARED.replace("    return shared", "    " + "\n    ".join(lines) + "\n    return shared"))
    shared = {str(resource.key): resource for resource in repository.declared()[0].rendered()}
    assert shared["resource/mail"].needs == (Key("shared", "resource", "alerts"),)
    assert shared["resource/alerts"].desired()["TopicName"] == "t-dev-alerts"


def test_it_is_deployed_before_what_needs_it_and_last_if_nothing_does() -> None:
    role, function, work, alarm, dead = (
        Key("acres", kind, name)
        for kind, name in (
            *(("role", "Validate-lambda"), ("lambda", "Validate"), ("resource", "work")),
            *(("resource", "alarm"), ("resource", "dead")),
        )
    )
    early = needed_early({function: [role, work], work: [dead], alarm: [dead], role: [], dead: []}, kinds())
    assert {key.name: step_of(key, {}, kinds(), early) for key in (work, dead, alarm)} == {
        "work": LAMBDAS,
        "dead": LAMBDAS,
        "alarm": TRIGGERS,
    }
    early = needed_early({role: [work], function: [role, work], work: [dead], dead: []}, kinds())
    assert {step_of(key, {}, kinds(), early) for key in (work, dead)} == {ROLES}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('p.resource("x", "AWS::SQS::Queu", {})', "deploy.py:10: ValueError: 'AWS::SQS::Queu' is not a resource type"),
        ('p.resource("x", "AWS::Glue::DevEndpoint", {})', "only CloudFormation can make it"),
        ('p.resource("x", 7, {})', "type_name is a text such as 'AWS::SQS::Queue', not 7"),
        ('p.resource("x", "AWS::SQS::Queue", [])', "properties is an object"),
        ('p.resource("x", "AWS::SQS::Queue", {"DelaySecond": 5})', "Did you mean 'DelaySeconds'?"),
        ('p.resource("x", "AWS::SQS::Queue", {"DelaySeconds": "five"})', 'DelaySeconds: "five" is not of type "integer"'),
        ('p.resource("x", "AWS::Events::Rule", {"State": "ON"})', 'State: "ON" is not one of'),
        ('p.resource("x", "AWS::SNS::Subscription", {})', '"TopicArn" is a required property'),
        (
            'p.resource("x", "AWS::SQS::Queue", {"QueueName": "${nothing}"})',
            "no values for parameters of acres: ${nothing} in projects/acres: resource/x",
        ),
        ('p.resource("x", "AWS::SQS::Queue", {"KmsMasterKeyId": "${key.Arn}"})', "${key.Arn} refers to nothing"),
        (
            'p.shared.log_group("states"); p.resource("x", "AWS::SQS::Queue", {"QueueName": "${states.nam}"})',
            "Did you mean ${states.name}?",
        ),
        (f'{WORK}; p.function("Validate", environment={{"QUEUE": "${{work.Url}}"}})', "Did you mean ${work.QueueUrl}?"),
        (f'{WORK}; work.attribute("Url")', "resource/work has no attribute 'Url'; it has Arn, QueueUrl"),
        (f"{WORK}; {WORK}", "declares resource/work twice"),
        (
            'p.resource("x", "AWS::RDS::DBCluster", {"Endpoint": {"Address": "a"}})',
            "Endpoint: AWS gives this value",
        ),
        (
            'p.resource("x", "AWS::Redshift::Cluster", {"Endpoint": {"Address": "a"}})',
            "Endpoint.Address: AWS gives this value; it cannot be set.",
        ),
        (
            'p.resource("x", "AWS::SQS::Queue", {"RedrivePolicy": {"deadLetterTargetArn": "${x.Arn}", "maxReceiveCount": 3}})',
            "projects/acres: resource/x: it refers to what AWS gives it once it exists. Give its name as text",
        ),
        ('p.resources("infra/*.yaml")', "no file matches infra/*.yaml"),
        ('p.resources("../*.yaml")', "leads out of the project's folder"),
    ],
)
def test_what_aws_would_refuse_is_refused_with_what_to_do(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", "", line)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


def test_a_token_of_a_shared_resource_that_the_declaration_does_not_name_is_refused_with_the_line_to_write(
    repository: Repository,
) -> None:
    repository.project("acres", 'p.resource("x", "AWS::SQS::Queue", {"KmsMasterKeyId": "${states.name}"})')
    ended = repository.invoke("policy", "--env", "dev")
    assert ended.code == 1
    words = '${states.name} is of a shared resource. Refer to that in deploy.py first, as in p.shared.log_group("states").'
    assert words in " ".join(ended.err.split())


def test_two_that_need_what_aws_gives_to_the_other_are_refused(repository: Repository) -> None:
    policy = '{{"RedrivePolicy": {{"deadLetterTargetArn": "${{{}.Arn}}", "maxReceiveCount": 3}}}}'
    lines = (f'p.resource("{name}", "AWS::SQS::Queue", {policy.format(other)})' for name, other in ("ab", "ba"))
    repository.project("acres", *lines)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert "resource/a needs resource/b needs resource/a" in " ".join(ended.err.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("work: AWS::SQS::Queue\n", "a.yaml: work: an entry has Type and Properties, and nothing else"),
        ("work:\n  Type: AWS::SQS::Queue\n  DependsOn: x\n", "a.yaml: work: an entry has Type and Properties"),
        ("- 1\n", "a.yaml: the file holds a map of names"),
        ("work:\n  Type: AWS::SQS::Queu\n", "a.yaml: work: 'AWS::SQS::Queu' is not a resource type"),
        ("work:\n  Type: AWS::SQS::Queue\n  Properties:\n    QueueName: !Ref x\n", "the tag !Ref is not supported"),
    ],
)
def test_a_file_that_is_not_right_is_refused(repository: Repository, content: str, message: str) -> None:
    repository.project("acres", 'p.resources("infra/*.yaml")')
    repository.write("projects/acres/infra/a.yaml", content)
    ended = repository.invoke("package-lambdas", "--env", "dev")
    assert ended.code == 1
    assert message in " ".join(ended.err.split())
