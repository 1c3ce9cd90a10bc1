"""Python as a person would write it, and declarations that get more lines."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from common.base.errors import DeclarationError
from common.environment.config import Environment
from common.importing import declaration, python_source
from common.importing.entries import Code, Context, Entry, Unexpressed
from common.importing.references import References
from common.importing.selection import Keys, LiveResource
from tests.support.repository import CONFIG, ROOT

ENV = Environment.model_validate(dict(CONFIG))
LONG = {f"--argument-{number}": f"a value that takes its place {number}" for number in range(4)}


def context() -> Context:
    return Context(ENV, "orders", References(ENV, Keys(), lambda name: name, {("state-machine", "m"): "m"}, ()))


def resource(kind: str, name: str) -> LiveResource:
    return LiveResource(kind, name, f"arn:{name}", {})


def test_a_call_stands_on_one_line_if_it_fits() -> None:
    assert python_source.call("p.job", ["load"], {"shell": True, "x": Code("y / 'z'")}) == [
        "    p.job(\"load\", shell=True, x=y / 'z')"
    ]


def test_every_text_is_read_as_it_was_written() -> None:
    values = ["", "'", '"', "\\", "a\nb\tc", "ü€😀", "\u2028", {"a": [1, 2.5, None, True, {"b": []}]}, LONG, [*LONG]]
    (statement,) = ast.parse("\n".join(python_source.call("f", values, {"named": LONG}, indent=0))).body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    assert [ast.literal_eval(argument) for argument in statement.value.args] == values
    assert ast.literal_eval(statement.value.keywords[0].value) == LONG


def test_comments_are_no_longer_than_a_line() -> None:
    lines = [*python_source.comment("word " * 100)]
    assert all(line.startswith("    # ") and len(line) <= python_source.WIDTH for line in lines)
    assert " ".join(line.removeprefix("    # ") for line in lines).split() == ["word"] * 100


def written(made: Context) -> declaration.Body:
    job = Entry(
        resource=resource("glue-job", "j"),
        key="j",
        method="job",
        named={"arguments": LONG},
        code_settings={"glue_version": "4.0"},
    )
    machine = Entry(resource=resource("state-machine", "m"), key="m", method="state_machine", arguments=["m.asl.json"])
    rule = Entry(
        resource=resource("rule", "r"),
        key="r",
        method="on_event",
        arguments=[Code(made.variable("state-machine", "m")), {"source": ["x"]}],
    )
    machine.comments.append("Something to look at.")
    made.references.text("s3://company-raw/in/")
    return declaration.body(made, [rule, machine, job], [Unexpressed(resource("crawler", "c"), "it has no database")])


def test_a_declaration_has_what_is_called_above_what_calls_it_and_is_formatted(tmp_path: Path) -> None:
    text = declaration.whole(context(), "Orders.", "here", written(context()))
    assert text.index("p.shared.bucket(") < text.index("p.job(") < text.index("p.state_machine(") < text.index("p.on_event(")
    assert 'm = p.state_machine("m", "m.asl.json")\n' in text
    assert "    # Something to look at.\n    m = " in text
    assert "    # crawler c: it has no database.\n    return p\n" in text
    assert "from common import Environment, JobSettings, Pipeline, main\n" in text
    path = tmp_path / "deploy.py"
    path.write_text(text)
    words = ["--config", str(ROOT / "projects/ruff.toml"), str(path)]
    for command in (["format", "--check"], ["check"]):
        ended = subprocess.run([sys.executable, "-m", "ruff", *command, *words], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout


BEFORE = '''"""Ours."""

from pathlib import Path

from common import Environment, Pipeline, main


def pipeline(env: Environment) -> Pipeline:
    p = Pipeline("orders", env, Path(__file__).parent)
    raw = p.shared.bucket("raw")
    other = p.state_machine("other", "other.asl.json")  # by hand
    return p
'''


def test_a_declaration_that_exists_keeps_every_line() -> None:
    text = declaration.extended(BEFORE, written(context()))
    ast.parse(text)
    rest = iter(text.splitlines())
    assert all(line in rest for line in BEFORE.splitlines()), "in their order"
    assert "from common import JobSettings\n" in text
    assert text.rindex("p.on_event(") < text.rindex("return p")
    assert text.index("# by hand") < text.index("p.job(")


def test_variables_of_a_declaration_are_known() -> None:
    assert [*declaration.variables(BEFORE)] == [("bucket", "raw", "raw"), ("state_machine", "other", "other")]


@pytest.mark.parametrize(
    "text", ["x = 1\n", BEFORE.replace("    return p\n", ""), BEFORE.replace("    return p", "    if env:\n        return p")]
)
def test_a_declaration_without_a_last_return_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError, match="does not end with `return p`"):
        declaration.extended(text, written(context()))


def test_variables_are_names_that_nothing_else_has() -> None:
    made = context()
    names = [made.variable("bucket", name) for name in ("main", "class", "list", "p", "1st", "a-b", "a_b", "m")]
    assert names == ["main_bucket", "class_bucket", "list_bucket", "p_bucket", *names[4:5], "a_b", "a_b_bucket", "m"]
    assert all(name.isidentifier() for name in names)
    assert len({*names}) == len(names)
