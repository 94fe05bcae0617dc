"""Negotiations and transfers are let go some time after their end; what was agreed on, used and noted stays.

A process that is over tells nothing that its agreement, the uses under it and the audit log do not tell for longer.
Without an end the file would grow by every message that anybody ever sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sympolis.dataspace.contracts.book import ContractBook, Ended
from sympolis.dataspace.contracts.exchange import now
from sympolis.dataspace.dsp.processes import Negotiation, Transfer
from sympolis.domain import errors

log = logging.getLogger(__name__)

MOST_ENDED: Final = 20_000
"""Of each partner and kind, whatever their age: nobody fills the disk by negotiating for nothing."""
_AT_ONCE: Final = 1_000
_KINDS: Final[tuple[type[Ended], ...]] = (Negotiation, Transfer)


class Keeping:
    """Lets go of what ended more than so many ``days`` ago; 0 keeps everything for ever."""

    def __init__(
        self, book: ContractBook, days: int, *, most: int = MOST_ENDED, clock: Callable[[], datetime] = now
    ) -> None:
        self._book = book
        self._days = days
        self._most = most
        self._clock = clock

    async def sweep(self) -> int:
        """Let go of what has had its time, a portion at a time; how many went. Raises ``StoreUnavailable``."""
        if not self._days:
            return 0
        before, gone = self._clock() - timedelta(days=self._days), 0
        for kind in _KINDS:
            while went := self._book.forget(kind, before=before, most=self._most, limit=_AT_ONCE):
                gone += went
                await self._book.durable()
        return gone

    async def run(self, stopped: asyncio.Event, every_s: float = 3600.0) -> None:
        """Sweep now and then until ``stopped``; what goes wrong once is tried again the next time."""
        while not stopped.is_set():
            try:
                if gone := await self.sweep():
                    log.info("ended contract processes were let go", extra={"action": "dsp", "count": gone})
            except errors.SympolisError:
                log.exception("ended contract processes could not be let go", extra={"action": "dsp"})
            try:
                await asyncio.wait_for(stopped.wait(), every_s)
            except TimeoutError:
                continue
