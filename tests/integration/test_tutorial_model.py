"""The tutorial on models, word by word: its commands are run, its edits made, what it says they print is looked for."""

import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sympolis.cli.verbs import app
from sympolis.plugins import loader

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorials/add-a-model.md"
STEP = re.compile(
    r"^In `([^`]+)`, change `([^`]+)` to `([^`]+)`\.$|^Write `([^`]+)`:\n\n```toml\n(.*?)```|```(\w+)\n(.*?)```",
    re.DOTALL | re.MULTILINE,
)


def steps() -> Iterator[tuple[str, ...]]:
    """What the page has its reader do, in order."""
    for found in STEP.finditer(PAGE.read_text(encoding="utf-8")):
        file, old, new, place, content, kind, body = found.groups()
        yield ("edit", file, old, new) if file else ("write", place, content) if place else (kind, body)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[–─│┃━┏┓┗┛┡┩┠┨┼┴┬├┤╇]", " ", text).split())


def install(project: Path, site: Path) -> None:
    """What ``pip install -e`` leaves behind, without an index and without touching this environment."""
    info = site / f"{project.name}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: sympolis-{project.name}\nVersion: 0.1.0\n")
    text = (project / "pyproject.toml").read_text()
    assert f'[project.entry-points."{loader.GROUP}"]\n{project.name} = "{project.name}"' in text
    (info / "entry_points.txt").write_text(f"[{loader.GROUP}]\n{project.name} = {project.name}\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, and a place for what gets installed."""
    monkeypatch.chdir(tmp_path)
    places = [str(tmp_path / "site"), str(tmp_path / "visits")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*places, str(ROOT / "src")]))
    for place in places:
        monkeypatch.syspath_prepend(place)
    loader.plugins.cache_clear()
    loader.simulators.cache_clear()
    yield tmp_path
    loader.plugins.cache_clear()
    loader.simulators.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "visits"]:
        del sys.modules[name]


def shell(line: str, machine: Path) -> None:
    """The commands of the tutorial that are not Sympolis's own."""
    words = shlex.split(line)
    if words[:3] == ["pip", "install", "-e"]:
        install(machine / words[3], machine / "site")
        for place in ("site", "visits"):  # they were not there when the path was set
            sys.path_importer_cache.pop(str(machine / place), None)
        importlib.invalidate_caches()
        loader.plugins.cache_clear()
        loader.simulators.cache_clear()
        return
    assert words[0] == "pytest"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words[1:]]
    done = subprocess.run(command, cwd=machine, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stranger_can_add_a_model(machine: Path) -> None:
    shown, done = "", 0
    for kind, *rest in steps():
        if kind == "sh":
            shown = ""
            for line in rest[0].strip().splitlines():
                words = shlex.split(line)
                assert words[0] == "sympolis"
                result = CliRunner().invoke(app, words[1:], env={"COLUMNS": "200"})
                assert result.exit_code == 0, f"{line}\n{result.output}"
                shown += plain(result.output) + "\n"
                done += 1
        elif kind == "shell":
            for line in rest[0].strip().splitlines():
                shell(line, machine)
        elif kind == "text":
            missing = [line for line in rest[0].strip().splitlines() if plain(line) not in shown]
            assert missing == [], shown
        elif kind == "write":
            Path(rest[0]).parent.mkdir(exist_ok=True)
            Path(rest[0]).write_text(rest[1])
        else:
            file, old, new = rest
            text = Path(file).read_text()
            assert text.count(old) == 1, (file, old, text)
            Path(file).write_text(text.replace(old, new))
    assert done >= 7
