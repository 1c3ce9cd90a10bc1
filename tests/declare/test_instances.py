"""A project that is deployed several times in an environment: how instances are configured, and what is declared of them."""

import json
import re
from typing import Any

import pytest

from common.base.errors import ConfigError, DeclarationError, DeployError, UsageError
from common.declare import project_names
from common.declare.workspace import Workspace
from common.engine import deployer_policy
from common.model.choices import Choices
from common.model.resource import Key
from tests.support.repository import Repository, fresh_imports

READS = 'p.function("Validate", environment={"FOR": "${customer}", "MOST": "${most}", "IN": env.instance})'
INSTANCES: dict[str, Any] = {"acme": {"parameters": {"customer": "Acme"}}, "globex": {"parameters": {"customer": "Globex"}}}
ORDERS: dict[str, Any] = {"parameters": {"most": 5}, "instances": INSTANCES}


@pytest.fixture
def orders(repository: Repository) -> Repository:
    """`orders`, deployed for two customers, and `soil`, deployed once."""
    repository.project("orders", READS)
    repository.project("soil")
    repository.configure(projects={"orders": ORDERS})
    return repository


def names(repository: Repository, kind: str) -> dict[str, str]:
    """What resources of a kind are called in AWS, by project."""
    resources = [resource for pipeline in repository.declared() for resource in pipeline.rendered()]
    return {resource.key.project: resource.name for resource in resources if resource.key.kind == kind}


def refused(repository: Repository, kind: type[DeployError]) -> str:
    with pytest.raises(kind) as caught:
        repository.declared()
    return str(caught.value)


def test_each_instance_is_a_project_with_the_settings_of_the_folder_and_its_own(orders: Repository) -> None:
    env = orders.environment()
    assert {*env.projects} == {"orders-acme", "orders-globex"}
    assert env.project("orders-acme").parameters == {"most": 5, "customer": "Acme"}
    assert (env.folder("orders-acme"), env.instance_of("orders-acme")) == ("orders", "acme")
    assert (env.folder("soil"), env.instance_of("soil"), env.instances_of("soil")) == ("soil", "", [])
    assert env.instances_of("orders") == ["orders-acme", "orders-globex"]


def test_each_instance_has_names_tags_records_and_values_of_its_own(orders: Repository) -> None:
    assert [pipeline.name for pipeline in orders.declared()] == ["shared", "orders-acme", "orders-globex", "soil"]
    functions = {resource.key: resource for pipeline in orders.declared() for resource in pipeline.rendered()}
    acme = functions[Key("orders-acme", "lambda", "Validate")]
    assert acme.name == "t-dev-orders-acme-Validate"
    assert acme.tags["deployer:project"] == "orders-acme"
    assert acme.desired()["Environment"] == {"Variables": {"FOR": "Acme", "MOST": "5", "IN": "acme"}}
    assert acme.artifact is not None
    assert acme.artifact.location.startswith("dev/orders-acme/artifacts/Validate/")
    assert names(orders, "lambda") == {
        "orders-acme": "t-dev-orders-acme-Validate",
        "orders-globex": "t-dev-orders-globex-Validate",
        "soil": "t-dev-soil-Validate",
    }
    roles = {resource.arn for pipeline in orders.declared("orders-globex") for resource in pipeline.rendered()}
    assert "arn:aws:iam::123456789012:role/t-dev/dev/orders-globex/t-dev-orders-globex-Validate-lambda" in roles


def test_equal_packages_of_instances_are_built_once(orders: Repository) -> None:
    ended = orders.invoke("package-lambdas", "--env", "dev", "--project", "orders", "--json")
    assert ended.code == 0, ended.err
    built = sorted(path.relative_to(orders.root).as_posix() for path in (orders.root / "build/artifacts").glob("*/*/*.zip"))
    assert len(built) == 1
    assert re.fullmatch(r"build/artifacts/orders/Validate/[0-9a-f]{64}\.zip", built[0])


def test_templates_have_fields_for_the_instance_and_the_folder(orders: Repository) -> None:
    templates = {"lambda": "FSA-{env}-{instance}-{name}", "glue-job": "{instance}_{folder}_{name}", "role": "{name}_{project}"}
    orders.configure(projects={"orders": ORDERS}, names=templates)
    assert names(orders, "lambda") == {
        "orders-acme": "FSA-dev-acme-Validate",
        "orders-globex": "FSA-dev-globex-Validate",
        "soil": "FSA-dev-Validate",
    }
    assert names(orders, "glue-job")["orders-acme"] == "acme_orders_load"
    assert names(orders, "glue-job")["soil"] == "soil_load"


