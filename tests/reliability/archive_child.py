"""The child of ``test_archive_killed``: archives a history and is gone, without a word, after a step it was told."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.rolling import Roller

FAR = datetime(2100, 1, 1, tzinfo=UTC)


async def main(folder: Path, last: str, times: int) -> None:
    """Roll until the step was done so many times."""
    store = EmbeddedStore.open(folder)
    place = store._place("")
    left = times

    def watch(step: str) -> None:
        nonlocal left
        left -= step == last
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    await Roller(place.path, place.write, watch).roll(FAR)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
