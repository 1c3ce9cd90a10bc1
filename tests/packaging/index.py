"""Wheels made for a test, and an index of them: no network, and no choice between versions that may change."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from common.base import digest

PURE = "py3-none-any"


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = PURE,
    needs: tuple[str, ...] = (),
    files: Mapping[str, str] | None = None,
    scripts: str = "",
    license_: str = "License: MIT",
) -> Path:
    """A wheel with one module, its metadata, and what a test wants besides."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = [
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{license_}",
        *(f"Requires-Dist: {need}" for need in needs),
    ]
    members = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        **({f"{info}/entry_points.txt": f"[console_scripts]\n{scripts} = {name}:main\n"} if scripts else {}),
        **(files or {}),
    }
    record = "".join(f"{member},,\n" for member in [*members, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**members, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), text)
    page = folder / name / "index.html"
    page.parent.mkdir(exist_ok=True)
    links = [
        f'<a href="../{path.name}#sha256={digest.of_file(path)}">{path.name}</a>' for path in sorted(folder.glob(f"{name}-*.whl"))
    ]
    page.write_text(f"<html><body>{''.join(links)}</body></html>")
    return path
