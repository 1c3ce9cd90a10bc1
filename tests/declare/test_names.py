"""What resources are called in AWS: by templates and by exact names, of configuration and of declarations."""

import re
from typing import Any

import pytest

from common.base.errors import ConfigError, DeclarationError
from tests.support.repository import ACCOUNT, Repository
from tests.support.repository import SHARED as DEPLOY

SHARED_LINES = (
    'shared.bucket("landing")',
    'shared.database("lake")',
    'shared.topic("alerts")',
    'shared.table("codes", partition_key="id")',
    'shared.queue("late.fifo")',
)
LINES = (
    'p.function("Validate", layers=[p.layer("deps")])',
    'p.crawler("look", targets=[p.shared.bucket("landing") / "in"], database=p.shared.database("lake"))',
    'p.table("runs", partition_key="id")',
    'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})',
    'p.schedule("nightly", m, "rate(1 day)")',
)
BUILT_IN = {
    "default": "{prefix}-{project}-{name}",
    "bucket": "{prefix}-{name}-{account}",
    "database": "{prefix}_{name}",
}
TEMPLATES = {
    "default": "{prefix}-{project}-{name}",
    "lambda": "FSA-{env}-{name}",
    "glue-job": "{name}_{ENV}",
    "bucket": "fsa-{env}-{name}-{account}-{region}",
    "role": "/fsa/{env}/FSA-{ENV}-{name}",
    "log-group": "/fsa/{env}/{name}",
    "database": "{env}_{name}",
    "topic": "{ENV}-{project}-{name}",
    "queue": "{name}_{ENV}",
}


def declare(repository: Repository, *shared: str, lines: tuple[str, ...] = LINES) -> None:
    text = "\n    ".join([*SHARED_LINES, *shared, "return shared"])
    repository.write("deploy.py", DEPLOY.replace("return shared", text))
    repository.write("projects/acres/layers/deps/deps.py", "x = 1\n")
    repository.project("acres", *lines)


def called(repository: Repository) -> dict[str, str]:
    """The names in AWS by project and key; of roles with their path."""
    resources = [resource for pipeline in repository.declared() for resource in pipeline.rendered()]
    return {
        f"{resource.key.project}:{resource.key}": resource.arn.partition(":role")[2] or resource.name for resource in resources
    }


def refused(repository: Repository) -> str:
    with pytest.raises((ConfigError, DeclarationError)) as caught:
        repository.declared()
    return str(caught.value)


def test_the_templates_that_hold_without_any_written_out_change_nothing(repository: Repository) -> None:
    declare(repository)
    before = called(repository)
    repository.configure(names=BUILT_IN)
    assert called(repository) == before


def test_each_kind_has_the_names_of_its_template_and_keeps_upper_case(repository: Repository) -> None:
    declare(repository)
    repository.configure(names=TEMPLATES)
    assert called(repository) == {
        "shared:bucket/artifacts": "t-dev-artifacts",
        "shared:log-group/states": "/aws/vendedlogs/states/t-dev",
        "shared:log-group/glue/output": "/fsa/dev/glue/output",
        "shared:log-group/glue/error": "/fsa/dev/glue/error",
        "shared:bucket/landing": f"fsa-dev-landing-{ACCOUNT}-eu-central-1",
        "shared:database/lake": "dev_lake",
        "shared:topic/alerts": "DEV-alerts",
        "shared:table/codes": "t-dev-codes",
        "shared:queue/late.fifo": "late_DEV.fifo",
        "acres:layer/deps": "t-dev-acres-deps",
        "acres:lambda/Validate": "FSA-dev-Validate",
        "acres:log-group/Validate": "/fsa/dev/Validate",
        "acres:role/Validate-lambda": "/fsa/dev/FSA-DEV-Validate-lambda",
        "acres:glue-job/load": "load_DEV",
        "acres:role/load-glue-job": "/fsa/dev/FSA-DEV-load-glue-job",
        "acres:crawler/look": "t-dev-acres-look",
        "acres:role/look-crawler": "/fsa/dev/FSA-DEV-look-crawler",
        "acres:table/runs": "t-dev-acres-runs",
        "acres:state-machine/main": "t-dev-acres-main",
        "acres:role/main-state-machine": "/fsa/dev/FSA-DEV-main-state-machine",
        "acres:rule/nightly": "t-dev-acres-nightly",
        "acres:role/nightly-trigger": "/fsa/dev/FSA-DEV-nightly-trigger",
    }


