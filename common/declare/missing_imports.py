"""Reports imports in uploaded code that will fail in Lambda or in Glue. Protected environments refuse such code.

Only code that was just built is checked, so an unchanged deploy parses nothing. If some modules are unknown (layers of others,
modules in a job's arguments, wheels that another machine has built), only imports of the repository's own files are checked.

Follows https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html and
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from common.base.errors import ArtifactError
from common.environment import aws_versions
from common.model.resource import Action, Plan, Resource
from common.packaging import lambda_handler
from common.packaging.artifact import Script, Sources
from common.packaging.job_imports import SharedCode
from common.packaging.lambda_package import Package
from common.packaging.missing_modules import ImportedCode, standard_modules
from common.resources import job_commands
from common.resources.function import Function
from common.resources.job import Job

LAMBDA_MODULES = frozenset(
    {"awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "simplejson", "six", "snapshot_restore_py"}
    | {"urllib3"}
)
"""The modules that Lambda's Python runtimes provide, by their import names."""
GLUE_MODULES = LAMBDA_MODULES | {
    *("Crypto", "Cython", "PIL", "aiobotocore", "aiohttp", "aioitertools", "aiosignal", "appdirs", "async_timeout", "asynctest"),
    *("attr", "attrs", "avro", "awscli", "awsglue", "awsgluedataplanepython", "awsglueml2", "awswrangler", "certifi", "chardet"),
    *("charset_normalizer", "click", "contourpy", "cycler", "dateutil", "delta", "docutils", "elasticsearch", "et_xmlfile"),
    *("fontTools", "frozenlist", "fsspec", "gremlin_python", "idna", "importlib_metadata", "importlib_resources", "joblib"),
    *("kaleido", "kiwisolver", "lxml", "mpl_toolkits", "mpmath", "matplotlib", "multidict", "nltk", "numpy", "openpyxl"),
    *("opensearchpy", "packaging", "pandas", "patsy", "pg", "pg8000", "pgdb", "pip", "pkg_resources", "plotly", "pmdarima"),
    *("progressbar", "propcache", "psutil", "psycopg2", "ptvsd", "py4j", "pyarrow", "pyathena", "pydevd", "pyhocon", "pylab"),
    *("pymysql", "pyodbc", "pyparsing", "pyspark", "pytz", "redshift_connector", "regex", "requests", "retrying", "rsa", "s3fs"),
    *("scipy", "scramp", "setuptools", "sklearn", "sqlalchemy", "statsmodels", "subprocess32", "sympy", "tbats", "tenacity"),
    *("threadpoolctl", "tqdm", "typing_extensions", "tzdata", "wheel", "wrapt", "xlrd", "yaml", "yarl", "zipp"),
}
"""The modules that Glue's Spark or python shell provides, at least in some version."""
MODULE_ARGUMENTS = frozenset(
    {"--additional-python-modules", "--extra-py-files", "library-set", "--python-modules-installer-option"}
)
"""Job arguments that add modules."""


def report_missing_imports(
    plan: Plan, resources: Iterable[Resource], build_dir: Path, say: Callable[[str], None], *, protected: bool
) -> None:
    """Reports imports of modules that do not exist where the code runs.

    Args:
        plan: the plan with the uploads.
        resources: the declared resources.
        build_dir: the build folder.
        say: receives a message for each.
        protected: whether the environment refuses such code.

    Raises:
        ArtifactError: there are such imports, and the environment is protected.
    """
    uploaded = {change.key for change in plan.changes if change.action is Action.UPLOAD}
    messages = [
        f"{resource.key.project}: {resource.key}: {message}"
        for resource in resources
        if any(artifact.key in uploaded for artifact in resource.artifacts)
        for message in _check_resource(resource, build_dir)
    ]
    if messages and protected:
        lines = "\n".join(f"  {message}" for message in messages)
        raise ArtifactError(
            f"This code would die when it is imported, so this environment does not take it:\n{lines}\n"
            f"What the program can do without is imported in a `try` that catches ImportError. Nothing was deployed."
        )
    for message in messages:
        say(f"{message} It will die when it is imported.")


def _check_resource(resource: Resource, build_dir: Path) -> Iterator[str]:
    if isinstance(resource, Function) and isinstance(resource.code, Package):
        yield from _check_package(resource.code, build_dir)
    elif isinstance(resource, Job) and isinstance(resource.script, Script):
        yield from _check_job(resource, resource.script, build_dir)


def _check_package(package: Package, build_dir: Path) -> Iterator[str]:
    if not package.runtime.startswith("python") or package.command is not None:
        return
    names = _names(package, build_dir) or []
    beside = package.layer_files(build_dir)
    start = lambda_handler.find_handler(names, package.handler, package.runtime)
    if start is None:
        return
    minor = int(package.runtime.rpartition(".")[2])
    available = None if beside is None else standard_modules(minor) | LAMBDA_MODULES
    own = package.files().keys() & {*names} - _vendored(names, package)
    code = ImportedCode(own, [*names, *(beside or ())], available, package.source)
    yield from code.find_missing(start)


def _vendored(names: Iterable[str], package: Package) -> set[str]:
    """Returns the files of third-party packages that are part of a function's folder."""
    infos = [name for name in names if name.endswith(".dist-info/RECORD") and name in package.files()]
    lines = [line for name in infos for line in package.source(name).decode(errors="replace").splitlines()]
    return {line.partition(",")[0] for line in lines}


def _check_job(job: Job, script: Script, build_dir: Path) -> Iterator[str]:
    start = script.path.name
    shared = job.shared_code if isinstance(job.shared_code, SharedCode) else None
    own = {start, *(shared.files() if shared else ())}
    installed = [_names(wheel, build_dir) for wheel in job.wheels if isinstance(wheel, Sources)]
    version = aws_versions.GLUE_PYTHON[job.settings.glue_version] if job.command in job_commands.ON_SPARK else "3.9"
    is_complete = None not in installed and not MODULE_ARGUMENTS & job.arguments.keys()
    available = standard_modules(int(version.rpartition(".")[2])) | GLUE_MODULES if is_complete else None

    def read(name: str) -> bytes:
        return script.source(name) if shared is None or name == start else shared.source(name)

    yield from ImportedCode(own, [*own, *(name for names in installed for name in names or ())], available, read).find_missing(
        start
    )


def _names(artifact: Sources, build_dir: Path) -> list[str] | None:
    """Returns the members of a built artifact; None if it was not built on this machine."""
    built = artifact.built_at(build_dir)
    if not built.exists():
        return None
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()
