"""Which executions a command line starts."""

import pytest

from common.base.errors import UsageError
from common.declare.workspace import DeclaredPipelines
from common.environment import config_files
from common.execution.starting import find_starts
from tests.support.repository import Repository


def test_which_of_several_is_asked_without_calling_endpoints_a_real_account(repository: Repository) -> None:
    """They may lead to another AWS, such as LocalStack, or to an account by its VPC."""
    repository.configure(endpoints={"default": "http://127.0.0.1:4566"})
    for project in ("acres", "codes"):
        machine = 'p.state_machine("main", {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})'
        repository.project(project, f"p.run_by({machine}, starting={{}})")
    declarations = DeclaredPipelines.of(config_files.load(repository.root, "dev"), repository.declared())
    words = r"Which project\? dev is reached at the endpoints of config/dev\.json\. Add --project NAME; these can be run:"
    with pytest.raises(UsageError, match=words):
        find_starts(repository.root, declarations, None)
