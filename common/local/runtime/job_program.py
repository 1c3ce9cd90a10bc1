"""What a Glue job becomes on this machine: a folder, a command line, an environment.

A job's script runs in Glue 5.0's Python and Spark (``requirements-spark.txt``), a python-shell
job's in one with boto3, pandas and awsglue (``requirements-pythonshell.txt``). Where that is another Python than the job has in
AWS, or another machine, a wheel with compiled modules cannot run; the same version is taken from the index in its place.
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
"""

import hashlib
import platform
import secrets
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

import debug_requests
import errors
import lakes
import role_sessions
import settings as launch_settings
import warm_spark
import webhdfs
from glue_versions import is_since_5
from json_types import JsonObject
from ministack.core.responses import get_account_id, get_region
from s3_tree import S3Tree
from settings import Credentials

_HERE = Path(__file__).parent
_WORKERS = ("PYTHONPATH", "TMPDIR", *Credentials.NAMES)
"""What the workers of a run have from it, and not from the Java process, which may serve other runs."""


@dataclass(frozen=True)
class Command:
    """How to start a job, where to look for the exception that ended it, and whether it may run in a warm Java process."""

    line: list[str]
    folder: Path
    environment: dict[str, str]
    is_warm: bool = False

    @property
    def released(self) -> Path:
        """The file that a run leaves once it is done with a process that others use after it."""
        return self.folder / "released"

    def error(self) -> str:
        """The last exception as Glue says it, empty where the script left none."""
        report = self.folder / "error"
        return report.read_text() if report.exists() else ""


@dataclass(frozen=True)
class _Installer:
    """For what a job's packages are installed: ``native`` where this machine and Python are those that it has in AWS."""

    python: str
    spark: bool
    native: bool


