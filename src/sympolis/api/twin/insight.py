"""Figures and where they come from: indicators, lineage and the work under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympolis.api.http import Reply, Request, json_reply

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk


class Insight:
    """Handlers of ``/api/indicators`` and ``/api/jobs``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def indicators(self, request: Request) -> Reply:  # noqa: ARG002
        """The latest figures of the twin."""
        return json_reply(await self._desk.indicators())

    async def jobs(self, request: Request) -> Reply:  # noqa: ARG002
        """What is queued and running."""
        return json_reply(await self._desk.jobs())
