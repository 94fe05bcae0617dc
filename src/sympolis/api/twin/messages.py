"""What sources send of themselves, to the address that they were told."""

from __future__ import annotations

from sympolis.acquisition.hooks import HEADER, Hooks
from sympolis.api.http import Reply, Request


class Messages:
    """Handlers of ``/api/sources/{source}/messages``."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    async def receive(self, request: Request) -> Reply:
        """Take a message; answered when it is stored."""
        token = request.header(HEADER.lower().encode()) or ""
        feed = self._hooks.awaiting(request.arguments["source"], token)
        await feed.receive(await request.body())
        return Reply(status=204)
