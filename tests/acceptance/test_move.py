"""A whole city moves house: exported while it works, put back elsewhere, with its runs and its books."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.test_cli import found, sympolis
from tests.conftest import TwinServer

pytestmark = pytest.mark.traffic


def test_a_twin_comes_back_with_its_runs_and_sources(twin_server: TwinServer, tmp_path: Path) -> None:
    manifest = found(sympolis("export", tmp_path / "dump", "--format", "json", data=twin_server.data))
    told = found(sympolis("restore", tmp_path / "dump", "--format", "json", data=tmp_path / "new"))
    assert told["tenants"] == manifest["facts"]["tenants"]
    assert told["tenants"][0]["entities"] > 4000
    for command in (("scenario", "list"), ("model", "list"), ("source", "list")):
        before = found(sympolis(*command, "--format", "json", data=twin_server.data))
        assert found(sympolis(*command, "--format", "json", data=tmp_path / "new")) == before
