"""What the twin is missing, as a list of work over all services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import BOOLEAN, OBJECT, TEXT, TEXTS, several, structure
from sympolis.city.owners import owners

if TYPE_CHECKING:
    from sympolis.city.schema import City
    from sympolis.orchestration.desk import Desk

_JSON = "application/json"
_TASK = structure(
    {
        "id": TEXT,
        "kind": TEXT,
        "type": TEXT,
        "attribute": {"type": ["string", "null"]},
        "what": TEXTS,
        "consequence": TEXTS,
        "how": OBJECT,
        "who": TEXT,
        "source": {"type": ["string", "null"]},
        "effort_days": {"type": "array", "items": {"type": "number"}},
        "blocking": BOOLEAN,
        "services": several(TEXT),
        "worth": {"type": ["object", "null"]},
    },
    required=("id", "kind", "what", "consequence", "who", "effort_days", "blocking", "services"),
)


class Worklist:
    """Handler of ``/api/worklist``."""

    def __init__(self, desk: Desk, city: City) -> None:
        self._desk = desk
        self._city = city

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every task, most pressing first."""
        tasks = await self._desk.worklist(owners(self._city), self._city.facts.operator)
        return json_reply({"tasks": tasks})


def operations(desk: Desk, city: City) -> tuple[Operation, ...]:
    """The route of the worklist."""
    return (
        Operation(
            method="GET", path="/api/worklist", handle=Worklist(desk, city).list, name="listWork",
            title="What is missing, who could bring it, how long that takes", tag="Services",
            text="Put together from the checks of all services; `worth` is a service's own figure, where it has one.",
            answers={200: Answer("The tasks.", {_JSON: structure({"tasks": several(_TASK)})})},
        ),
    )  # fmt: skip