def test_glue_is_told_the_beginning_to_which_it_adds_the_rest(repository: Repository) -> None:
    declare(repository)
    repository.configure(names={"log-group": "{name}-{env}"})
    names = called(repository)
    assert names["shared:log-group/glue/output"] == "glue-dev/output"
    job = repository.resources()["glue-job/load"].desired()
    assert job["DefaultArguments"]["--custom-logGroup-prefix"] == "glue-dev"


def test_a_function_s_log_group_follows_the_function_s_name(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate", name="fsa-validate-v2")')
    resources = repository.resources()
    assert resources["log-group/Validate"].name == "/aws/lambda/fsa-validate-v2"
    assert resources["lambda/Validate"].desired()["LoggingConfig"] == {"LogGroup": "/aws/lambda/fsa-validate-v2"}


EXACT = (
    'b = p.shared.bucket("landing")',
    'p.function("Validate", reads=[b], name="fsa-${stage}-validate-v2", role_name="/team/x/fsa-${stage}", log_group_name="/f/v")',
    'p.layer("deps", name="FSA_deps")',
    'p.job("load", name="FSA FPAC load", role_name="FSA-load")',
    'p.crawler("look", targets=[b / "in"], database=p.shared.database("lake"), name="FSA.look", role_name="FSA-look")',
    'p.table("runs", partition_key="id", name="FSA.RUNS")',
    'p.queue("late.fifo", name="Late.fifo")',
    'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, name="FSA-Main", role_name="FSA-main")',
    'p.schedule("nightly", m, "rate(1 day)", name="FSA.nightly", role_name="FSA-nightly")',
)
NAMED_SHARED = (
    'shared.bucket("raw", name="company-lake")',
    'shared.database("old", name="company-db")',
    'shared.topic("page", name="Company_Page")',
    'shared.table("zones", partition_key="id", name="Zones")',
    'shared.queue("slow", name="Slow")',
    'shared.log_group("audit", name="/company/audit")',
)


def test_a_declaration_gives_exact_names(repository: Repository) -> None:
    declare(repository, *NAMED_SHARED, lines=EXACT)
    repository.configure(projects={"acres": {"parameters": {"stage": "prod"}}}, names={"default": "no-{name}"})
    names = called(repository)
    assert {name for key, name in names.items() if key.startswith("acres:")} == {
        *("fsa-prod-validate-v2", "/team/x/fsa-prod", "/f/v", "FSA_deps", "FSA FPAC load", "FSA.look", "FSA.RUNS", "Late.fifo"),
        *("FSA-Main", "FSA.nightly"),
        *(f"/t-dev/dev/acres/FSA-{name}" for name in ("load", "look", "main", "nightly")),
    }
    assert {"company-lake", "company-db", "Company_Page", "Zones", "Slow", "/company/audit"} < {*names.values()}


def test_pipelines_refer_to_a_shared_resource_by_the_name_that_root_deploy_py_gives_it(repository: Repository) -> None:
    declare(repository, *NAMED_SHARED, lines=('p.function("Validate", environment={"IN": p.shared.bucket("raw").name})',))
    assert repository.resources()["lambda/Validate"].desired()["Environment"] == {"Variables": {"IN": "company-lake"}}


def test_configuration_names_every_kind_and_counts_more_than_the_declaration(repository: Repository) -> None:
    declare(repository, *NAMED_SHARED, lines=EXACT)
    sections = {"jobs": "load", "crawlers": "look", "state_machines": "main", "triggers": "nightly"}
    project: dict[str, Any] = {section: {name: {"name": f"C-{name}"}} for section, name in sections.items()}
    project |= {"functions": {"Validate": {"name": "C-${stage}"}}, "parameters": {"stage": "prod"}}
    roles = ("Validate-lambda", "load-glue-job", "look-crawler", "main-state-machine", "nightly-trigger")
    project["names"] = {"log-group/Validate": "/c/v", "table/runs": "C-RUNS", "queue/late.fifo": "C.fifo", "layer/deps": "C-deps"}
    project["names"] |= {f"role/{name}": f"/c/{name}" for name in roles}
    shared = {"bucket/landing": "c-landing", "database/lake": "c_lake", "topic/alerts": "C-ALERTS", "table/codes": "C-CODES"}
    shared |= {"queue/late.fifo": "C-late.fifo", "log-group/states": "/c/states", "log-group/glue": "/c/glue"}
    shared |= {"bucket/raw": "c-raw"}
    repository.configure(projects={"acres": project}, names=shared)
    names = called(repository)
    assert {name for key, name in names.items() if key.startswith("acres:")} == {
        *(
            "C-prod",
            "/c/v",
            "C-RUNS",
            "C.fifo",
            "C-deps",
            "C-load",
            "C-look",
            "C-main",
            "C-nightly",
            *(f"/c/{role}" for role in roles),
        ),
    }
    assert {*shared.values()} - {"/c/glue"} | {"/c/glue/output", "/c/glue/error"} <= {*names.values()}


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        ({"lambda": "FSA-{stage}-{name}"}, "lambda: {stage} is not a field of a template."),
        ({"lambda": "FSA-{regoin}-{name}"}, "Did you mean 'region'?"),
        ({"bucket": "company-lake"}, "bucket: a template needs {name}, or all resources of the kind would have one name"),
        ({"lambda": "{name}-}"}, "lambda: the braces of a template come in pairs around a field, as in {name}"),
        ({"functions": "{name}"}, "config/dev.json: $.names.functions: there is no kind 'functions'."),
        ({"lamda": "{name}"}, "there is no kind 'lamda'. Did you mean 'lambda'?"),
        ({"directory": "{name}"}, "there is no kind 'directory'."),
        ({"bucket": "FSA-{name}"}, "bucket/landing would be called 'FSA-landing'; AWS allows 3 to 63 characters: lower"),
        ({"lambda": "{name}.v2"}, "lambda/Validate would be called 'Validate.v2'; AWS allows 1 to 64 characters: letters, "),
        ({"lambda": "x" * 60 + "{name}"}, "68 characters; AWS allows 64. Shorten its name, the project's, or names.lambda in"),
        ({"role": "team/{name}"}, "a role's path begins with a slash"),
        ({"role": "/aws-service-role/{name}"}, "is none of AWS's own"),
        ({"bucket/landing": "Company"}, "Change it in config/dev.json: $.names.bucket/landing."),
        ({"bucket/landign": "company"}, "deploy.py declares no such resource. Did you mean 'bucket/landing'?"),
        ({"bucket/artifacts": "company"}, "artifact_bucket in configuration says what bucket/artifacts is called. Take"),
        ({"log-group/glue/output": "/x"}, "names.log-group/glue, to which Glue adds the rest, in configuration says what"),
        ({"queue/late.fifo": "late"}, "the names of a FIFO queue end with .fifo"),
        ({"log-group": "aws/{name}"}, "would be called 'aws/glue"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_name_is_refused(repository: Repository, configured: dict[str, str], message: str) -> None:
    declare(repository)
    repository.configure(names=configured)
    assert message in refused(repository)


@pytest.mark.parametrize(
    ("configured", "message"),
    [
        ({"names": {"lambda/Validate": "x"}}, 'acres.names.lambda/Validate: this name stands at the resource: "functions": {'),
        ({"names": {"table/rums": "x-y"}}, "names.table/rums: the project declares no such resource. Did you mean 'table/runs'?"),
        ({"functions": {"Validate": {"name": "a b"}}}, "Change it in config/dev.json: $.projects.acres.functions.Validate."),
        ({"functions": {"Validate": {"name": "a-${stage}"}}}, "no values for"),
        ({"functions": {"Validate": {"name": "a-${s}"}}, "parameters": {"s": "ssm:/a"}}, "no parameter in a-${s} may be"),
    ],
)  # fmt: skip
def test_a_name_of_a_project_is_refused_with_its_place(repository: Repository, configured: dict[str, Any], message: str) -> None:
    declare(repository)
    repository.configure(projects={"acres": configured})
    assert message in refused(repository)


def test_defaults_name_nothing(repository: Repository) -> None:
    repository.configure(defaults={"function": {"name": "one"}})
    assert "function.name is of a single resource" in refused(repository)


@pytest.mark.parametrize("declared_name", ['"x y"', "5", '""'])
def test_a_declared_name_is_one_that_aws_allows(repository: Repository, declared_name: str) -> None:
    repository.project("acres", f'p.function("Validate", name={declared_name})')
    assert re.search(r"would be called 'x y'; AWS allows|a name in AWS (is a text|has 0 characters)", refused(repository))


@pytest.mark.parametrize("settings", ['FunctionSettings(name="fsa")', '{"name": "fsa"}'])
def test_settings_of_a_declaration_name_nothing(repository: Repository, settings: str) -> None:
    """Only configuration has a name among its settings; that of a declaration would be passed over in silence."""
    repository.project("acres", "from common import FunctionSettings", f'p.function("Validate", settings={settings})')
    assert refused(repository) == (
        'projects/acres: lambda/Validate: its settings give it a name. Give it beside them, as in name="…".'
    )


def test_two_resources_of_one_name_are_refused_across_projects(repository: Repository) -> None:
    for name in ("acres", "bees"):
        repository.project(name)
    repository.configure(names={"lambda": "FSA-{env}-{name}"})
    assert "acres: log-group/Validate and bees: log-group/Validate would both be" in refused(repository)
    assert "Rename one of them. Or give the template in `names` the field {project}." in refused(repository)
    repository.project("bees", 'p.function("Validate", name="FSA-dev-Bees")')
    assert repository.declared()
    repository.project("bees", 'p.function("Validate", name="FSA-dev-Bees", log_group_name="/aws/lambda/FSA-dev-Validate")')
    assert "would both be arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/FSA-dev-Validate" in refused(repository)


def test_two_roles_of_one_name_are_refused_whatever_their_paths(repository: Repository) -> None:
    """As in https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html: names are unique within the account."""
    lines = ('p.function("Validate", role_name="/a/Team")', 'p.job("load", role_name="/b/team")')
    repository.project("acres", *lines)
    assert "/b/team in dev, as IAM does not tell capital letters from small ones. Rename one of them." in refused(repository)
    repository.project("acres", *(line.replace("Team", "team") for line in lines))
    assert "/b/team in dev, as IAM does not tell two roles apart by their paths. Rename one of them." in refused(repository)


def test_a_shared_resource_and_one_of_a_project_share_a_namespace(repository: Repository) -> None:
    declare(repository, lines=('p.table("runs", partition_key="id", name="t-dev-codes")',))
    assert "shared: table/codes and acres: table/runs would both be" in refused(repository)


def test_a_job_and_a_machine_may_share_a_name(repository: Repository) -> None:
    machine = 'p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}, name="FSA-End")'
    repository.project("acres", 'p.job("load", name="FSA-End")', machine)
    assert {name for key, name in called(repository).items() if "job/load" in key or "main" in key} >= {"FSA-End"}
