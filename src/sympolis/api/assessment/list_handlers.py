"""Handlers of checklists and indicators: answered and counted at the moment of the question, completed by people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.assessment.counting import count
from sympolis.api.assessment.handlers import links, refuse_others, text
from sympolis.api.assessment.observing import observe
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.assessment.checklists import Mark, Said, checklists
from sympolis.assessment.evidence import examine
from sympolis.assessment.indicators import Reported, catalogues
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.assessment.desk import AssessmentDesk

CATALOGUE: Final = Parameter(name="catalogue", text="Of this catalogue only.", choices=tuple(catalogues()))
CITY: Final = "u4ssc"
"""The catalogue whose figures are worked out from what the twin knows of the city."""
_LONGEST_PERIOD: Final = 60


class ListHandlers:
    """See the module."""

    def __init__(self, parts: ApiParts, desk: AssessmentDesk) -> None:
        self._parts = parts
        self._desk = desk

    async def checklists(self, request: Request) -> Reply:  # noqa: ARG002
        """How every checklist stands."""
        findings = examine(await observe(self._parts))
        found = [self._desk.checklist(name, findings).brief() for name in checklists()]
        return json_reply({"checklists": found})

    async def checklist(self, request: Request) -> Reply:
        """One checklist with every item, and how it moved."""
        name = request.arguments["checklist"]
        found = self._desk.checklist(name, examine(await observe(self._parts))).to_json()
        return json_reply({**found, "trend": self._trend(name)})

    async def say(self, request: Request) -> Reply:
        """Answer an item: ``mark`` (yes, no, n/a), ``reason``, ``evidence`` (links)."""
        body = await read_object(request)
        refuse_others(body, {"mark", "reason", "evidence"})
        said = Said(
            mark=_mark(body.get("mark")),
            reason=text(body, "reason", required=True),
            evidence=links(body.get("evidence", [])),
            by=subject_of(request).id,
            at=self._desk.now().isoformat(),
        )
        await self._desk.say(request.arguments["checklist"], request.arguments["item"], said)
        return await self.checklist(request)

    async def unsay(self, request: Request) -> Reply:
        """Take an answer back: evidence speaks again."""
        await self._desk.say(request.arguments["checklist"], request.arguments["item"], None)
        return Reply(status=204)

    async def indicators(self, request: Request) -> Reply:
        """Every indicator, counted, reported or missing, and how they moved."""
        wanted = CATALOGUE.raw(request)
        rows = await count(self._parts) if wanted in (None, CITY) else None
        found = self._desk.indicators(await observe(self._parts), rows)
        trend = [
            {"at": one.at, "moment": one.moment, "values": one.indicators} for one in self._desk.snapshots()
        ]
        told = [
            {key: value for key, value in msgspec.to_builtins(one).items() if key != "indicators"}
            for one in catalogues().values()
        ]
        return json_reply(
            {
                "catalogues": told,
                "indicators": [one for one in found if not wanted or one["catalogue"] == wanted],
                "trend": trend,
                "snapshot": self._desk.snapshot_due(),
            }
        )

    async def report(self, request: Request) -> Reply:
        """Report a value: ``value``, ``period``, ``source``, ``note``."""
        body = await read_object(request)
        refuse_others(body, {"value", "period", "source", "note"})
        reported = Reported(
            value=_value(body.get("value")),
            period=text(body, "period", required=True, longest=_LONGEST_PERIOD),
            source=text(body, "source"),
            note=text(body, "note"),
            by=subject_of(request).id,
            at=self._desk.now().isoformat(),
        )
        await self._desk.report(request.arguments["indicator"], reported)
        return await self.indicators(request)

    async def unreport(self, request: Request) -> Reply:
        """Take a reported value back: what the twin counts stands again."""
        await self._desk.report(request.arguments["indicator"], None)
        return Reply(status=204)

    def _trend(self, name: str) -> list[dict[str, Any]]:
        return [
            {"at": one.at, "moment": one.moment, "yes": yes, "of": len(marks)}
            for one in self._desk.snapshots()
            if (marks := one.checklists.get(name))
            for yes in [sum(mark == Mark.YES for mark in marks.values())]
        ]


def _mark(value: Any) -> Mark:
    if value not in (Mark.YES, Mark.NO, Mark.SKIPPED):
        raise errors.BadRequestData("is none of: yes, no, n/a", where="mark")
    return Mark(value)


def _value(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise errors.BadRequestData("is no number", where="value")
    return float(value)
