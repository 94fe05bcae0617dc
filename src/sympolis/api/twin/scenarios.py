"""Models and what-ifs: what can be asked, what was asked, and whether a model allows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sympolis.api.bodies import read_object
from sympolis.api.http import GEO_JSON, Reply, Request, json_reply, tagged_reply
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.orchestration.desk import Desk


def _with_fairness(model: Mapping[str, Any]) -> dict[str, Any]:
    """A model with the address that says whom its inputs leave out."""
    return {**model, "fairness": f"/api/models/{quote(model['id'])}/fairness"}


async def _options(request: Request) -> Mapping[str, Any]:
    """The body of a request that needs none: an empty one is as good as ``{}``."""
    return await read_object(request) if request.header(b"content-length") not in (None, "0") else {}


class Models:
    """Handlers of ``/api/models``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every model of the city."""
        return json_reply([_with_fairness(one) for one in await self._desk.models()])

    async def get(self, request: Request) -> Reply:
        """One model."""
        return json_reply(_with_fairness(await self._desk.model(request.arguments["model"])))

    async def features(self, request: Request) -> Reply:
        """The features that a model's results refer to."""
        return tagged_reply(await self._desk.model_features(request.arguments["model"]), media=GEO_JSON)

    async def calibrate(self, request: Request) -> Reply:
        """Begin to fit a model to the observations there are."""
        return await self._begun(request, self._desk.calibrate)

    async def evaluate(self, request: Request) -> Reply:
        """Begin to judge the standing calibration on the observations there are."""
        return await self._begun(request, self._desk.evaluate)

    async def calibrations(self, request: Request) -> Reply:
        """Every calibration of a model."""
        return json_reply(await self._desk.calibrations(request.arguments["model"]))

    async def _begun(self, request: Request, begin: Callable[[str], Awaitable[dict[str, Any]]]) -> Reply:
        for name in await _options(request):
            raise errors.InvalidRequest("unknown member", where=name, hint="send nothing, or {}")
        model = request.arguments["model"]
        location = f"/api/models/{quote(model)}/calibrations".encode()
        return json_reply(await begin(model), status=202, headers=((b"location", location),))


class Scenarios:
    """Handlers of ``/api/scenarios``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every scenario."""
        return json_reply({"scenarios": await self._desk.scenarios()})

    async def get(self, request: Request) -> Reply:
        """One scenario."""
        return json_reply(await self._desk.scenario(request.arguments["scenario"]))

    async def create(self, request: Request) -> Reply:
        """Keep a new scenario."""
        made = await self._desk.create_scenario(await read_object(request))
        location = f"/api/scenarios/{quote(made['id'])}".encode()
        return json_reply(made, status=201, headers=((b"location", location),))

    async def update(self, request: Request) -> Reply:
        """Put a new state of a scenario in place of the version it was made from."""
        document = await read_object(request)
        return json_reply(await self._desk.update_scenario(request.arguments["scenario"], document))

    async def delete(self, request: Request) -> Reply:
        """Forget a scenario."""
        await self._desk.delete_scenario(request.arguments["scenario"])
        return Reply(status=204)

    async def check(self, request: Request) -> Reply:
        """Would the model allow this, what would it touch, what would it cost."""
        return json_reply(await self._desk.check_scenario(await read_object(request)))
