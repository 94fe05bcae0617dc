"""Letting go of what a source keeps no longer, when somebody asks."""

from __future__ import annotations

from sympolis.acquisition.retention import Retention
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.domain import errors


class RetentionPages:
    """Handlers of ``/api/sources/{source}/retention``."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    async def apply(self, request: Request) -> Reply:
        """Delete what is over, or count it."""
        document = await read_object(request)
        dry_run = document.pop("dry_run", False)
        if document:
            raise errors.InvalidRequest("unknown member", where=min(document), hint="known: dry_run")
        if not isinstance(dry_run, bool):
            raise errors.InvalidRequest("expected true or false", where="dry_run")
        done = await self._retention.apply(request.arguments["source"], dry_run=dry_run)
        return json_reply(done.to_json())
