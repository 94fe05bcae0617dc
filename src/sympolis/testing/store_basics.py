"""What the tests of stores share: a few roads, what is observed of them, and a way to run a coroutine on a store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from sympolis.context import merge
from sympolis.context.core_context import NGSI_LD
from sympolis.context.store import Store, Write
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.testing.clocks import SteppingClock

LOCATION = NGSI_LD + "location"
ROAD = "https://example.org/RoadSegment"
NODE = "https://example.org/RoadNode"
SPEED = "https://example.org/speed"
NAME = "https://example.org/name"
START = datetime(2024, 5, 8, 7, 0, tzinfo=UTC)

Now = Callable[[], datetime]
Scenario = Callable[[Any, Store], Awaitable[None]]


def road(number: int, **attributes: Any) -> Entity:
    """A road segment; attributes by short name, values plain or ready-made."""
    found = {
        f"https://example.org/{name}": (value if isinstance(value, Attribute) else plain(value),)
        for name, value in attributes.items()
    }
    return Entity(f"urn:ngsi-ld:RoadSegment:test:{number:04d}", (ROAD,), found)


def plain(value: Any) -> Attribute:
    """A property with nothing but a value."""
    return Attribute(AttributeKind.PROPERTY, value)


def observed(value: Any, hours: float = 0, **more: Any) -> Attribute:
    """A property observed so many hours after the start."""
    return Attribute(AttributeKind.PROPERTY, value, START + timedelta(hours=hours), **more)


def point(longitude: float, latitude: float) -> Attribute:
    """A geo-property of a point."""
    return Attribute(AttributeKind.GEO_PROPERTY, {"type": "Point", "coordinates": [longitude, latitude]})


def creating(*entities: Entity) -> list[Write]:
    """Writes that create these entities."""
    return [Write(entity.id, merge.create(entity)) for entity in entities]


def observation(entity: Entity, hours: float, value: Any, name: str = SPEED, **more: Any) -> Observation:
    """A point of an entity's history."""
    return Observation(entity.id, entity.types, name, START + timedelta(hours=hours), value, **more)


class Opening:
    """What a contract's tests are made of: stores that are fresh and empty."""

    def open_store(self, now: Now) -> AbstractAsyncContextManager[Store]:
        """A fresh, empty store that takes the time from ``now``; closed at the end."""
        raise NotImplementedError


def with_store(scenario: Scenario) -> Callable[[Any], None]:
    """Make a test of a coroutine that takes an open store."""

    def test(self: Opening) -> None:
        async def run() -> None:
            async with self.open_store(SteppingClock()) as store:
                await scenario(self, store)

        asyncio.run(run())

    test.__name__ = getattr(scenario, "__name__", "test")
    test.__doc__ = scenario.__doc__
    return test
