"""Who installs the package needs no Node: sdist and wheel carry the built interface, and serve it (check 16)."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = """
import sys
from importlib import import_module
kind, root, into = sys.argv[1:]
builder = getattr(import_module(f"hatchling.builders.{kind}"), f"{kind.capitalize()}Builder")
print(*builder(root).build(directory=into, versions=["standard"]))
"""
SERVE = """
import asyncio, json, sys
import sympolis
from sympolis.testing.asgi_client import exchange
from sympolis.web.site import ASSETS, create_site
site, folder = create_site(), sys.argv[1]
assert sympolis.__file__.startswith(folder), sympolis.__file__
manifest = json.loads((ASSETS / "manifest.json").read_text("utf-8"))
files = [one["file"] for one in manifest.values()]
async def get(path):
    return await exchange(site, "GET", path)
async def main():
    page = await get("/")
    missing = [name for name in files if (await get(f"/{name}")).status != 200]
    print(json.dumps({"page": page.status, "text": page.body.decode(), "files": len(files), "missing": missing}))
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which no Node is on the PATH."""
    return {**os.environ, "PATH": str(tmp_path_factory.mktemp("no-commands")), "PYTHONPATH": ""}


def built(kind: str, root: Path, into: Path, environment: dict[str, str]) -> Path:
    """The package file that hatchling makes of a tree."""
    command = [sys.executable, "-c", BUILD, kind, str(root), str(into)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return Path(done.stdout.split()[-1])


@pytest.fixture(scope="module")
def wheel(without_node: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built of the sdist, as an index or a packager does it; unpacked as pip would."""
    spec = importlib.util.spec_from_file_location("hatch_build_for_wheel", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    if not hook.up_to_date(ROOT / "ui", ROOT / "src" / "sympolis" / "web" / "assets"):
        pytest.skip("the interface's sources have changed since it was built: make ui")
    folder = tmp_path_factory.mktemp("packages")
    with tarfile.open(built("sdist", ROOT, folder, without_node)) as archive:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since 3.11.4
        archive.extractall(folder / "source", **safely)
    [source] = (folder / "source").iterdir()
    with zipfile.ZipFile(built("wheel", source, folder, without_node)) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_a_wheel_of_the_sdist_serves_the_interface(wheel: Path, without_node: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(wheel)],
        env=without_node | {"PYTHONPATH": str(wheel)},
        cwd=wheel,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert (found["page"], found["missing"]) == (200, [])
    assert found["files"] > 20 and "has not been built" not in found["text"]


def test_a_wheel_brings_the_cities_and_the_pages_of_help(wheel: Path) -> None:
    cities = {path.parent.name for path in (wheel / "sympolis" / "cities").glob("*/city.toml")}
    assert cities == {path.parent.name for path in (ROOT / "cities").glob("*/city.toml")}
    assert (wheel / "sympolis" / "docs" / "howto").is_dir()
    assert (wheel / "sympolis" / "web" / "assets" / "licences.txt").is_file()
