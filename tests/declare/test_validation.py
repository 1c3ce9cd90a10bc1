"""What authors give to the calls of a declaration: wrong values are told with their line, before anything is asked."""

import pytest

from common.base.errors import DeclarationError, DeployError
from common.resources.function import Function
from tests.support.repository import SHARED, Repository

MACHINE = 'm = p.state_machine("m", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})'
BUCKET = 'b = p.shared.bucket("artifacts")'
LINE = "projects/acres/deploy.py:9: "


def refused(repository: Repository, kind: type[DeployError] = DeclarationError) -> str:
    with pytest.raises(kind) as caught:
        repository.declared()
    return str(caught.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'p.schedule("s", p.table("t", partition_key="k"), "rate(1 day)")',
            "TypeError: target must be a state machine, function, job, queue, topic, Kinesis stream, Firehose stream or",
        ),
        (
            f'{BUCKET}; p.on_object("o", p.job("load"), b / "in")',
            "TypeError: target: a rule cannot start glue-job/load. Start a state machine that runs it, or use p.schedule.",
        ),
        ('p.run_by(p.job("load"), starting={})', "TypeError: machine is about a state-machine, not about glue-job/load."),
        ('p.run_by("main", starting={})', "TypeError: machine is about a state-machine, not about 'main'."),
        (
            'p.crawler("c", targets=[], database=p.shared.bucket("artifacts"))',
            "TypeError: database is about a database, not about bucket/",
        ),
        (
            'p.crawler("c", targets=["s3://x/"], database=p.shared.database("d"))',
            "TypeError: targets: 's3://x/' is not a place in a bucket,",
        ),
        (
            f'{BUCKET}; p.crawler("c", targets=b / "x", database=p.shared.database("d"))',
            "TypeError: targets is a list, even of one: write",
        ),
        (
            'p.function("Validate", reads="landing")',
            "TypeError: reads is a list, even of one: write reads=[…], not reads='landing'.",
        ),
        (
            'p.function("Validate", writes=["landing"])',
            "TypeError: writes: 'landing' is not a resource, as in p.shared.bucket(…), and not a place",
        ),
        (
            f'{BUCKET}; p.job("load", reads=b)',
            "TypeError: reads is a list, even of one: write reads=[…], not reads=bucket/artifacts.",
        ),
        (
            'p.function("Validate", includes="shared.text")',
            "TypeError: includes is a list, even of one: write includes=[…], not includes='sh",
        ),
        ('p.layer("d", folder="lambda/Validate", includes=[1])', "TypeError: includes: 1 is not a text."),
        ('p.function("Validate", layers=["deps"])', "TypeError: layers: 'deps' is not a resource."),
        ('p.table("t", partition_key="k") / "x"', "TypeError: table/t is not a bucket, so there is no place 'x' in it."),
        ('p.table("t", partition_key="")', "ValueError: partition_key has 0 characters; AWS allows 1 to 255."),
        ('p.table("t", partition_key="k" * 256)', "ValueError: partition_key has 256 characters; AWS allows 1 to 255."),
        ('p.table("t", partition_key=["k"])', "TypeError: partition_key is a text, not ['k']."),
        (
            f'{BUCKET}; {MACHINE}; p.on_object("o", m, b)',
            "TypeError: location: bucket/artifacts is not a place in a bucket, as in",
        ),
        (f'{BUCKET}; p.directory("glue", b)', "TypeError: at: bucket/artifacts is not a place in a bucket, as in bucket"),
        (
            f"{BUCKET}; {MACHINE}; p.run_by(m, starting={{}}, preview=b)",
            "TypeError: preview: bucket/artifacts is not a place in a",
        ),
        ('p.function("Validate", reads=None)', "TypeError: reads is a list, not None; leave it out, or write reads=[…]."),
        (f'{MACHINE}; p.schedule("s", m, None)', "TypeError: expression must be a text such as rate(1 hour), not None."),
        (
            f'{MACHINE}; p.schedule("s", m, "rate(1 day)", ["x"])',
            "TypeError: constant is an object, as in {'zone': 'north'}, not [",
        ),
        (
            f'{MACHINE}; p.schedule("s", m, "rate(1 day)", {{"a": float("nan")}})',
            "TypeError: constant holds something that JSON cannot",
        ),
        (
            f'{MACHINE}; p.schedule("s", m, "rate(1 day)", {{"a": "\\ud800"}})',
            "TypeError: constant holds something that JSON cannot",
        ),
        (f'{MACHINE}; p.schedule("s", m, "rate(1 day)", {{"a": {{1}}}})', "TypeError: constant holds something that JSON cannot"),
        (f'{MACHINE}; p.run_by(m, starting={{"a": object()}})', "TypeError: starting holds something that JSON cannot"),
        ('p.function("Validate", folder="a\\0b")', "ValueError: 'a\\x00b' is not a path: it has a NUL character."),
        ('p.library("a\\0b")', "ValueError: 'a\\x00b' is not a path: it has a NUL character."),
        (
            'p.function("Validate", build=["make"])',
            "TypeError: build must be a text, as in build='make package', output='dist', not [",
        ),
        ('p.function("Validate", build="make", output=1)', "TypeError: output must be a text, as in"),
        ('p.function("Validate", build="make\\0")', "ValueError: build='make\\x00' is not a command"),
    ],
)
def test_what_is_given_is_looked_at_where_it_is_given(repository: Repository, line: str, message: str) -> None:
    repository.project("acres", line)
    assert refused(repository).startswith(f"{LINE}{message}")


