"""`invoke graph`: a project or a machine as Mermaid text, without credentials."""

import re
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from tests.declare.asl.test_definition import END, machine
from tests.support.repository import SHARED, Repository

LINES = (
    'landing, runs = p.shared.bucket("landing"), p.table("runs", partition_key="id")',
    'queue = p.queue("work")',
    'p.function("Validate", reads=[landing / "in"], writes=[runs, queue])',
    'p.job("load", reads=[landing / "in"], writes=[landing / "out"])',
    'm = p.state_machine("main", "main.asl.json")',
    'p.on_object("new_file", m, landing / "in")',
)

SVG = "{http://www.w3.org/2000/svg}"
WATCHED = {
    "MetricName": "Errors",
    "Namespace": "AWS/Lambda",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": ["${alerts.arn}"],
    "Dimensions": [{"Name": "FunctionName", "Value": "${Validate.name}"}, {"Name": "QueueName", "Value": "${lost.name}"}],
}


def declared(repository: Repository) -> Repository:
    buckets = '    shared.bucket("landing", event_bridge=True)\n    return shared'
    shared = SHARED.replace("    return shared", buckets)
    repository.write("deploy.py", shared)
    repository.project("acres", *LINES)
    task = {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "${load.name}"}}
    repository.write("projects/acres/main.asl.json", machine(A={**task, "Next": "Done"}, Done=END))
    return repository


def test_a_project_is_drawn_from_its_declaration(repository: Repository) -> None:
    """It needs no environment to be named, though there are two."""
    declared(repository).configure("prod")
    expected = {
        ("landing/in", "-->", "Validate lambda"),
        ("Validate lambda", "-->", "runs"),
        ("Validate lambda", "-->", "work queue"),
        ("landing/in", "-->", "load glue-job"),
        ("load glue-job", "-->", "landing/out"),
        ("main state-machine", "==>", "load glue-job"),
        ("new_file rule", "==>", "main state-machine"),
        ("landing", "-->", "new_file rule"),
    }
    assert arrows(repository) == expected


def arrows(repository: Repository) -> set[tuple[str, str, str]]:
    """The arrows of the drawing, between names with kinds."""
    ended = repository.invoke("graph", "--project", "acres")
    assert (ended.code, ended.err) == (0, "")
    nodes = dict(re.findall(r'^  (\w+)\W+"(.+)"', ended.out.replace("<br/>", " "), re.MULTILINE))
    lines = re.findall(r"^  (\w+) (-->|==>) (\w+)$", ended.out, re.MULTILINE)
    return {(nodes[source], arrow, nodes[target]) for source, arrow, target in lines}


def test_an_alarm_watches_and_tells_and_what_takes_messages_is_no_target(repository: Repository) -> None:
    declared(repository).project(
        "acres",
        'queue, lost = p.queue("work", visibility_timeout_seconds=360), p.queue("lost")',
        'p.topic("alerts")',
        'work = p.function("Validate")',
        'p.on_messages("orders", work, queue)',
        'p.schedule("nightly", work, "rate(1 day)", dead_letter=lost)',
        f'p.resource("errors", "AWS::CloudWatch::Alarm", {WATCHED})',
        'p.resource("group", "AWS::Athena::WorkGroup", {"Description": "for ${work.arn}"})',
    )
    assert arrows(repository) == {
        ("work queue", "-->", "Validate lambda"),
        ("work queue", "-->", "orders event source mapping"),
        ("orders event source mapping", "==>", "Validate lambda"),
        ("nightly.schedule schedule", "==>", "Validate lambda"),
        ("nightly.schedule schedule", "-->", "lost queue"),
        ("Validate lambda", "-->", "errors alarm"),
        ("lost queue", "-->", "errors alarm"),
        ("errors alarm", "-->", "alerts topic"),
    }


def test_a_machine_is_drawn_by_its_name(repository: Repository) -> None:
    ended = declared(repository).invoke("graph", "--project", "acres", "--machine", "main")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("flowchart TD\n")
    assert '["A<br/>glue:startJobRun.sync"]' in ended.out


def test_what_does_not_exist_is_refused(repository: Repository) -> None:
    declared(repository).project("orders")
    wrong = repository.invoke("graph", "--project", "acres", "--machine", "mian")
    assert (wrong.code, wrong.out) == (1, "")
    assert "acres declares no state machine 'mian'; it has main. Did you mean 'main'?" in wrong.err
    assert "Which project? Add --project NAME; there are acres, orders." in repository.invoke("graph").err


def test_what_runs_with_a_role_of_others_shows_what_it_refers_to(repository: Repository) -> None:
    declared(repository).configure(
        projects={"acres": {"state_machines": {"main": {"role": "arn:aws:iam::123456789012:role/theirs"}}}}
    )
    lines = repository.invoke("graph", "--project", "acres").out.splitlines()
    number = {line.split('"')[1]: line.split()[0].partition("[")[0].partition("{")[0] for line in lines if '"' in line}
    assert f"  {number['main<br/>state-machine']} ==> {number['load<br/>glue-job']}" in lines


def svg_of(repository: Repository, *options: str) -> Element:
    path = repository.root / "drawing.svg"
    ended = repository.invoke("graph", "--project", "acres", "--svg", str(path), *options)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    return ET.fromstring(path.read_text())


def texts(picture: Element, class_: str) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text") if text.get("class") == class_]


def test_a_project_is_drawn_as_a_picture_of_its_own(repository: Repository) -> None:
    """It names no other file, and its arrows say what happens along them."""
    picture = svg_of(declared(repository))
    assert sorted(texts(picture, "verb")) == ["reads", "reads", "starts", "starts", "triggers", "writes", "writes", "writes"]
    assert {"Validate", "load", "main", "new_file", "landing/in", "landing/out"} < {*texts(picture, "name")}
    assert "Glue job" in texts(picture, "kind")
    assert picture.find(f"{SVG}title") is not None
    assert not [name for each in picture.iter() for name in each.attrib if name.endswith("href") or name == "src"]
    assert "url(" not in ET.tostring(picture, encoding="unicode")


def test_a_machine_is_drawn_as_a_picture_of_its_own(repository: Repository) -> None:
    picture = svg_of(declared(repository), "--machine", "main")
    assert texts(picture, "name") == ["A", "Done"]
    assert "startJobRun glue-job/load" in texts(picture, "kind")


def test_a_picture_that_cannot_be_written_is_refused(repository: Repository) -> None:
    ended = declared(repository).invoke("graph", "--project", "acres", "--svg", "no/such/folder/x.svg")
    assert ended.code == 1
    assert "no/such/folder/x.svg cannot be written" in ended.err
