"""Why a finished run is uncertain: the analysis of its inputs, started and read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

POINTS = 16
"""Asked for where nothing is said: enough to rank inputs; the intervals say how well."""


class Sensitivity:
    """Handlers of ``/api/runs/{run}/sensitivity``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self, request: Request) -> Reply:
        """Analyse a run; 200 where that was done before, else 202."""
        document = await read_object(request)
        for name in document.keys() - {"points"}:
            raise errors.InvalidRequest("unknown member", where=name, hint="known: points")
        found = await self._desk.analyse(request.arguments["run"], document.get("points", POINTS))
        return json_reply(found, status=200 if found["status"] == "done" else 202)

    async def get(self, request: Request) -> Reply:
        """The analysis, finished or under way."""
        return json_reply(await self._desk.sensitivity(request.arguments["run"]))
