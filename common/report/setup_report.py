"""What `new`, `init` and `upgrade` have written, as lines of text, and what to do next."""

from collections.abc import Iterator, Mapping, Sequence

from common.base.command_text import typed
from common.base.json_types import JsonMapping
from common.environment.inheritance import USER


def templates(descriptions: Mapping[str, str], *, numbered: bool = False) -> list[str]:
    """The templates with what each is."""
    width = max(map(len, descriptions))
    return [
        f"  {f'{number}. ' if numbered else ''}{name:{width}}  {text}"
        for number, (name, text) in enumerate(descriptions.items(), start=1)
    ]


def project(name: str, template: str, files: Sequence[str]) -> Iterator[str]:
    """A project that was written."""
    yield f"The project {name} was written from the template {template}:"
    yield from (f"  {path}" for path in files)
    yield ""
    yield "Next:"
    yield f"  uv run pytest projects/{name}"
    yield f"  {typed(f'deploy --env local --project {name}')}"
    yield f"  {typed(f'run --env local --project {name}')}"


def environment(path: str, content: JsonMapping) -> Iterator[str]:
    """An environment that was written."""
    yield f"{path} was written:"
    yield from (f"  {key}: {value}" for key, value in content.items() if key != "$schema")
    yield ""
    if USER in str(content["name_prefix"]):
        yield f"{USER} stands for each developer's login, or for DEPLOY_USER. Schedules are paused, and logs are kept for 3 days."
    yield "Next:"
    yield f"  {typed('plan --env ' + str(content['name']))}"
    if USER in str(content["name_prefix"]):
        yield f"  {typed('destroy --data --env ' + str(content['name']))}    # when you do not need it any more"
