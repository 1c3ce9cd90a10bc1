"""The version of the deployer, which is part of everything that it writes to the artifact bucket and of every request to AWS.

It must equal the version in `pyproject.toml`; a test compares them. It is repeated here because the project is run from its
repository and never installed, so it has no package metadata.
"""

VERSION = "0.2.0"
"""The version of this deployer, in semantic versioning."""
