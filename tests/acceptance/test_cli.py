"""The command line against a running twin and without one: JSON, exit codes, words that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import TwinServer, clean_environment

pytestmark = pytest.mark.traffic


def sympolis(*arguments: str | Path, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command; with ``data`` on the twin in that folder."""
    where = [] if data is None else ["--data", str(data)]
    command = [sys.executable, "-m", "sympolis", *map(str, arguments), *where]
    return subprocess.run(
        command, capture_output=True, text=True, env=clean_environment(), timeout=900, check=False
    )


def found(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_commands_ask_the_server_that_holds_the_data(twin_server: TwinServer) -> None:
    listed = found(sympolis("scenario", "list", "--format", "json", data=twin_server.data))
    assert listed == twin_server.get("/api/scenarios")["scenarios"]


def test_a_scenario_runs_and_compares(twin_server: TwinServer) -> None:
    arguments = ("scenario", "run", "zone-30-west", "--members", "2", "--format", "json")
    first = found(sympolis(*arguments, data=twin_server.data))
    again = found(sympolis(*arguments, data=twin_server.data))
    assert first["status"] == "done"
    assert again["cached"] is True
    assert again["indicators"] == first["indicators"]
    compared = found(
        sympolis("scenario", "compare", "zone-30-west", "--format", "json", data=twin_server.data)
    )
    for one in compared["indicators"]:
        interval = one["change"]["interval"]
        clear = not interval["low"] <= 0 <= interval["high"]
        assert clear == (one["verdict"] != "no clear change")
    assert set(compared["text"]) == {"it", "de", "en"}


def test_an_unknown_scenario_is_exit_code_3_with_a_hint(twin_server: TwinServer) -> None:
    done = sympolis("scenario", "run", "close-everything", data=twin_server.data)
    assert done.returncode == 3
    assert "close-everything" in done.stderr
    assert "zone-30-west" in done.stderr


def test_the_bologna_package_is_sound() -> None:
    assert sympolis("city", "check", "bologna").returncode == 0


def test_a_broken_package_is_exit_code_1_naming_file_and_field(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text('id = "x"\n')
    done = sympolis("city", "check", tmp_path, "--format", "json")
    assert done.returncode == 1
    assert any("city.toml" in one["where"] for one in json.loads(done.stdout))


def test_wrong_usage_is_exit_code_2() -> None:
    assert sympolis("scenario", "run").returncode == 2
    assert sympolis("demo", "bologna", "--port", "99999").returncode == 2


def test_a_port_that_is_taken_is_named(twin_server: TwinServer, tmp_path: Path) -> None:
    port = twin_server.address.rpartition(":")[2]
    done = sympolis("serve", "--city", "bologna", "--port", port, data=tmp_path)
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr


def test_export_writes_every_entity_in_open_formats(twin_server: TwinServer, tmp_path: Path) -> None:
    manifest = found(sympolis("export", tmp_path / "out", "--format", "json", data=twin_server.data))
    lines = {one["file"]: one["records"] for one in manifest["files"]}
    assert lines["entities/StatisticalArea.jsonl"] == 90
    written = (tmp_path / "out" / "entities" / "StatisticalArea.jsonl").read_text().splitlines()
    assert all(json.loads(line)["type"] == "StatisticalArea" for line in written)
    assert any(name.startswith("history/ItemFlowObserved") and count > 0 for name, count in lines.items())
    assert any(name.startswith("results/run-") and count > 0 for name, count in lines.items())


def test_export_refuses_a_folder_that_is_not_empty(twin_server: TwinServer, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    done = sympolis("export", tmp_path, data=twin_server.data)
    assert done.returncode == 2
    assert (tmp_path / "mine.txt").read_text() == "precious"
