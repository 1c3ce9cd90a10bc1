"""The versions that `uv run` installs are those of requirements.txt, which carries their hashes."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REFRESH = (
    "uv pip compile pyproject.toml --group dev --group aws-data --group query --universal --generate-hashes --no-header "
    "--no-annotate -o requirements.txt"
)


def test_constraints_are_the_pins_of_requirements_txt() -> None:
    text = (ROOT / "requirements.txt").read_text()
    pinned = {line.rstrip(" \\").partition(" ;")[0] for line in text.splitlines() if re.match(r"^[a-z0-9]", line)}
    constrained = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["constraint-dependencies"])
    assert constrained == pinned, f"refresh with: {REFRESH}; then copy the versions into [tool.uv] constraint-dependencies"


def test_every_pin_has_a_hash_and_no_address() -> None:
    for name in (
        "requirements.txt",
        *(str(path.relative_to(ROOT)) for path in (ROOT / "common/local").glob("requirements-*.txt")),
    ):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^[a-z0-9][^\n]*==", text, re.MULTILINE | re.IGNORECASE)
        assert pins
        assert len(re.findall(r"==[^\n]*\\\n +--hash=sha256:", text)) == len(pins)
        assert "://" not in text
