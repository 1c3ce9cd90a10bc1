"""The version of the deployer, which stands in all that it writes to the artifact bucket and in every request to AWS.

`pyproject.toml` names the same; a test compares the two. It is written here, too, since this project is run from its
repository and never installed, so there is no metadata to ask.
"""

VERSION = "0.2.0"
"""The version of this deployer, by semantic versioning."""
