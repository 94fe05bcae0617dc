"""What is odd in the series of a dataset, worked out when somebody asks; in a thread, as it takes seconds.

Equal questions share one answer, and it is worked out to its end whoever leaves: a page that asks again after it has
waited too long finds it, instead of starting it once more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, OFFSET, MomentParameter, Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.reading import check_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import reference
from sympolis.context import gated
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.context.broker import Broker
    from sympolis.governance.quality.baseline import Series

ATTRIBUTE = Parameter(
    name="attribute", text="The observed attribute; the dataset's first unless given.", max_length=200
)
FEATURE = Parameter(name="feature", text="Only what concerns this entity; the others stay siblings.")
KIND = Parameter(name="kind", text="Only this kind.", choices=("gap", "flat", "outlier", "jump", "drift"))
TO = MomentParameter(name="to", text="End of the span, excluded; the newest observation unless given.")
FROM = MomentParameter(name="from", text="Start of the span; 180 days before its end unless given.")
SPAN: Final = timedelta(days=180)
_MOST_SENSORS: Final = 500
_MOST_VALUES: Final = 1_000_000
_MOST_WAITING: Final = 8
_HOLDS_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Found:
    """The events of a group of series, and how many series and values they are of."""

    events: list[dict[str, Any]]
    sensors: int
    values: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked at, and by somebody who may see what (``gated.mark``)."""

    dataset: str
    kind: str
    """Expanded, like ``attribute``."""
    attribute: str
    span: tuple[datetime, datetime]
    zone: str
    mark: object


