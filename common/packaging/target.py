"""The targets that packages are installed for: which Python, on which platform.

Follows https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

import platform as machine_platform
import sys
from dataclasses import replace

from common.base.lean_dataclass import dataclass
from common.environment import aws_versions

ARM64_NAMES = frozenset({"arm64", "aarch64"})
"""The names that operating systems use for the architecture arm64."""


@dataclass(frozen=True, order=True)
class Target:
    """The Python and the platform on which packages run.

    Args:
        python: the version of Python, as in ``3.11``.
        platform: the platform as uv calls it, as in ``aarch64-manylinux2014``.
    """

    python: str
    platform: str

    def __str__(self) -> str:
        return f"python{self.python} {self.platform}"

    def selects(self, pin: str) -> bool:
        """Whether a pin is installed there: whether its environment marker, if any, is true."""
        marker = pin.partition(" --hash=")[0].partition(";")[2]
        if not marker:
            return True
        from packaging.markers import Marker  # slow to load, and few files have markers

        linux = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
        machine = {"platform_machine": self.platform.partition("-")[0]}
        language = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        kind = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
        return Marker(marker).evaluate({**linux, **machine, **language, **kind, "extra": ""})

    def here(self, system: str = sys.platform, machine: str = machine_platform.machine()) -> "Target":
        """Returns the target with which the embedded AWS runs the same code: this machine's platform.

        Args:
            system: the operating system as Python calls it.
            machine: the processor as Python calls it.
        """
        where = "apple-darwin" if system == "darwin" else self.platform.partition("-")[2]
        return replace(self, platform=f"{'aarch64' if machine.lower() in ARM64_NAMES else 'x86_64'}-{where}")

    @property
    def marker(self) -> str:
        """The environment marker that is true for this target and for no other target of a lock."""
        return f"python_version == '{self.python}' and platform_machine == '{self.platform.partition('-')[0]}'"


def function_target(runtime: str, architecture: str) -> Target:
    """Returns the target of a Lambda function: Amazon Linux 2 (glibc 2.26) up to Python 3.11, Amazon Linux 2023 later."""
    python = runtime.removeprefix("python")
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    return Target(python, f"{machine}-{'manylinux2014' if int(python.partition('.')[2]) < 12 else 'manylinux_2_34'}")


def job_target(glue_version: str) -> Target:
    """Returns the target of a Spark job: Amazon Linux 2 up to Glue 4.0, Amazon Linux 2023 later."""
    platform = "x86_64-manylinux2014" if glue_version in {"3.0", "4.0"} else "x86_64-manylinux_2_34"
    return Target(aws_versions.GLUE_PYTHON[glue_version], platform)


PYTHON_SHELL_TARGET = Target("3.9", "x86_64-manylinux2014")
"""The target of python-shell jobs."""
