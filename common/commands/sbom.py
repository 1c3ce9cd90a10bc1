"""`package-lambdas --sbom`: the bills of materials of all packages as one document, which is what scanners read from a pipe.

A package that is built here is told of as it is here. What the bucket of an environment has and this machine has not is told of
as it is there, and not built; so what is said of a deployed package is said of the bytes that were deployed.
"""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from common.base import terminal
from common.base.errors import ArtifactError, DeployError
from common.commands import answering, package_lambdas
from common.commands.invocation import Invocation
from common.engine.session import Session
from common.model.choices import Choices
from common.packaging import bill
from common.packaging.artifact import Sources
from common.packaging.bill import Document
from common.packaging.lambda_package import Package
from common.state.records import Records


def show(root: Path, choices: Choices, invocation: Invocation) -> None:
    """Prints the document; all else that is to be told goes to standard error.

    Raises:
        ArtifactError: something cannot be built.
        UsageError: nothing is selected.
    """
    session, _ = answering.opened(Session, root, choices, invocation, json=False, stream=terminal.errors())
    found = {one.built_at(session.build_dir): one for one in _selected(session)}
    if not found:
        raise package_lambdas.nothing(session)
    missing = [path for path in found if not path.exists()]
    records = _records(session) if choices.env is not None and missing else None
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="build") as pool:
        told = list(pool.map(partial(_bill, session.build_dir, records), found.values()))
    if errors := [str(one) for one in told if isinstance(one, DeployError)]:
        raise ArtifactError("\n".join(dict.fromkeys(errors)))
    name = session.projects[0] if len(session.projects) == 1 else "pipelines"
    terminal.Screen().object(bill.merged(name, [one for one in told if not isinstance(one, DeployError)]), indent=2)


def _selected(session: Session) -> Iterator[Sources]:
    """Functions' packages, and whatever else holds packages of other people."""
    for artifact in (artifact for one in package_lambdas.selected(session) for artifact in one.artifacts):
        holds = isinstance(artifact, Package) or getattr(artifact, "dependencies", None) is not None
        if isinstance(artifact, Sources) and holds:
            yield artifact


def _records(session: Session) -> Records:
    _ = session.caller  # the account guard comes first
    return Records(session.aws, session.configured)


def _bill(build_dir: Path, records: Records | None, one: Sources) -> Document | DeployError:
    try:
        if records is not None and not one.built_at(build_dir).exists():
            if found := records.bill(one):
                return found
            if content := records.content(one):
                return one.document(build_dir, content)
        known = one.bill(build_dir)
        return json.loads(known.read_text(encoding="utf-8")) if known is not None else one.document(build_dir)
    except DeployError as error:
        return error