class AnomalyPages:
    """Handlers of ``/api/datasets/{dataset}/anomalies``."""

    def __init__(
        self,
        parts: ApiParts,
        coordinator: Coordinator,
        terms: Terms,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = parts.broker
        self._coordinator = coordinator
        self._terms = terms
        self._busy = asyncio.Semaphore(1)
        """One at a time, from reading to its end: each is up to a million values and seconds of numbers."""
        self._monotonic = monotonic
        self._known: dict[_Asked, tuple[asyncio.Task[_Found], float]] = {}

    async def get(self, request: Request) -> Reply:
        """What is odd, in order of time. Raises ``NotFound``, ``InvalidRequest``, ``TooManyAttempts``."""
        dataset = request.arguments["dataset"]
        check_listed(dataset)
        planned = self._coordinator.planned(dataset)
        attribute = self._attribute(dataset, ATTRIBUTE.raw(request))
        span = self._span(dataset, FROM.of(request), TO.of(request))
        entity_type = self._terms.expand(planned.mapping.entity_type)
        gated.ask_for(entity_type)  # an answer that is shared is refused, noted and counted like one's own
        zone = planned.source.timezone or self._coordinator.timezone
        asked = _Asked(dataset, entity_type, self._terms.expand(attribute), span, zone, gated.mark())
        found = await asyncio.shield(self._shared(asked))
        feature, kind = FEATURE.raw(request), KIND.raw(request)
        events = [
            one for one in found.events if feature in (None, one["feature"]) and kind in (None, one["kind"])
        ]
        first = OFFSET.of(request)
        return json_reply(
            {
                "dataset": dataset,
                "attribute": attribute,
                "from": span[0],
                "to": span[1],
                "sensors": found.sensors,
                "values": found.values,
                "total": len(events),
                "events": events[first : first + LIMIT.of(request)],
            }
        )

    def _shared(self, asked: _Asked) -> asyncio.Task[_Found]:
        """The work on this question, begun for whoever asked it first. Raises ``TooManyAttempts``."""
        now = self._monotonic()
        self._known = {
            key: kept for key, kept in self._known.items() if not _is_over(kept[0]) and kept[1] > now
        }
        kept = self._known.get(asked)
        if kept is not None:
            return kept[0]
        if len(self._known) >= _MOST_WAITING:
            self._forget_one()
        task = asyncio.create_task(self._found(asked))
        self._known[asked] = (task, float("inf"))
        task.add_done_callback(lambda done: self._ended(asked, done))
        return task

    def _forget_one(self) -> None:
        """Make room: the oldest answer goes. Raises ``TooManyAttempts`` where all are still being worked out."""
        for key, (task, _) in self._known.items():
            if task.done():
                del self._known[key]
                return
        raise errors.TooManyAttempts(
            "too many others ask at this moment", where="path", hint="try again in a minute"
        )

    def _ended(self, asked: _Asked, done: asyncio.Task[_Found]) -> None:
        if _is_over(done):
            self._known.pop(asked, None)
        elif asked in self._known:
            self._known[asked] = (done, self._monotonic() + _HOLDS_S)

    async def _found(self, asked: _Asked) -> _Found:
        async with self._busy:
            group = await read_group(self._broker, asked.kind, asked.attribute, asked.span)
            events = await asyncio.to_thread(_detected, group, ZoneInfo(asked.zone))
        return _Found(events, len(group), sum(int(one.values.size) for one in group))

    def _attribute(self, dataset: str, wanted: str | None) -> str:
        mapping = self._coordinator.planned(dataset).mapping
        observed = [one.attribute for one in mapping.series]
        observed += [one.name for one in mapping.attributes if one.observed]
        if not observed:
            raise errors.InvalidRequest("the dataset has no observations", where="dataset")
        if wanted is not None and wanted not in observed:
            hint = f"observed: {', '.join(observed)}"
            raise errors.InvalidRequest("the dataset does not observe this", where="attribute", hint=hint)
        return wanted or observed[0]

    def _span(self, dataset: str, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
        newest = self._coordinator.source(dataset)["newest_observation"]
        if end is None:
            if newest is None:
                raise errors.NotFound("the dataset has no observations yet", where="dataset")
            end = newest + timedelta(seconds=1)
        begin = start or end - SPAN
        if begin >= end:
            raise errors.InvalidRequest("the span ends before it starts", where="from")
        return begin, end


async def read_group(broker: Broker, kind: str, name: str, span: tuple[datetime, datetime]) -> list[Series]:
    """The series of an attribute of every entity of a type (both expanded). Raises ``TooManyResults``."""
    from sympolis.governance.quality.baseline import series_of

    page = await broker.query(Query(types=TypeIs(kind), attributes=(name,), limit=_MOST_SENSORS))
    found: list[Series] = []
    left = _MOST_VALUES
    for entity in page.entities:
        asked = HistoryQuery(
            Query(ids=(entity.id,)),
            TimeRange(TimeRelation.BETWEEN, span[0], span[1]),
            names=(name,),
            max_instances=left,
        )
        for one in (await broker.history(asked)).series:
            points = [(point.at, point.value) for point in one.observations]
            left -= len(points)
            found.append(series_of(entity.id, points))
        if left <= 0:
            raise errors.TooManyResults("the span holds more than a million values", where="from")
    return found


def _is_over(task: asyncio.Task[_Found]) -> bool:
    """Whether it ended without an answer; asking for its error keeps asyncio from complaining that nobody did."""
    return task.done() and (task.cancelled() or task.exception() is not None)


def _detected(group: list[Series], zone: ZoneInfo) -> list[dict[str, Any]]:
    from sympolis.governance.quality.anomalies import detect

    return [one.to_json() for one in detect(group, zone)]


def operations(parts: ApiParts, coordinator: Coordinator, terms: Terms) -> tuple[Operation, ...]:
    """The routes."""
    pages = AnomalyPages(parts, coordinator, terms)
    return (
        Operation(
            method="GET",
            path="/api/datasets/{dataset}/anomalies",
            handle=pages.get,
            name="getDatasetAnomalies",
            title="What is odd in the dataset's series",
            tag="Datasets",
            path_texts={"dataset": "A dataset's id; it is that of its source."},
            parameters=(ATTRIBUTE, FEATURE, KIND, FROM, TO, LIMIT, OFFSET),
            answers={
                200: Answer("Events, each with its reason.", {"application/json": reference("Anomalies")})
            },
        ),
    )
