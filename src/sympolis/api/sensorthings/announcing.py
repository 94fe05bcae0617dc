"""New observations told over MQTT, on ``v1.1/Datastreams(id)/Observations`` (OGC 18-088, section 14.3).

The change log says what was written; of each property that it names the newest observation is told once. What is
written of older times is not, and what came while the MQTT broker was away is told as the newest of then.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final, cast

from sympolis.api.http import encode
from sympolis.api.sensorthings import model
from sympolis.api.sensorthings.sensing import Record, Sensing, observation_record
from sympolis.context.broker import Broker
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.changes import Change, ChangeKind

Publish = Callable[[str, bytes], Awaitable[None]]
"""Sends a message to a topic. Raises ``DeliveryFailed`` where that cannot be done now."""
log = logging.getLogger(__name__)
_MOST_KNOWN: Final = 100_000
_PAUSE_S: Final = 5.0


class Announcer:
    """Follows the change log and publishes."""

    def __init__(self, broker: Broker, terms: Terms, publish: Publish, *, pause_s: float = _PAUSE_S) -> None:
        self._broker = broker
        self._terms = terms
        self._sensing = Sensing(broker, terms)
        self._publish = publish
        self._pause_s = pause_s
        self._told: OrderedDict[str, datetime] = OrderedDict()

    async def run(self, stopped: asyncio.Event) -> None:
        """Publish what comes from now on, until ``stopped``; after a failure go on with the next change."""
        after = (await self._broker.status()).position
        async with aclosing(cast("Any", self._broker.follow(after))) as changes:
            async for change in changes:
                if stopped.is_set():
                    return
                await self._tell(change)

    async def _tell(self, change: Change) -> None:
        if change.kind is ChangeKind.DELETED or not change.attributes:
            return
        names = set(map(self._terms.compact, change.attributes))
        try:
            for stream in await self._sensing.streams_of(change.entity_id):
                if self._terms.compact(stream.series.name if stream.series else "") in names:
                    await self._tell_newest(stream)
        except errors.SympolisError as problem:
            log.warning("observations were not published: %s", problem, extra={"action": "sensorthings"})
            await asyncio.sleep(self._pause_s)

    async def _tell_newest(self, stream: Record) -> None:
        assert stream.series is not None
        newest = stream.series.observations[-1]
        if (told := self._told.get(stream.id)) is not None and newest.at <= told:
            return
        record = observation_record(stream, newest)
        document = {"@iot.id": record.id, **record.values}
        await self._publish(f"v1.1/{model.DATASTREAMS.name}('{stream.id}')/Observations", encode(document))
        self._told[stream.id] = newest.at
        self._told.move_to_end(stream.id)
        if len(self._told) > _MOST_KNOWN:
            self._told.popitem(last=False)