class Programs:
    """Prepares the program of every run."""

    def __init__(self, settings: launch_settings.Settings) -> None:
        self._settings = settings
        self._s3 = launch_settings.client_factory(settings)
        self._trees: dict[str, S3Tree] = {}  # by a secret of each run: a run's id is in its arguments, which other users see
        self._secrets: dict[str, str] = {}
        self._webhdfs: int | None = None
        self.spark = warm_spark.WarmSpark(settings.folder / "spark")
        self._lock = threading.Lock()

    def folder(self, run_id: str) -> Path:
        """The run's own folder: scripts, Spark's temporary files and configuration."""
        return self._settings.folder / "jobs" / run_id

    def debugging(self, token: str | None) -> debug_requests.DebugRequest | None:
        """The request of a run that is to wait for a debugger."""
        return debug_requests.named(self._settings, token)

    def prepare(
        self, job: JsonObject, run: JsonObject, account: str, debug: debug_requests.DebugRequest | None = None
    ) -> Command:
        """Fetch script and libraries, write Spark's configuration, and name the command."""
        caller = role_sessions.of_role(self._settings, job.get("Role", ""), "GlueJobRunnerSession")
        folder = self.folder(run["Id"])
        for name in ("tmp", "lib", "conf"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        spark = job["Command"].get("Name", "glueetl") != "pythonshell"
        arguments = _arguments(job, run, spark)
        if spark:
            lakes.check(arguments)
        script = self._download(caller, job["Command"].get("ScriptLocation", ""), folder)
        python, variables = self._settings.python("spark" if spark else "pythonshell")
        native = spark and is_since_5(job) and (sys.platform, platform.machine()) == ("linux", "x86_64")
        libraries = [str(path) for path in self._libraries(caller, arguments, folder, _Installer(python, spark, native))]
        search = ":".join([*libraries, *([str(_HERE / "spark")] if spark else [])])
        environment = {**self._environment(caller, folder), **variables, "PYTHONPATH": search}
        if spark:
            environment.update(self._library_variables(account, job["Name"], arguments))
            self._prepare_spark(caller, run["Id"], arguments, environment)
        if debug is not None:
            environment["EMBEDDED_DEBUG"] = f"{debug.file}:{debug.packages(self._settings, '')}"
        flat = [part for name, value in arguments.items() for part in (name, str(value))]
        return Command(
            [python, str(_HERE / "boot.py"), str(folder / "error"), str(script), *flat],
            folder,
            environment,
            spark and warm_spark.suits(arguments),
        )

    def start_spark(self) -> None:
        """Start the Java process that the next jobs use, and let it load what every job needs.

        Raises:
            JobError: it does not start.
            EnvironmentMissingError: Spark could not be fetched.
        """
        name, account = "warm-up", self._settings.account_credentials(self._settings.account_id)
        folder = self.folder(name)
        try:
            for part in ("tmp", "conf"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            python, variables = self._settings.python("spark")
            environment = {**self._environment(account, folder), **variables, "PYTHONPATH": str(_HERE / "spark")}
            self._prepare_spark(account, name, {}, environment)
            self.spark.warm_up(
                [python, str(_HERE / "boot.py"), str(folder / "error"), str(_HERE / "warm_up.py")], environment, folder
            )
        finally:
            self.remove(name)

    def _environment(self, caller: Credentials, folder: Path) -> dict[str, str]:
        return {
            **launch_settings.clean_environment(),
            **self._settings.aws_variables(caller, get_region()),
            "PYTHONUNBUFFERED": "1",
            "LC_ALL": "C.UTF-8",  # as in AWS, whatever the shell says
            "TMPDIR": str(folder / "tmp"),
        }

    def _prepare_spark(self, caller: Credentials, run_id: str, arguments: dict[str, str], environment: dict[str, str]) -> None:
        """Spark's configuration for a run, and the secret with which it reads S3."""
        folder = self.folder(run_id)
        environment.update(SPARK_CONF_DIR=str(folder / "conf"), SPARK_LOCAL_DIRS=str(folder / "tmp"))
        secret = self._secrets[run_id] = secrets.token_urlsafe(30)
        self._trees[secret] = S3Tree(self._s3(caller), folder / "staging")
        self._configure_spark(caller, secret, arguments, folder, environment)

    def _library_variables(self, account: str, job: str, arguments: dict[str, str]) -> dict[str, str]:
        """What Glue's library is told: whether Spark's catalog is the Data Catalog, and where bookmarks are kept."""
        variables = {}
        if arguments.get("--enable-glue-datacatalog", "false").lower() != "false":
            variables["EMBEDDED_GLUE_DATA_CATALOG"] = "true"
        if arguments.get("--job-bookmark-option") == "job-bookmark-enable":
            file = self._bookmarks / account / get_region() / f"{job}.json"
            variables["EMBEDDED_GLUE_BOOKMARKS"] = str(file)
        return variables

    def _libraries(self, caller: Credentials, arguments: dict[str, str], folder: Path, installer: _Installer) -> list[Path]:
        for uri in _uris(arguments.get("--extra-files")):
            self._download(caller, uri, folder)
        files = _uris(arguments.get("--extra-py-files"))
        modules = _uris(arguments.get("--additional-python-modules"))
        if installer.spark:
            options = arguments.get("--python-modules-installer-option", "").split()
        elif any(name.startswith("s3://") for name in modules):
            raise errors.JobError(
                "--additional-python-modules: a python shell takes nothing from S3; name wheels in --extra-py-files"
            )
        else:
            options, modules = [], [*(name for name in files if name.endswith(".whl")), *modules]
            files = [name for name in files if name not in modules]
        downloaded = [self._download(caller, uri, folder / "lib") for uri in files]
        return [folder / "lib", *downloaded, *([self._modules(caller, modules, options, folder, installer)] if modules else [])]

    def _modules(self, caller: Credentials, modules: list[str], options: list[str], folder: Path, installer: _Installer) -> Path:
        """What an installer has to install, once for each list of it."""
        fetched = [self._download(caller, name, folder) if name.startswith("s3://") else name for name in modules]
        requirements = [_requirement(module, installer) if isinstance(module, Path) else module for module in fetched]
        are_all_files = all(requirement in map(str, fetched) for requirement in requirements)
        options = [option for option in options if option != "--no-index" or are_all_files]
        python = installer.python
        digest = hashlib.sha256("\n".join([python, *options, *modules]).encode()).hexdigest()[:16]
        target = self._settings.folder / "modules" / digest
        with self._lock:
            if not target.exists():
                uv, _ = self._settings.python("uv")
                fresh = folder / "modules"
                install = [uv, "pip", "install", "--quiet", "--python", python, "--target", str(fresh), *options, *requirements]
                done = subprocess.run(  # our own command
                    install, capture_output=True, text=True, env=self._settings.shell, cwd=folder.anchor, check=False
                )  # from the root folder: no pyproject.toml adds a project's own constraints there
                if done.returncode != 0:
                    raise errors.JobError(f"could not install {','.join(modules)}: {done.stderr.strip()}")
                target.parent.mkdir(exist_ok=True)
                shutil.move(fresh, target)
        return target

    def _download(self, caller: Credentials, uri: str, folder: Path) -> Path:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not key:
            raise errors.JobError(f"Invalid S3 URI: {uri!r}")
        target = folder / key.rsplit("/", 1)[-1]
        try:
            body = self._s3(caller).get_object(Bucket=bucket, Key=key)["Body"]
        except Exception as error:
            raise errors.JobError(f"Failed to download {uri}: {error}") from error
        with target.open("wb") as file:
            shutil.copyfileobj(body, file)
        return target

    def remove(self, run_id: str) -> None:
        """Forget a run that has ended, with its folder."""
        self._trees.pop(self._secrets.pop(run_id, ""), None)
        shutil.rmtree(self.folder(run_id), ignore_errors=True)

    @property
    def _bookmarks(self) -> Path:
        return self._settings.folder / "state" / "bookmarks"

    def forget_bookmarks(self) -> None:
        """Forget what jobs have read: the embedded AWS is emptied."""
        shutil.rmtree(self._bookmarks, ignore_errors=True)

    def _configure_spark(
        self, caller: Credentials, secret: str, arguments: dict[str, str], folder: Path, environment: dict[str, str]
    ) -> None:
        """``spark-defaults.conf``: every session that the script makes, in whatever way, starts from it."""
        with self._lock:
            if self._webhdfs is None:
                self._webhdfs = webhdfs.serve(self._trees.get)
        jars = [str(self._download(caller, uri, folder / "lib")) for uri in _uris(arguments.get("--extra-jars"))]
        lines = {
            **_small(folder),
            **self._mounts(f"webhdfs://127.0.0.1:{self._webhdfs}/{secret}"),
            **({"spark.jars": ",".join(jars)} if jars else {}),
            **{f"spark.executorEnv.{name}": environment[name] for name in _WORKERS if environment.get(name)},
            **_asked(arguments.get("--conf", "")),
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        (folder / "conf" / "spark-defaults.conf").write_text(text)
        shutil.copy(_HERE / "log4j2.properties", folder / "conf")

    def _mounts(self, root: str) -> dict[str, str]:
        """Hadoop reads each bucket through viewfs from our WebHDFS server."""
        scheme = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
        schemes = {f"spark.hadoop.fs.{name}.impl": scheme for name in ("s3", "s3a", "s3n")}
        account = self._settings.account_credentials(get_account_id())  # a job needs no right to list buckets
        buckets = [bucket["Name"] for bucket in self._s3(account).list_buckets()["Buckets"]]
        links = {f"spark.hadoop.fs.viewfs.mounttable.{name}.linkFallback": f"{root}/{name}" for name in buckets}
        return {**schemes, **links}


def _arguments(job: JsonObject, run: JsonObject, spark: bool) -> dict[str, str]:
    own = {"--JOB_NAME": job["Name"], "--JOB_ID": job["Name"], "--JOB_RUN_ID": run["Id"]} if spark else {}
    return {**job.get("DefaultArguments", {}), **own, **run["Arguments"], **job.get("NonOverridableArguments", {})}


def _requirement(wheel: Path, installer: _Installer) -> str:
    """What to tell the installer: the file, or name and version if it holds what cannot run here."""
    with zipfile.ZipFile(wheel) as archive:
        compiled = any(name.endswith((".so", ".pyd", ".dylib")) for name in archive.namelist())
    return "==".join(wheel.name.split("-")[:2]) if compiled and not installer.native else str(wheel)


def _uris(value: str | None) -> list[str]:
    return [uri.strip() for uri in (value or "").split(",") if uri.strip()]


def _asked(conf: str) -> dict[str, str]:
    """Glue's ``--conf`` argument: ``a=b --conf c=d``."""
    pairs = (part.strip() for part in conf.split("--conf"))
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def _small(folder: Path) -> dict[str, str]:
    """Spark sized for samples on a developer's machine."""
    return {
        "spark.master": "local[2]",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.authenticate": "true",  # the driver listens, and other users of the machine reach loopback
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.legacy.createHiveTableByDefault": "false",  # without Hive, CREATE TABLE without USING makes one of Parquet
        "spark.default.parallelism": "2",
        "spark.jars.ivy": str(folder / "ivy"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Djava.io.tmpdir={folder / 'tmp'} "
        f"-Dderby.system.home={folder} -Djava.net.preferIPv4Stack=true -Dfile.encoding=UTF-8",
    }
