"""What will happen next, by the city's own series: forecasts with their intervals, and how good they were so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.api.reading import check_listed, is_listed
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import reference, several
from sympolis.context import gated
from sympolis.context.terms import Terms

if TYPE_CHECKING:
    from sympolis.orchestration.forecast_desk import ForecastDesk

FEATURE = Parameter(
    name="feature",
    text="Only this entity, with what was forecast for it in the past and what came.",
    max_length=500,
)
_JSON = "application/json"
_FORECAST = {"forecast": "A forecast's id."}


class ForecastPages:
    """Handlers of ``/api/forecasts``."""

    def __init__(self, desk: ForecastDesk, terms: Terms) -> None:
        self._desk = desk
        self._terms = terms

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every forecast of what whoever asks may know of."""
        return json_reply([one for one in await self._desk.list_forecasts() if is_listed(one["source"])])

    async def get(self, request: Request) -> Reply:
        """One forecast with its values."""
        found = await self._desk.get(request.arguments["forecast"], FEATURE.raw(request))
        self._check(found)
        return json_reply(found)

    async def start(self, request: Request) -> Reply:
        """Work it out, unless it stands for the present data."""
        self._check(await self._desk.get(request.arguments["forecast"]))
        found = await self._desk.start(request.arguments["forecast"])
        return json_reply(found, status=202 if found["state"] == "working" else 200)

    def _check(self, found: dict[str, Any]) -> None:
        """A forecast says what its observations say: who may not read these does not get it."""
        check_listed(found["source"])
        gated.ask_for(self._terms.expand(found["entity_type"]))


def operations(desk: ForecastDesk, terms: Terms) -> tuple[Operation, ...]:
    """The routes."""
    pages = ForecastPages(desk, terms)
    one, path = reference("Forecast"), "/api/forecasts/{forecast}"
    return (
        Operation(
            method="GET",
            path="/api/forecasts",
            handle=pages.list,
            name="listForecasts",
            title="Forecasts and how good they are",
            tag="Forecasts",
            answers={200: Answer("Without values; see each.", {_JSON: several(one)})},
        ),
        Operation(
            method="GET",
            path=path,
            handle=pages.get,
            name="getForecast",
            title="A forecast with its intervals",
            tag="Forecasts",
            path_texts=_FORECAST,
            parameters=(FEATURE,),
            answers={200: Answer("Values of what is published, reasons of what is withheld.", {_JSON: one})},
        ),
        Operation(
            method="POST",
            path=path + "/runs",
            handle=pages.start,
            name="startForecast",
            title="Work a forecast out",
            tag="Forecasts",
            path_texts=_FORECAST,
            answers={
                200: Answer("It stands for the present data.", {_JSON: one}),
                202: Answer("It is being worked out: ask for it again.", {_JSON: one}),
            },
        ),
    )
