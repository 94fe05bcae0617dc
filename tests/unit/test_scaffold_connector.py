"""What `sympolis new connector` writes passes the contract suite of connectors as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sympolis.domain import errors
from sympolis.plugins import scaffold
from sympolis.plugins.loader import read_manifest


def test_a_new_connector_passes_its_contract(tmp_path: Path) -> None:
    folder = tmp_path / "bulletins"
    written = scaffold.connector(folder, "weather_bulletin", title="Weather bulletins")
    assert {str(path.relative_to(folder)) for path in written} == {
        "pyproject.toml",
        "tests/test_weather_bulletin.py",
        *(
            f"weather_bulletin/{name}"
            for name in ("manifest.toml", "__init__.py", "settings.py", "README.md")
        ),
    }
    manifest = read_manifest(folder / "weather_bulletin" / "manifest.toml")
    assert (manifest.kind, manifest.class_name) == ("connector", "WeatherBulletinConnector")
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["Weather", "weather-bulletin", "w", "../weather"])
def test_names_that_cannot_be_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        scaffold.connector(tmp_path / "plugin", name)
    assert not (tmp_path / "plugin").exists()


def test_a_title_cannot_break_the_code_it_stands_in(tmp_path: Path) -> None:
    for path in scaffold.connector(tmp_path / "plugin", "weather", title='Rain """ + "$x'):
        if path.suffix == ".py":
            compile(path.read_text(encoding="utf-8"), str(path), "exec")
