"""Models and what-ifs: what can be asked, what was asked, and whether a model allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import GEO_JSON, Reply, Request, json_reply, tagged_reply
from sympolis.api.parameters import ListParameter
from sympolis.api.twin.reviews import asking_of
from sympolis.decision.review import read_statuses
from sympolis.domain import bills, errors

if TYPE_CHECKING:
    from sympolis.api.parts import Governed
    from sympolis.orchestration.desk import Desk

STATUS = ListParameter(
    name="status", text="Only scenarios in these states, such as submitted,reviewed.", max_items=10
)


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

    async def bill(self, request: Request) -> Reply:
        """What a model is made of."""
        from sympolis.city.assets.model_bill import bill_of_simulator

        simulator = self._desk.model_simulator(request.arguments["model"])
        found = await asyncio.to_thread(bill_of_simulator, simulator)
        return Reply(body=msgspec.json.encode(found), media=bills.MEDIA)

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
    """Handlers of ``/api/scenarios``. Who only reads sees of each the newest version that was approved."""

    def __init__(self, desk: Desk, governed: Governed | None = None) -> None:
        self._desk = desk
        self._governed = governed

    async def list(self, request: Request) -> Reply:
        """Every scenario that whoever asks may see."""
        statuses = read_statuses(STATUS.of(request))
        found = await self._desk.reviews.list(asking_of(request, self._governed), statuses)
        return json_reply({"scenarios": found})

    async def get(self, request: Request) -> Reply:
        """One scenario."""
        asking = asking_of(request, self._governed)
        return json_reply(await self._desk.reviews.get(request.arguments["scenario"], asking))

    async def create(self, request: Request) -> Reply:
        """Keep a new scenario."""
        made = await self._desk.create_scenario(await read_object(request), by=subject_of(request).id)
        location = f"/api/scenarios/{quote(made['id'])}".encode()
        return json_reply(made, status=201, headers=((b"location", location),))

    async def update(self, request: Request) -> Reply:
        """Put a new state of a scenario in place of the version it was made from."""
        document = await read_object(request)
        by = subject_of(request).id
        return json_reply(await self._desk.update_scenario(request.arguments["scenario"], document, by=by))

    async def delete(self, request: Request) -> Reply:
        """Forget a scenario."""
        await self._desk.delete_scenario(request.arguments["scenario"])
        return Reply(status=204)

    async def check(self, request: Request) -> Reply:
        """Would the model allow this, what would it touch, what would it cost."""
        return json_reply(await self._desk.check_scenario(await read_object(request)))
