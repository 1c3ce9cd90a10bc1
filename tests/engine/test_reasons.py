"""The reason of a change names what has changed: the file, its mode, or the way it is built."""

from collections.abc import Callable

import pytest

from tests.support.repository import Repository
from tests.support.terminal import squeezed

SHARED_FILE = "projects/acres/shared/rules.py"


def chmod(path: str, mode: int) -> Callable[[Repository], object]:
    return lambda repository: (repository.root / path).chmod(mode)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (chmod("projects/acres/lambda/Validate/handler.py", 0o755), ["lambda/Validate: handler.py is executable now"]),
        (chmod("projects/acres/lambda/Validate/run.sh", 0o644), ["lambda/Validate: run.sh is no longer executable"]),
        (
            chmod(SHARED_FILE, 0o755),
            ["glue-job/load: shared/rules.py is executable now", "lambda/Validate: shared/rules.py is executable now"],
        ),
    ],
    ids=["handler", "script", "shared"],
)
def test_a_changed_mode_names_its_file(
    repository: Repository, moto_dates: None, edit: Callable[[Repository], object], message: list[str]
) -> None:
    repository.project("acres")
    repository.write(SHARED_FILE, "LIMIT = 3\n")
    repository.write("projects/acres/lambda/Validate/run.sh", "#!/bin/sh\n").chmod(0o755)
    for path in ("lambda/Validate/handler.py", "glue/landing/load.py"):
        place = repository.root / "projects/acres" / path
        place.write_text("from shared import rules\n" + place.read_text())
    assert repository.invoke("deploy", "--env", "dev").code == 0
    edit(repository)
    plan = repository.invoke("plan", "--env", "dev")
    assert plan.code == 2
    for line in message:
        key, _, reason = line.partition(": ")
        assert f"~ {key} update {reason}" in squeezed(plan.out)
        assert f"↑ artifact/{line.partition('/')[2].partition(':')[0]}" in squeezed(plan.out)
    assert "CodeSha256" not in plan.out
    assert "not uploaded yet" not in plan.out
    assert repository.invoke("deploy", "--env", "dev").code == 0
    assert repository.invoke("plan", "--env", "dev").code == 0


def test_what_is_built_in_another_way_is_told_apart_from_what_was_never_uploaded(
    repository: Repository, moto_dates: None
) -> None:
    repository.project("acres")
    assert repository.invoke("deploy", "--env", "dev").code == 0
    repository.configure(defaults={"function": {"runtime": "python3.13"}})
    plan = repository.invoke("plan", "--env", "dev")
    assert "↑ artifact/Validate upload the way it is built has changed" in squeezed(plan.out)
    assert "~ lambda/Validate update Runtime python3.11 → python3.13" in squeezed(plan.out)
