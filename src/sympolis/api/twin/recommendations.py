"""Recommendations: the best use of a budget, asked for, followed, read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import INTEGER, NUMBER, OBJECT, TEXT, TEXTS, several, structure
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

_JSON = "application/json"
_TAG = "Recommendations"
_NULLABLE = {"type": ["string", "null"]}
RECOMMENDATION = structure(
    {
        "id": TEXT,
        "status": {"enum": ["running", "done", "failed", "cancelled"]},
        "model": TEXT,
        "asked": OBJECT,
        "trials": INTEGER,
        "progress": OBJECT,
        "cost_cpu_s": NUMBER,
        "started_at": TEXT,
        "finished_at": _NULLABLE,
        "error": {"type": ["object", "null"]},
        "allocation": several(OBJECT),
        "expected": {"type": ["object", "null"]},
        "front": several(OBJECT),
        "assumption": TEXTS,
        "scenario": _NULLABLE,
        "run": _NULLABLE,
    },
    required=("id", "status", "model", "asked", "allocation", "front"),
)
_START = Body(
    structure(
        {
            "service": TEXT, "model": TEXT, "objective": TEXT, "budget": OBJECT, "levers": several(OBJECT),
            "totals": OBJECT, "most_places": INTEGER, "equity": OBJECT,
            "front": {"type": "boolean"}, "title": {}, "seed": INTEGER,
        },
        required=("levers",),
    ),
    example={
        "model": "heat",
        "objective": "relief",
        "budget": {"yearly_cost": 100000},
        "levers": [{"measure": "plant_trees", "parameter": "trees", "amounts": [100, 200]}],
        "totals": {"plant_trees": 1000},
        "equity": {"least_share": 0.4},
    },
)  # fmt: skip


class Recommendations:
    """Handlers of ``/api/recommendations``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk.recommendations
        self._service = desk.service

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every recommendation, newest first."""
        return json_reply({"recommendations": self._desk.list_all()})

    async def get(self, request: Request) -> Reply:
        """One recommendation, finished or under way."""
        return json_reply(self._desk.get(request.arguments["recommendation"]))

    async def start(self, request: Request) -> Reply:
        """Ask for one; 200 where the same was answered before, else 202."""
        document = await read_object(request)
        found = await self._desk.start(await self._completed(document))
        location = f"/api/recommendations/{quote(found['id'])}".encode()
        status = 200 if found["status"] == "done" else 202
        return json_reply(found, status=status, headers=((b"location", location),))

    async def _completed(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The question with what its service says of it, where it names one and does not say so itself."""
        asked = dict(document)
        name = asked.pop("service", None)
        if name is None:
            return asked
        if not isinstance(name, str):
            raise errors.InvalidRequest("expected a service's id", where="service")
        service = await self._service(name)
        objective = service.get("objective") or {}
        declared = {
            "model": service["model"],
            "objective": objective.get("indicator"),
            "budget": objective.get("budget"),
        }
        return {key: value for key, value in declared.items() if value} | asked


def operations(desk: Desk) -> tuple[Operation, ...]:
    """The routes of recommendations."""
    handlers, path = Recommendations(desk), "/api/recommendations"
    listed = structure({"recommendations": several(RECOMMENDATION)}, required=("recommendations",))
    return (
        Operation(
            method="GET", path=path, handle=handlers.list, name="listRecommendations",
            title="Recommendations, newest first", tag=_TAG,
            answers={200: Answer("The recommendations.", {_JSON: listed})},
        ),
        Operation(
            method="POST", path=path, handle=handlers.start, name="startRecommendation",
            title="The best use of a budget", tag=_TAG, body=_START,
            text="Tries every amount of every lever at every place in the model, chooses within the limits (HiGHS), "
            "draws the front between cost, gain and fairness, and runs the choice as a scenario. `service` fills in "
            "that service's model, objective and budget.",
            answers={
                200: Answer("It was answered before.", {_JSON: RECOMMENDATION}),
                202: Answer("Under way; see Location.", {_JSON: RECOMMENDATION}),
            },
        ),
        Operation(
            method="GET", path=f"{path}/{{recommendation}}", handle=handlers.get, name="getRecommendation",
            title="A recommendation", tag=_TAG, path_texts={"recommendation": "A recommendation's id."},
            answers={200: Answer("The recommendation.", {_JSON: RECOMMENDATION})},
        ),
    )  # fmt: skip