def test_a_template_of_shared_resources_has_no_instance(orders: Repository) -> None:
    orders.configure(projects={"orders": ORDERS}, names={"log-group": "/{env}/{project}/{folder}/{instance}/{name}"})
    shared = orders.declared()[0].rendered()
    assert "/dev/glue/output" in {resource.name for resource in shared}


def test_an_overlay_may_add_instances_and_change_what_they_say(orders: Repository) -> None:
    overlay = {
        "parameters": {"most": 6},
        "instances": {"acme": {"parameters": {"most": 7}}, "4711": {"parameters": {"customer": "x"}}},
    }
    orders.write("config/orders/dev.json", overlay)
    env = orders.environment()
    assert {project: env.project(project).parameters["most"] for project in env.projects} == {
        "orders-acme": 7,
        "orders-globex": 6,
        "orders-4711": 6,
    }
    places = {project: env.place(project, "parameters", "most") for project in env.projects}
    assert places == {
        "orders-acme": "config/orders/dev.json: $.instances.acme.parameters.most",
        "orders-globex": "config/orders/dev.json: $.parameters.most",
        "orders-4711": "config/orders/dev.json: $.parameters.most",
    }
    assert env.place("orders-acme", "parameters", "customer") == (
        "config/dev.json: $.projects.orders.instances.acme.parameters.customer"
    )


def test_a_folder_stands_for_its_instances_in_project(orders: Repository) -> None:
    root, env = orders.root, orders.environment()

    def chosen(project: str | None) -> list[str]:
        return project_names.select_projects(root, project, env)

    assert chosen(None) == ["orders-acme", "orders-globex", "soil"]
    assert chosen("orders") == ["orders-acme", "orders-globex"]
    assert chosen("orders-globex, soil") == ["orders-globex", "soil"]
    assert chosen("orders-acme,orders") == ["orders-acme", "orders-globex"]
    with pytest.raises(UsageError) as caught:
        chosen("orders-acm")
    assert str(caught.value) == (
        "There is no project 'orders-acm': projects/ has orders, soil, deployed as orders-acme, orders-globex. "
        "Did you mean 'orders-acme'?"
    )
    assert project_names.select_anywhere(root, "orders-acme,soil") == ["orders-acme", "soil"]
    with pytest.raises(UsageError, match="There is no project 'orders-initech'"):
        project_names.select_anywhere(root, "orders-initech")


def test_an_instance_is_switched_off_alone(orders: Repository) -> None:
    off = {**INSTANCES, "globex": {"enabled": False}}
    orders.configure(projects={"orders": {**ORDERS, "instances": off}})
    assert project_names.select_projects(orders.root, "orders", orders.environment()) == ["orders-acme"]
    ended = orders.invoke("policy", "--env", "dev", "--project", "orders-globex")
    assert ended.code == 1
    assert ended.err.strip() == (
        'error: orders-globex is not for dev: config/dev.json: $.projects.orders.instances.globex says "enabled": false. '
        "Take that out, or leave orders-globex out of --project."
    )


def test_what_an_instance_has_no_value_for_is_told_with_the_line_to_add(orders: Repository) -> None:
    orders.configure(projects={"orders": {**ORDERS, "instances": {"acme": {}, "globex": INSTANCES["globex"]}}})
    assert refused(orders, DeployError) == (
        "config/dev.json has no values for parameters of orders-acme:\n"
        "  ${customer} in projects/orders (acme): lambda/Validate\n"
        "Add a value for each:\n"
        '  "projects": {"orders": {"instances": {"acme": {"parameters": {"customer": "..."}}}}}\n'
        "If orders-acme is not for dev, say so there instead:\n"
        '  "projects": {"orders": {"instances": {"acme": {"enabled": false}}}}'
    )


def test_what_an_instance_configures_and_nothing_uses_is_refused_where_it_stands(orders: Repository) -> None:
    own = {"acme": {**INSTANCES["acme"], "functions": {"Valdate": {"memory_mb": 512}}}, "globex": INSTANCES["globex"]}
    orders.configure(projects={"orders": {**ORDERS, "instances": own}})
    assert refused(orders, ConfigError).startswith(
        "config/dev.json: $.projects.orders.instances.acme.functions.Valdate: the project declares no such lambda."
    )


