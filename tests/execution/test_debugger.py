"""What a debugger can be attached to, and what is sent so that only one call waits for it."""

import json
from typing import Any

import pytest

from common.base.errors import UsageError
from common.environment import config_files
from common.execution import debugger
from common.execution.repository_paths import packaged_files
from tests.support.repository import Repository

FILES = {"handler.py": "projects/acres/lambda/Validate/handler.py"}


def test_only_python_of_the_embedded_aws_can_be_debugged(repository: Repository) -> None:
    repository.configure("here", embedded={}, account_id="000000000000")
    repository.write("projects/acres/lambda/Other/index.js", "exports.handler = async () => 1;\n")
    node = 'settings=FunctionSettings(runtime="nodejs22.x")'
    repository.project("acres", 'p.function("Validate")', f'p.function("Other", {node})')
    text = (repository.root / "projects/acres/deploy.py").read_text()
    repository.write("projects/acres/deploy.py", text.replace("from common import ", "from common import FunctionSettings, ", 1))
    resources, here = repository.resources(), config_files.load(repository.root, "here")
    debugger.check(here, resources["lambda/Validate"])
    with pytest.raises(UsageError, match=r"--debug is for Python; lambda/Other has the runtime nodejs22\.x\."):
        debugger.check(here, resources["lambda/Other"])
    with pytest.raises(UsageError, match="dev is a real account"):
        debugger.check(config_files.load(repository.root, "dev"), resources["lambda/Validate"])
    repository.configure("elsewhere", endpoints={"default": "http://127.0.0.1:4566"})
    words = "elsewhere is reached at the endpoints of config/elsewhere.json, where lambda/Validate cannot be stopped"
    with pytest.raises(UsageError, match=words):
        debugger.check(config_files.load(repository.root, "elsewhere"), resources["lambda/Validate"])
    with pytest.raises(UsageError, match="--debug is for one function or job"):
        debugger.check(here, None)


def test_the_request_has_the_files_of_the_package_and_is_for_this_user_alone(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate")')
    function, folder = repository.resources()["lambda/Validate"], repository.root / "build/local/debug"
    with debugger.waiting(repository.root, function, lambda _: None) as token:
        request = folder / f"{token}.json"
        assert request.stat().st_mode & 0o077 == 0
        files = json.loads(request.read_text())["files"]
        assert files.items() >= {name: str(repository.root / path) for name, path in FILES.items()}.items()
        assert {name: str(path) for name, path in packaged_files(function).items()} == files
    assert list(folder.iterdir()) == []


def test_the_screen_says_where_to_attach(repository: Repository) -> None:
    repository.project("acres", 'p.function("Validate")')
    events: list[Any] = []
    with debugger.waiting(repository.root, repository.resources()["lambda/Validate"], events.append) as token:
        mark = repository.root / f"build/local/debug/{token}.listening"
        mark.write_text("5679")  # where the process listens
        while len(events) < 4:
            pass
    address = events[0].text.partition(" at ")[2].partition(",")[0]
    assert address == "127.0.0.1:5679"
    launch = json.loads(events[1].text.partition("launch.json: ")[2])
    assert events[0].text == (
        f"lambda/Validate waits for a debugger at {address}, for ten minutes. Set breakpoints in this repository."
    )
    assert launch["request"] == "attach"
    assert f"{launch['connect']['host']}:{launch['connect']['port']}" == address
    assert address in events[2].text
