"""Models that several cities learn together, for the people of the one that coordinates."""

from __future__ import annotations

from typing import Any

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.federation.computations import WAIT
from sympolis.api.federation.operations import route
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parameters import LIMIT
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation
from sympolis.api.schemas import INTEGER, NUMBER, OBJECT, TEXT, TIME, optional, several, structure
from sympolis.dataspace.learning.coordinator import Coordinator, Stage
from sympolis.domain import errors

_BRIEF = ("id", "at", "changed", "by", "state", "why", "rounds", "residual", "members", "model")
LEARNING = structure(
    {
        "id": TEXT, "at": TIME, "changed": TIME, "by": TEXT, "state": {"enum": [str(one) for one in Stage]},
        "why": TEXT, "rounds": INTEGER, "residual": NUMBER, "plan": OBJECT, "weights": several(NUMBER),
        "members": several(OBJECT), "model": optional(OBJECT),
    },
    required=("id", "state", "members"),
)  # fmt: skip
_TIMEOUT_S = 90.0
_EXAMPLE = {
    "name": "tomorrow",
    "title": {"en": "Tomorrow's maximum"},
    "target": "tmax",
    "features": [{"name": "tmax", "column": "tmax", "fold": "max", "offset": 10, "scale": 10}],
    "members": [
        {"dataset": "weather", "columns": [{"name": "tmax", "attribute": "temperatureMax"}]},
        {
            "partner": "did:web:twin.city.example",
            "dataset": "weather",
            "columns": [{"name": "tmax", "attribute": "temperature"}],
        },
    ],
}


class Learnings:
    """Handlers of ``/api/federation/learning``."""

    def __init__(self, coordinator: Coordinator) -> None:
        self._coordinator = coordinator

    async def all(self, request: Request) -> Reply:
        """Newest first, in brief."""
        found = [msgspec.to_builtins(one) for one in self._coordinator.all()[: LIMIT.of(request)]]
        return json_reply({"learnings": [_brief(one) for one in found]})

    async def get(self, request: Request) -> Reply:
        """One of them; with ``wait_s`` once it is over."""
        found = await self._coordinator.wait(request.arguments["learning"], WAIT.of(request))
        return json_reply(msgspec.to_builtins(found))

    async def begin(self, request: Request) -> Reply:
        """Begin to learn by a plan."""
        said = await read_object(request)
        plan = said.get("plan")
        if {*said} != {"plan"} or not isinstance(plan, dict):
            raise errors.InvalidRequest("expected an object with the plan alone", where="plan")
        begun = self._coordinator.begin(plan, by=subject_of(request).id)
        found = await self._coordinator.wait(begun.id, WAIT.of(request))
        location = b"/api/federation/learning/" + begun.id.encode()
        return json_reply(msgspec.to_builtins(found), status=202, headers=((b"location", location),))


def _brief(one: dict[str, Any]) -> dict[str, Any]:
    plan = one["plan"]
    return {
        **{name: one[name] for name in _BRIEF},
        "name": plan["name"],
        "title": plan["title"],
        "unit": plan["unit"],
    }


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none for a twin without contracts."""
    if parts.federation is None or parts.federation.learning is None:
        return ()
    handlers = Learnings(parts.federation.learning)
    path = "/api/federation/learning"
    return (
        route("GET", path, handlers.all, "listLearning", "Models learnt together with partners, newest first",
              structure({"learnings": several(OBJECT)}), parameters=(LIMIT,)),
        route("POST", path, handlers.begin, "startLearning", "Learn a model together with partners", LEARNING,
              status=202, body=structure({"plan": OBJECT}, required=("plan",)), example={"plan": _EXAMPLE},
              parameters=(WAIT,), timeout_s=_TIMEOUT_S,
              text="Weights travel, gradients and errors come back, data stay. Under an agreement with each partner;"
              " its steward approves the package once."),
        route("GET", f"{path}/{{learning}}", handlers.get, "getLearning",
              "A model that is learnt together: rounds, agreements, errors in each city", LEARNING,
              path_texts={"learning": "The learning's id."}, parameters=(WAIT,), timeout_s=_TIMEOUT_S),
    )  # fmt: skip
