"""Where packages will run: which Python, on which system.

Follows https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

import platform as machine_platform
import sys
from dataclasses import dataclass, replace

from common.environment import aws_versions

ARM = frozenset({"arm64", "aarch64"})
"""What systems call the processors that AWS calls arm64."""


@dataclass(frozen=True, order=True)
class Target:
    """Where packages will run.

    Args:
        python: its version, as in ``3.11``.
        platform: as uv calls it, as in ``aarch64-manylinux2014``.
    """

    python: str
    platform: str

    def __str__(self) -> str:
        return f"python{self.python} {self.platform}"

    def wants(self, pin: str) -> bool:
        """Whether a pin's environment marker, if it has one, is true there."""
        marker = pin.partition(" --hash=")[0].partition(";")[2]
        if not marker:
            return True
        from packaging.markers import Marker  # noqa: PLC0415 - few files have any, and all commands would wait for it

        linux = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
        machine = {"platform_machine": self.platform.partition("-")[0]}
        language = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        kind = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
        return Marker(marker).evaluate({**linux, **machine, **language, **kind, "extra": ""})

    def here(self, system: str = sys.platform, machine: str = machine_platform.machine()) -> "Target":
        """Where the embedded AWS runs what is for this target: on this machine, whatever AWS would take.

        Args:
            system: as Python calls it.
            machine: see `system`.
        """
        where = "apple-darwin" if system == "darwin" else self.platform.partition("-")[2]
        return replace(self, platform=f"{'aarch64' if machine.lower() in ARM else 'x86_64'}-{where}")

    @property
    def marker(self) -> str:
        """The environment marker that is true there and, of the targets of one lock, nowhere else."""
        return f"python_version == '{self.python}' and platform_machine == '{self.platform.partition('-')[0]}'"


def of_function(runtime: str, architecture: str) -> Target:
    """Where a Lambda function's packages run: up to Python 3.11 on Amazon Linux 2 (glibc 2.26), later on Amazon Linux 2023."""
    python = runtime.removeprefix("python")
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    return Target(python, f"{machine}-{'manylinux2014' if int(python.partition('.')[2]) < 12 else 'manylinux_2_34'}")


def of_job(glue_version: str) -> Target:
    """Where a Spark job's packages run: up to Glue 4.0 on Amazon Linux 2, later on Amazon Linux 2023."""
    platform = "x86_64-manylinux2014" if glue_version in {"3.0", "4.0"} else "x86_64-manylinux_2_34"
    return Target(aws_versions.GLUE[glue_version], platform)


SHELL = Target("3.9", "x86_64-manylinux2014")
"""Where a python-shell job's packages run."""