@pytest.mark.parametrize(
    ("projects", "message"),
    [
        (
            {"orders": {"instances": {"acme": {"instances": {"eu": {}}}}}},
            "acme is an instance, and has none of its own: name all instances in the project's section",
        ),
        ({"orders": {"instances": {"-acme": {}}}}, "config/dev.json is not valid:\n  $.projects.orders.instances.-acme"),
        (
            {"orders": {"instances": {"acme": {"parameter": {}}}}},
            "$.projects.orders.instances.acme.parameter: unknown key. Did you",
        ),
        (
            {"a": {"instances": {"b-c": {}}}, "a-b": {"instances": {"c": {}}}},
            "two projects would be deployed as a-b-c: an instance is called as its folder, a hyphen, and its own name",
        ),
        ({"a": {"instances": {"b": {}}}, "a-b": {}}, "Rename the instance b of a."),
        ({"a-b": {}, "a": {"instances": {"b": {}}}}, "Rename the instance b of a."),
        (
            {"orders-acme": {}},
            (
                "config/dev.json: $.projects.orders-acme: there is no folder projects/orders-acme/ with a deploy.py. "
                "An instance stands in the section of its folder: $.projects.orders.instances."
            ),
        ),
        ({"orders": {"instances": {"x" * 60: {}}}}, "a name has up to 64 characters"),
        (
            {"orders": {"instances": {"eu": {}}}},
            (
                "config/dev.json: $.projects.orders.instances.eu: the instance would be deployed as orders-eu, as the folder "
                "projects/orders-eu/ is. Rename the instance or the folder."
            ),
        ),
    ],
)
def test_instances_that_cannot_be_are_refused(repository: Repository, projects: dict[str, Any], message: str) -> None:
    repository.project("orders")
    repository.project("orders-eu")
    repository.configure(projects=projects)
    assert message in refused(repository, ConfigError)


def test_two_instances_of_one_name_in_aws_are_refused(orders: Repository) -> None:
    orders.configure(projects={"orders": {**ORDERS, "functions": {"Validate": {"name": "fsa-validate"}}}})
    message = refused(orders, DeclarationError)
    assert "orders-globex: log-group/Validate would both be arn:aws:logs:" in message
    assert message.endswith(
        "Instances need names of their own: let a declared name have a ${parameter} that differs, configure the name "
        "in the section of each instance, or give the template in `names` the field {project} or {instance}."
    )
    orders.configure(projects={"orders": {**ORDERS, "functions": {"Validate": {"name": "fsa-${customer}-validate"}}}})
    assert names(orders, "lambda")["orders-globex"] == "fsa-Globex-validate"


def test_declarations_that_read_the_folders_section_read_that_of_the_instance(repository: Repository) -> None:
    repository.project("orders", 'p.function("Validate", environment={"FOR": str(env.project("orders").parameters["customer"])})')
    repository.configure(projects={"orders": {"instances": INSTANCES}})
    resources = [resource for pipeline in repository.declared()[1:] for resource in pipeline.rendered()]
    functions = [resource for resource in resources if resource.key.kind == "lambda"]
    assert [function.desired()["Environment"]["Variables"]["FOR"] for function in functions] == ["Acme", "Globex"]


def test_a_pipeline_of_another_name_than_its_folder_is_refused(orders: Repository) -> None:
    text = (orders.root / "projects/orders/deploy.py").read_text()
    orders.write("projects/orders/deploy.py", text.replace("Pipeline('orders'", "Pipeline('order'"))
    assert "the pipeline is called 'order'; it must be 'orders', as its folder is" in refused(orders, DeclarationError)


def test_the_policy_of_one_instance_covers_no_other(orders: Repository) -> None:
    workspace = Workspace(orders.root, Choices(env="dev", project="orders-acme"))
    with fresh_imports():
        text = json.dumps(deployer_policy.of_workspace(workspace))
    assert "role/t-dev/dev/orders-acme/*" in text
    assert "orders-globex" not in text
    with fresh_imports():
        both = json.dumps(deployer_policy.of_workspace(Workspace(orders.root, Choices(env="dev", project="orders"))))
    assert "t-dev-orders-acme-*" in both
    assert "t-dev-orders-globex-*" in both
