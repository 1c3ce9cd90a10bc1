"""What `new`, `init` and `upgrade` have written, as lines of text, and what to do next."""

import shlex
from collections.abc import Iterator, Mapping, Sequence

from common.base.command_text import typed
from common.base.json_types import JsonMapping
from common.environment.inheritance import USER
from common.setup.upgrading import Upgrade


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


def repository(folder: str, version: str, environments: Sequence[str], name: str, *, is_in_git: bool) -> Iterator[str]:
    """A repository that was made."""
    yield f"{folder} has the deployer {version}, the project {name}, and the environments {', '.join(environments)}."
    yield ""
    yield "Next:"
    yield f"  cd {shlex.quote(folder)}"
    yield "  uv run invoke deploy --env local"
    yield f"  uv run invoke run --env local --project {name}"
    yield "  uv run pytest projects"
    if len(environments) == 1:
        yield "  uv run invoke new --environment dev --account 123456789012 --region us-east-1"
    yield "  git add --all && git commit" if is_in_git else "  git init && git add --all && git commit"


def upgrade(result: Upgrade, *, written: bool) -> Iterator[str]:
    """An upgrade, with what the changelog says of it."""
    if result.is_empty:
        yield f"The deployer is up to date: version {result.after}. Nothing was changed."
        return
    if result.news:
        yield result.news
        yield ""
    versions = f"{result.before} → {result.after}" if result.before != result.after else f"{result.after}, other files"
    counts = f"{len(result.added)} added, {len(result.changed)} changed, {len(result.removed)} removed"
    yield f"{'The deployer was replaced' if written else 'The deployer would be replaced'}: {versions} ({counts} files)."
    if written:
        yield ""
        yield "Next:"
        yield "  uv run invoke version"
        yield "  uv run invoke plan --env dev        # for each environment: it shows what is deployed differently, and why"
        yield "  git add --all && git commit"
