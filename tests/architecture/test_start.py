"""`sympolis broker` is ready in a second because it loads little: held by what it imports, not by a clock."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import clean_environment

SCRIPT = """
import json, sys
import sympolis.cli.main
from sympolis.cli.broker import alone, flags_of
from sympolis.app import open_broker, run, serving
assert flags_of(["--port", "0"]) == {"port": 0}
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""

NEEDLESS = {
    "aiomqtt", "asyncpg", "jsonschema_rs", "numpy", "pyarrow", "pydantic", "pyproj", "rich", "scipy", "shapely",
    "typer", "sympolis.acquisition.coordinator", "sympolis.analysis", "sympolis.app.assembly", "sympolis.cli.verbs",
    "sympolis.context.dumps.tenants", "sympolis.orchestration", "sympolis.plugins", "sympolis.stores.memory",
}  # fmt: skip
"""What only a city's twin, another store, a command, or some queries need."""


def test_a_broker_alone_loads_nothing_of_a_twin() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=clean_environment(), check=True
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "sympolis.app.standalone" in loaded
    assert sorted(NEEDLESS & loaded) == []
