"""What is odd in the series of a dataset, worked out when somebody asks; in a thread, as it takes seconds."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT, OFFSET, Parameter, TimeParameter
from sympolis.api.parts import ApiParts
from sympolis.api.reading import check_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import reference
from sympolis.context.query import HistoryQuery, Query, TimeRange, TimeRelation, TypeIs
from sympolis.context.terms import Terms
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.acquisition.coordinator import Coordinator
    from sympolis.governance.quality.baseline import Series

ATTRIBUTE = Parameter(
    name="attribute", text="The observed attribute; the dataset's first unless given.", max_length=200
)
FEATURE = Parameter(name="feature", text="Only what concerns this entity; the others stay siblings.")
KIND = Parameter(name="kind", text="Only this kind.", choices=("gap", "flat", "outlier", "jump", "drift"))
TO = TimeParameter(name="to", text="End of the span, excluded; the newest observation unless given.")
FROM = TimeParameter(name="from", text="Start of the span; 180 days before its end unless given.")
SPAN: Final = timedelta(days=180)
_MOST_SENSORS: Final = 500
_MOST_VALUES: Final = 1_000_000


class AnomalyPages:
    """Handlers of ``/api/datasets/{dataset}/anomalies``."""

    def __init__(self, parts: ApiParts, coordinator: Coordinator, terms: Terms) -> None:
        self._broker = parts.broker
        self._coordinator = coordinator
        self._terms = terms
        self._busy = asyncio.Semaphore(1)
        """One at a time: each is seconds of numbers."""

    async def get(self, request: Request) -> Reply:
        """What is odd, in order of time. Raises ``NotFound``, ``InvalidRequest``."""
        dataset = request.arguments["dataset"]
        check_listed(dataset)
        planned = self._coordinator.planned(dataset)
        attribute = self._attribute(dataset, ATTRIBUTE.raw(request))
        span = self._span(dataset, FROM.of(request), TO.of(request))
        group = await self._series(planned.mapping.entity_type, attribute, span)
        zone = ZoneInfo(planned.source.timezone or self._coordinator.timezone)
        async with self._busy:
            found = await asyncio.to_thread(_detected, group, zone)
        feature, kind = FEATURE.raw(request), KIND.raw(request)
        events = [one for one in found if feature in (None, one["feature"]) and kind in (None, one["kind"])]
        first = OFFSET.of(request)
        return json_reply(
            {
                "dataset": dataset,
                "attribute": attribute,
                "from": span[0],
                "to": span[1],
                "sensors": len(group),
                "values": sum(int(one.values.size) for one in group),
                "total": len(events),
                "events": events[first : first + LIMIT.of(request)],
            }
        )

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

    async def _series(self, kind: str, attribute: str, span: tuple[datetime, datetime]) -> list[Series]:
        from sympolis.governance.quality.baseline import series_of

        name = self._terms.expand(attribute)
        page = await self._broker.query(
            Query(types=TypeIs(self._terms.expand(kind)), attributes=(name,), limit=_MOST_SENSORS)
        )
        found: list[Series] = []
        left = _MOST_VALUES
        for entity in page.entities:
            asked = HistoryQuery(
                Query(ids=(entity.id,)),
                TimeRange(TimeRelation.BETWEEN, span[0], span[1]),
                names=(name,),
                max_instances=left,
            )
            for one in (await self._broker.history(asked)).series:
                points = [(point.at, point.value) for point in one.observations]
                left -= len(points)
                found.append(series_of(entity.id, points))
            if left <= 0:
                raise errors.TooManyResults("the span holds more than a million values", where="from")
        return found


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
