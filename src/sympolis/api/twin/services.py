"""Services: questions in plain words, what one may move, and the answer with one click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import BOOLEAN, INTEGER, OBJECT, TEXT, TEXTS, reference, several, structure
from sympolis.api.twin.runs import read_run_request
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

MOST_LEVERS = 50
_JSON = "application/json"
_TAG = "Services"
REMARK = structure(
    {
        "kind": TEXT,
        "model": TEXT,
        "need": TEXT,
        "attribute": {"type": ["string", "null"]},
        "text": TEXTS,
        "consequence": TEXTS,
        "effort_days": {"type": ["array", "null"], "items": {"type": "number"}},
    },
    required=("kind", "model", "need", "text", "consequence", "effort_days"),
)
_CHECK = structure(
    {
        "verdict": {"enum": ["runs", "runs with adaptations", "cannot"]},
        "problems": several(REMARK),
        "adaptations": several(REMARK),
        "without": several(REMARK),
        "needs": OBJECT,
    },
    required=("verdict", "problems", "adaptations", "needs"),
)
SERVICE = structure(
    {
        "id": TEXT,
        "title": TEXTS,
        "question": TEXTS,
        "audience": TEXTS,
        "model": TEXT,
        "chain": several(OBJECT),
        "scenarios": several(TEXT),
        "levers": several(OBJECT),
        "indicators": several(OBJECT),
        "objective": {"type": ["object", "null"]},
        "runs_here": BOOLEAN,
        "check": _CHECK,
        "latest_run": {"type": ["string", "null"]},
    },
    required=("id", "title", "question", "model", "chain", "levers", "indicators", "runs_here", "check"),
)
_START = Body(
    structure({"levers": OBJECT, "mode": TEXT, "members": INTEGER, "seed": INTEGER}),
    example={"levers": {"charge": 5}, "mode": "interactive", "seed": 1},
)


class Services:
    """Handlers of ``/api/services``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every service."""
        return json_reply({"services": await self._desk.services()})

    async def get(self, request: Request) -> Reply:
        """One service."""
        return json_reply(await self._desk.service(request.arguments["service"]))

    async def runs(self, request: Request) -> Reply:
        """A service's runs."""
        return json_reply({"runs": await self._desk.service_runs(request.arguments["service"])})

    async def start(self, request: Request) -> Reply:
        """Run a service; 200 where the same was run before, else 202."""
        document = await read_object(request)
        levers = read_levers(document)
        asked = read_run_request({name: value for name, value in document.items() if name != "levers"})
        run = await self._desk.start_service(request.arguments["service"], levers, **asked)
        location = f"/api/runs/{quote(run['id'])}".encode()
        return json_reply(run, status=200 if run["cached"] else 202, headers=((b"location", location),))


def read_levers(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The lever values of a request. Raises ``InvalidRequest``."""
    levers = document.get("levers", {})
    if not isinstance(levers, Mapping) or len(levers) > MOST_LEVERS:
        raise errors.InvalidRequest(f"expected an object of at most {MOST_LEVERS} values", where="levers")
    return levers


def operations(desk: Desk) -> tuple[Operation, ...]:
    """The routes of services."""
    handlers, path = Services(desk), "/api/services/{service}"
    service = {"service": "A service's id."}
    runs = structure({"runs": several(reference("Run"))}, required=("runs",))
    return (
        Operation(
            method="GET", path="/api/services", handle=handlers.list, name="listServices",
            title="Questions that this city asks", tag=_TAG,
            text="`check` says whether the twin's data suffice: units, age, shares and what stands in for what.",
            answers={200: Answer("The services.", {_JSON: structure({"services": several(SERVICE)})})},
        ),
        Operation(
            method="GET", path=path, handle=handlers.get, name="getService", title="A service", tag=_TAG,
            path_texts=service, answers={200: Answer("The service.", {_JSON: SERVICE})},
        ),
        Operation(
            method="GET", path=f"{path}/runs", handle=handlers.runs, name="listServiceRuns",
            title="A service's runs, newest first", tag=_TAG,
            path_texts=service, answers={200: Answer("The runs.", {_JSON: runs})},
        ),
        Operation(
            method="POST", path=f"{path}/runs", handle=handlers.start, name="startService",
            title="Run a service", tag=_TAG, path_texts=service, body=_START,
            text="With these lever values, or as its scenario has them; compared with the city as it is.",
            answers={
                200: Answer("It was run before.", {_JSON: reference("Run")}),
                202: Answer("Queued; see Location.", {_JSON: reference("Run")}),
            },
        ),
    )  # fmt: skip
