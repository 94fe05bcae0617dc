"""The contract that every ``Store`` has to keep, as tests.

Derive a test class from ``StoreContract`` and give it ``open_store``; pytest then runs all of it against your store:

    class TestMyStore(StoreContract):
        @asynccontextmanager
        async def open_store(self, now):
            store = MyStore(now=now)
            yield store
            await store.close()
"""

from __future__ import annotations

from sympolis.testing.store_basics import (
    LOCATION,
    NAME,
    NODE,
    ROAD,
    SPEED,
    START,
    Now,
    Scenario,
    creating,
    observation,
    observed,
    point,
    road,
    with_store,
)
from sympolis.testing.store_histories import HistoryContract
from sympolis.testing.store_queries import QueryContract
from sympolis.testing.store_writing import WritingContract

__all__ = [
    "LOCATION",
    "NAME",
    "NODE",
    "ROAD",
    "SPEED",
    "START",
    "Now",
    "Scenario",
    "StoreContract",
    "creating",
    "observation",
    "observed",
    "point",
    "road",
    "with_store",
]


class StoreContract(WritingContract, HistoryContract, QueryContract):
    """See the module's text."""
