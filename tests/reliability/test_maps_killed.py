"""Kill -9 of a broker: entity maps that were acknowledged are there after the restart, with what had left them."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sympolis.app.standalone import open_broker
from sympolis.settings import Settings
from sympolis.testing.postgres import server

ROOT = Path(__file__).parents[2]


def killed(folder: Path, store: str, lines: int) -> list[str]:
    """The maps that the child had made when it was killed."""
    command = [sys.executable, "-m", "tests.reliability.maps_child", str(folder), store]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        said = [child.stdout.readline().strip() for _ in range(lines)]
        child.kill()
        said += [one.strip() for one in child.stdout.readlines() if one.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    return said


@pytest.mark.parametrize("store", ["embedded", "postgres"])
def test_acknowledged_maps_are_there(store: str, tmp_path: Path) -> None:
    chosen = server().fresh_url() if store == "postgres" else store
    made = killed(tmp_path, chosen, 5)

    async def look() -> list[list[str]]:
        broker = await open_broker(Settings(data=tmp_path, store=chosen))
        maps = broker.ground.lasting.entity_maps
        found = [(await maps.require(one)).ids for one in made]
        await broker.close()
        return found

    assert asyncio.run(look()) == [[f"urn:e:{number}" for number in range(1, 100)]] * len(made)
