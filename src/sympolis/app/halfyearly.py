"""Keeps the half-yearly state of the programme's indicators when its day has come; nobody has to think of it.

The first state, the baseline, is a decision of people: a pilot says when it begins. From then on the clock keeps an
interim state every six months, until somebody keeps the final one. A value that people reported counts in it only if
it was reported since the state before: the clock freezes nothing that nobody looked at.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from sympolis.api.assessment.counting import count
from sympolis.api.assessment.observing import observe
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.assessment.records import Snapshot

log = logging.getLogger(__name__)
_LOOK_EVERY_S: Final = 3600.0


class HalfYears:
    """See the module; ``run`` is one of the things that a started twin does."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    async def run(self, stopped: asyncio.Event) -> None:
        """Until ``stopped``: look once an hour whether a state is due."""
        while not stopped.is_set():
            try:
                await self.keep_due()
            except errors.SympolisError:
                log.exception("the half-yearly state could not be kept", extra={"action": "assessment.keep"})
            try:
                await asyncio.wait_for(stopped.wait(), _LOOK_EVERY_S)
            except TimeoutError:
                continue

    async def keep_due(self) -> Snapshot | None:
        """Keep the interim state if its day has come; None where it has not."""
        desk = self._parts.assessment
        if desk is None or not desk.interim_is_due():
            return None
        return await desk.keep_interim(await observe(self._parts), await count(self._parts))
