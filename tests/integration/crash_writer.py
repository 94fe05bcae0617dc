"""The child of ``test_crash``: writes under load and says on stdout what was acknowledged, until it is killed.

One line per acknowledged write: ``<entity number> <value> <change number>``. Several writers share the commits, so
that a kill meets groups at every stage.
"""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sympolis.context import merge
from sympolis.context.store import Write
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.stores.embedded import EmbeddedStore

FLOW = "https://example.org/intensity"
PLACE = "https://uri.etsi.org/ngsi-ld/location"
TYPE = "https://example.org/ItemFlowObserved"
START = datetime(2024, 5, 8, tzinfo=UTC)
WRITERS = 20


def flow(number: int, value: int) -> Entity:
    """A loop with its count of the hour; every third one moves, so that the R*Tree is in play."""
    shift = value if number % 3 == 0 else 0
    return Entity(
        f"urn:ngsi-ld:ItemFlowObserved:test:{number}",
        (TYPE,),
        {
            FLOW: (Attribute(AttributeKind.PROPERTY, value, START + timedelta(hours=value), "C62"),),
            PLACE: (
                Attribute(
                    AttributeKind.GEO_PROPERTY,
                    {"type": "Point", "coordinates": [11 + shift / 1e6, 44 + number / 1e3]},
                ),
            ),
        },
    )


async def write(store: EmbeddedStore, number: int, first: int) -> None:
    """Count up for ever; print only what the store has acknowledged."""
    value = first
    while True:
        entity = flow(number, value)
        [outcome] = await store.write([Write(entity.id, merge.upsert_replace(entity))], cause="request:crash")
        assert outcome.change is not None
        sys.stdout.write(f"{number} {value} {outcome.change.number}\n")
        sys.stdout.flush()
        value += 1


async def main(folder: Path) -> None:
    """Take up where the last process was killed."""
    store = EmbeddedStore.open(folder)
    starts = []
    for number in range(WRITERS):
        known = await store.get(flow(number, 0).id)
        starts.append(0 if known is None else known.value(FLOW) + 1)
    await asyncio.gather(*(write(store, number, first) for number, first in enumerate(starts)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
