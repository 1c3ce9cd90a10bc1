"""`invoke package-lambdas`: builds every Lambda package and layer; with an option it locks, lists or watches them instead."""

from invoke.context import Context

from common.base.errors import UsageError
from common.commands.invocation import INVOCATION
from common.commands.option_help import options
from common.commands.task import task
from common.model import steps
from common.model.choices import Choices


@task(
    name=steps.PACKAGE,
    for_all=True,
    help=options(
        *("env", "project", "only", "json"),
        lock="First write the locks of all requirements, with versions and hashes.",
        sbom="Print the bill of materials of all packages instead: CycloneDX, for scanners.",
        watch="Again whenever a file is saved; with --env, deploy whenever a file is saved.",
    ),
)
def package_lambdas(
    _c: Context,
    env: str | None = None,
    project: str | None = None,
    only: str | None = None,
    lock: bool = False,
    sbom: bool = False,
    watch: bool = False,
    json: bool = False,
) -> None:
    """Build every Lambda package and layer.

    Needs no environment and no credentials.
    """
    if steps.PACKAGE not in INVOCATION.get().requested():
        return  # a deploy builds what the bucket does not have, and no more
    choices = Choices(env=env, project=project, only=only)
    if lock + sbom + watch > 1:
        raise UsageError("--lock, --sbom and --watch are three commands: give one of them.")
    if watch:
        from common.commands.watch import watch as watch_files

        watch_files(INVOCATION.get().root, choices, json=json)
    elif sbom:
        from common.commands.sbom import print_sbom

        print_sbom(choices)
    else:
        build(choices, lock=lock, json=json)


def build(choices: Choices, *, lock: bool, json: bool) -> None:
    """Builds the packages that are not built yet, and tells what each holds; `lock` writes the locks first.

    Raises:
        ArtifactError: some cannot be built; all that is wrong in one message.
        UsageError: --only names no package.
    """
    from common.base.errors import ArtifactError, DeployError
    from common.commands.deployment_command import deploy_report
    from common.commands.environment_command import opened
    from common.declare import packages
    from common.declare.locking import write_locks
    from common.declare.package_builds import build_all, by_built_path, layer_hints
    from common.packaging.lambda_package import Package

    command = opened(choices, deploy_report(choices, json=json))
    workspace = command.workspace
    if lock:
        write_locks(workspace, command.say)
    artifacts = (resource.artifact for resource in packages.selected(workspace, command.say))
    selected = [artifact for artifact in artifacts if isinstance(artifact, Package)]
    choices.check_packaged(selected)
    if kept := sorted({f"{package.key.project}:{package.key.name}" for package in selected if package.in_aws}):
        command.say(f"not built, because AWS keeps the imported code until a file is edited: {', '.join(kept)}")
    by_path, functions, errors = by_built_path([package for package in selected if not package.in_aws], workspace.build_dir)
    for result in build_all(by_path, functions, workspace.build_dir):
        if isinstance(result, DeployError):
            errors.append(str(result))
        else:
            command.report(result)
    if errors:
        raise ArtifactError("\n".join(dict.fromkeys(errors)))
    for hint in layer_hints(by_path):
        command.say(hint)
