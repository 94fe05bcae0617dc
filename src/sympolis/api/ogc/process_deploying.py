"""OGC API – Processes, Part 2: Deploy, Replace, Undeploy (OGC 20-044, draft), for application packages that are chains.

What a package may hold, and why nothing else, says ``orchestration.application_package``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sympolis.api.bodies import read_json
from sympolis.api.http import JSON, Reply, Request, encode, json_reply
from sympolis.api.ogc import process_descriptions as descriptions
from sympolis.api.ogc.links import ROOT, segment
from sympolis.api.ogc.process_descriptions import APPLICATION_PACKAGE
from sympolis.api.ogc.process_refusals import OF_DEPLOYING, typed
from sympolis.api.process_ids import SERVICE
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, structure

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk

CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/ogcapi-processes-2/1.0/conf/{name}"
    for name in ("deploy-replace-undeploy", "ogcapppkg")
)
HERE = "local"
"""Who deploys where nobody is asked who they are."""
_TAG = "OGC API Processes"
_TEXT = "OGC 20-044 (draft), sections 7 and 8."
_EXAMPLE = {
    "processDescription": {
        "process": {
            "id": "service-slower-streets",
            "version": "1.0.0",
            "title": "Slower streets",
            "description": "What would a lower limit in the old town do to traffic?",
            "inputs": {"limit": {"schema": {"type": "number", "minimum": 20, "maximum": 40}}},
        }
    },
    "executionUnit": {
        "type": "chain",
        "steps": [{"process": "model-traffic"}],
        "bindings": {"inputBindings": {"limit": {"measure": "limit_speed", "parameter": "speed"}}},
    },
}


class Deploying:
    """Handlers of what changes ``/ogc/processes``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def deploy(self, request: Request) -> Reply:
        """Deploy: 201 with the summary of the process and where it is."""
        with typed(OF_DEPLOYING):
            found = await self._desk.deployed.deploy(await _package(request), by=_who(request))
        described = descriptions.of_service(
            await self._desk.service(found.removeprefix(SERVICE)), request.base_url
        )
        location = f"{request.base_url}{ROOT}/processes/{segment(found)}".encode()
        return json_reply(descriptions.summary(described), status=201, headers=((b"location", location),))

    async def replace(self, request: Request) -> Reply:
        """Replace: 204."""
        with typed(OF_DEPLOYING):
            package = await _package(request)
            await self._desk.deployed.replace(request.arguments["processID"], package, by=_who(request))
        return Reply(status=204, media="")

    async def undeploy(self, request: Request) -> Reply:
        """Undeploy: 204. Jobs and results stay."""
        with typed(OF_DEPLOYING):
            await self._desk.deployed.undeploy(request.arguments["processID"])
        return Reply(status=204, media="")

    async def package(self, request: Request) -> Reply:
        """The package as it was sent."""
        with typed(OF_DEPLOYING):
            found = self._desk.deployed.package(request.arguments["processID"])
        return Reply(body=encode(found), media=APPLICATION_PACKAGE)


async def _package(request: Request) -> Any:
    return await read_json(request, APPLICATION_PACKAGE)


def _who(request: Request) -> str:
    return request.subject.id if request.subject is not None else HERE


def operations(desk: Desk) -> tuple[Operation, ...]:
    """The routes of this part of the standard."""
    handlers = Deploying(desk)
    path = f"{ROOT}/processes"
    one, ids = f"{path}/{{processID}}", {"processID": "A process's id."}
    schema = structure({"processDescription": OBJECT, "executionUnit": OBJECT}, required=("executionUnit",))
    body = Body(schema, media=(APPLICATION_PACKAGE,), example=_EXAMPLE)
    return (
        Operation(
            method="POST", path=path, handle=handlers.deploy, name="deployProcess", title="Deploy a process", tag=_TAG,
            text=_TEXT, body=body, answers={201: Answer("Deployed; see Location.", {JSON: OBJECT})},
        ),
        Operation(
            method="PUT", path=one, handle=handlers.replace, name="replaceProcess", title="Replace a deployed process",
            tag=_TAG, text=_TEXT, path_texts=ids, body=body, answers={204: Answer("Replaced.")},
        ),
        Operation(
            method="DELETE", path=one, handle=handlers.undeploy, name="undeployProcess",
            title="Undeploy a process", tag=_TAG, text=_TEXT, path_texts=ids, answers={204: Answer("Gone.")},
        ),
        Operation(
            method="GET", path=f"{one}/package", handle=handlers.package, name="getProcessPackage",
            title="The package of a deployed process", tag=_TAG, text=_TEXT, path_texts=ids,
            answers={200: Answer("As it was sent.", {APPLICATION_PACKAGE: OBJECT})},
        ),
    )  # fmt: skip
