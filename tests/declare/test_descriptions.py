"""What triggers are for: declared or configured, of rules and of schedules alike."""

from pathlib import Path

import pytest

from tests.support.repository import Repository

MACHINE = 'm = p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})'
LINES = {
    'p.on_event("t", m, {"source": ["acres"]}': "rule/t",
    'p.schedule("t", m, "rate(1 day)"': "rule/t",
    'p.schedule("t", m, "rate(1 day)", timezone="America/Chicago"': "resource/t.schedule",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize("line", LINES)
def test_a_description_is_declared_or_configured_and_its_tokens_are_replaced(repository: Repository, line: str) -> None:
    repository.project("acres", MACHINE, f"{line}, description='Starts ${{main.name}}')")
    assert repository.resources()[LINES[line]].desired()["Description"] == "Starts t-dev-acres-main"
    repository.configure(projects={"acres": {"triggers": {"t": {"description": "In the morning"}}}})
    assert repository.resources()[LINES[line]].desired()["Description"] == "In the morning"
    repository.project("acres", MACHINE, f"{line})")
    repository.configure()
    assert "Description" not in repository.resources()[LINES[line]].desired()


@pytest.mark.parametrize(
    ("value", "refused"), [("7", "description is a text, not 7"), ("'x' * 513", "description has 513 characters")]
)
def test_what_is_no_description_is_refused(repository: Repository, value: str, refused: str) -> None:
    repository.project("acres", MACHINE, f'p.schedule("t", m, "rate(1 day)", description={value})')
    ended = repository.invoke("policy", "--env", "dev")
    assert ended.code == 1
    assert refused in ended.err
