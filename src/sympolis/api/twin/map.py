"""The map's routes: its layers, and the observed series behind their features."""

from __future__ import annotations

import re

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import Parameter, TimeParameter
from sympolis.api.twin.layers import Layers
from sympolis.api.twin.series import ObservedSeries
from sympolis.context import temporal
from sympolis.context.codec import check_entity_id
from sympolis.domain import errors

FEATURE = Parameter(name="feature", text="An entity's id.", required=True, max_length=2048)
FIELD = Parameter(name="field", text="One of the layer's fields.", required=True, max_length=256)
FROM = TimeParameter(name="from", text="Start of the span; a week before its end unless given.")
TO = TimeParameter(name="to", text="End of the span, excluded; just after the newest value unless given.")
PERIOD = Parameter(
    name="period", text="Length of one mean: an ISO 8601 duration; PT1H unless given.", max_length=32
)

_HOUR = "PT1H"
_SOME_DIGIT = re.compile(r"[1-9]")


class MapPages:
    """Handlers of ``/api/map``."""

    def __init__(self, layers: Layers, observed: ObservedSeries) -> None:
        self._layers = layers
        self._observed = observed

    async def layers(self, request: Request) -> Reply:  # noqa: ARG002
        """Every layer with its legend's facts."""
        return json_reply(await self._layers.describe())

    async def layer(self, request: Request) -> Reply:
        """One layer as GeoJSON."""
        return await self._layers.features(request.arguments["layer"])

    async def series(self, request: Request) -> Reply:
        """One field of one feature over time."""
        feature, field = FEATURE.raw(request), FIELD.raw(request)
        period = PERIOD.raw(request) or _HOUR
        if not _SOME_DIGIT.search(period):
            raise errors.InvalidRequest("expected a period longer than nothing", where="period")
        return json_reply(
            await self._observed.series(
                request.arguments["layer"],
                check_entity_id(feature, where="feature"),
                field or "",
                start=FROM.of(request),
                end=TO.of(request),
                period_s=temporal.parse_period(period),
            )
        )

    async def profile(self, request: Request) -> Reply:
        """The mean weekday of a field, for every feature of the layer."""
        return json_reply(await self._observed.profile(request.arguments["layer"], FIELD.raw(request) or ""))
