"""Everything else that the Apprise library speaks (Matrix, Telegram, SMS gateways ...); needs the extra ``apprise``.

The library opens its own connections, so the guard cannot look at them: only rules of the city package may use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sympolis.decision.notices.record import Notice
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused
from sympolis.notify.channels.wording import Message, message


class Apprise:
    """See ``Carrier``; ``to`` is an Apprise URL."""

    def __init__(self, *, language: str, address: str) -> None:
        self._language = language
        self._address = address

    async def send(self, to: str, notices: Sequence[Notice], message_id: str) -> None:  # noqa: ARG002
        """See ``Carrier.send``."""
        told = message(notices, language=self._language, address=self._address)
        await asyncio.to_thread(_send, to, told)


def _send(to: str, told: Message) -> None:
    from apprise import Apprise as Library

    library = Library()
    if not library.add(to):
        raise DeliveryRefused("Apprise knows no such address")
    if not library.notify(title=told.subject, body=told.text):
        raise DeliveryFailed("Apprise could not deliver it")
