"""The child of ``test_maps_killed``: a broker that makes entity maps and says each, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from sympolis.app.standalone import open_broker
from sympolis.context.entity_maps import LOCAL
from sympolis.settings import Settings


async def work(folder: Path, store: str) -> None:
    """Make maps, for ever; each is said when it is kept."""
    broker = await open_broker(Settings(data=folder, store=store))
    maps = broker.ground.lasting.entity_maps
    while True:
        made = maps.create(dict.fromkeys((f"urn:e:{number}" for number in range(100)), (LOCAL,)))
        await maps.keep(made)
        made.drop(["urn:e:0"])
        maps.prolong(made, made.expires_at + timedelta(hours=1))
        await maps.keep(made, changed=True)
        sys.stdout.write(made.id + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2]))