def test_variables_are_added_to_settings_of_either_form(repository: Repository) -> None:
    for form in ("{}", '{"memory_mb": 512, "environment": {"BB": "2"}}', 'FunctionSettings(environment={"BB": "2"})'):
        lines = (
            "from common import FunctionSettings",
            f'p.function("Validate", environment={{"AA": "1", "BB": "0"}}, settings={form})',
        )
        repository.project("acres", *lines)
        function = repository.resources()["lambda/Validate"]
        assert isinstance(function, Function)
        assert function.environment == {"AA": "1", "BB": "0" if form == "{}" else "2"}
        assert function.settings.memory_mb == (512 if "512" in form else 256)


def test_variables_that_lambda_sets_are_refused(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate", environment={"AWS_REGION": "x"})')
    message = "projects/acres: lambda/Validate: environment.AWS_REGION: Lambda sets this variable itself. Choose another name."
    assert refused(repository) == message
    repository.project("acres")
    repository.configure(defaults={"function": {"environment": {"AWS_LAMBDA_FUNCTION_NAME": "x"}}})
    assert "environment.AWS_LAMBDA_FUNCTION_NAME: Lambda sets" in refused(repository)
    repository.configure(defaults={"function": {"environment": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper"}}})
    repository.project("acres", 'p.function("Validate")')
    assert repository.invoke("package-lambdas").code == 0


def test_all_of_a_bucket_is_a_place(repository: Repository) -> None:
    repository.project("acres", BUCKET, 'p.function("Validate", reads=[b / ""], environment={"AT": (b / "/").uri})')
    resources = repository.resources()
    role = str(resources["role/Validate-lambda"].desired())
    assert "arn:aws:s3:::t-dev-artifacts/*" in role
    assert "//" not in role
    function = resources["lambda/Validate"]
    assert isinstance(function, Function)
    assert function.environment == {"AT": "s3://t-dev-artifacts"}
    repository.project("acres", BUCKET, 'p.directory("lambda", b / "")')
    assert refused(repository).startswith(
        "projects/acres: directory/lambda needs a place within s3://t-dev-artifacts, as in bucket /"
    )


def test_a_bucket_that_tells_nobody_is_told(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.bucket("landing")\n    return shared'))
    repository.project("acres", MACHINE, 'p.on_object("arrived", m, p.shared.bucket("landing") / "in")')
    assert refused(repository) == (
        "projects/acres: rule/arrived: bucket/landing tells nobody of new objects. Declare it with shared.bucket('landing', "
        "event_bridge=True)."
    )


def test_a_crawler_without_targets_is_told(repository: Repository) -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", '    shared.database("d")\n    return shared'))
    repository.project("acres", 'p.crawler("c", targets=[], database=p.shared.database("d"))')
    assert refused(repository) == "projects/acres: crawler/c: a crawler needs targets, here or in configuration."
    repository.configure(projects={"acres": {"crawlers": {"c": {"targets": ["s3://lake/a/"]}}}})
    assert "crawler/c" in repository.resources()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'shared.bucket("Landing")',
            "bucket/Landing would be called 't-dev-Landing-123456789012'; AWS allows 3 to 63 characters: lower-case",
        ),
        ('shared.bucket("a_b")', "bucket/a_b would be called"),
        ('shared.bucket("a..b")', "bucket/a..b would be called"),
        ('shared.bucket("a b")', "bucket/a b would be called"),
        (
            'shared.table("my table", partition_key="k")',
            "table/my table would be called 't-dev-my table'; AWS allows 3 to 255 characters",
        ),
        (
            'shared.topic("a.b")',
            "topic/a.b would be called 't-dev-a.b'; AWS allows 1 to 256 characters: letters, digits, - and _.",
        ),
        (
            'shared.database("Acres")',
            "database/Acres would be called 't_dev_Acres'; AWS allows 1 to 255 characters: lower-case letters",
        ),
        (
            'shared.log_group("a b")',
            "log-group/a b would be called '/t-dev/a b'; AWS allows 1 to 512 characters: letters, digits and _./#-.",
        ),
    ],
)
def test_shared_names_are_those_that_aws_allows(repository: Repository, line: str, message: str) -> None:
    repository.write("deploy.py", SHARED.replace("    return shared", f"    {line}\n    return shared"))
    assert refused(repository).startswith(f"deploy.py: {message}")
