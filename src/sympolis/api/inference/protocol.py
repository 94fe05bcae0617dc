"""Handlers of ``/v2``: health, metadata and inference, with the protocol's own words for what goes wrong.

An error is ``{"error": "…"}`` there; the members of a problem document (RFC 9457) stand beside it, as everywhere here.
Not offered: binary tensors, and the repository extension by which clients load models: versions come and go by their
life (``/api/ai-models``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sympolis.analysis.learned import tensors
from sympolis.analysis.learned.life import KEEPERS, Stage
from sympolis.api import errors as table
from sympolis.api.access import check
from sympolis.api.asking import may, subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Handler, Reply, Request, json_reply
from sympolis.api.inference.native import Native, described
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.analysis.learned.card import Tensor
    from sympolis.api.parts import Governed
    from sympolis.orchestration.learned_desk import LearnedDesk, Version

NAME, VERSION = "sympolis", "2"
PLATFORM = "onnxruntime_onnx"
RUN = "scenarios.run"
MOST_LISTS = 100_000
"""Lists and objects in one request: what nested data of a reasonable model need, decoded in some 10 ms."""
_MEMBERS = ("id", "parameters", "inputs", "outputs")


def in_words_of_the_protocol(handler: Handler) -> Handler:
    """The handler, its errors as the protocol has them."""

    async def handled(request: Request) -> Any:
        try:
            return await handler(request)
        except errors.SympolisError as error:
            problem = table.problem(error, instance=request.id)
            return json_reply({"error": error.message, **problem}, status=table.row_of(type(error)).status)

    return handled


class Inference:
    """See the module."""

    def __init__(
        self, learned: LearnedDesk, governed: Governed | None = None, native: Native | None = None
    ) -> None:
        self._learned = learned
        self._governed = governed
        self._native = native

    async def server(self, _request: Request) -> Reply:
        """What this server is."""
        return json_reply({"name": NAME, "version": VERSION, "extensions": []})

    async def live(self, _request: Request) -> Reply:
        """That it is there."""
        return json_reply({"live": True})

    async def ready(self, _request: Request) -> Reply:
        """That it takes requests: models are loaded when they are asked."""
        return json_reply({"ready": True})

    async def model(self, request: Request) -> Reply:
        """What a model takes and gives."""
        if (service := await self._service(request)) is not None:
            return json_reply(described(service))
        found = self._asked(request)
        keeper = self._keeper(request)
        versions = [
            one.card.version
            for one in self._learned.versions(found.card.name)
            if one.record.stage is Stage.DEPLOYED or (keeper and one.record.stage.answers)
        ]
        return json_reply(
            {
                "name": found.card.name,
                "versions": versions,
                "platform": PLATFORM,
                "inputs": [_described(one) for one in found.card.inputs],
                "outputs": [_described(one) for one in found.card.outputs],
            }
        )

    async def model_ready(self, request: Request) -> Reply:
        """Whether it answers: a service does where its models run on this twin's data."""
        if (service := await self._service(request)) is not None:
            return json_reply({"name": described(service)["name"], "ready": service["runs_here"]})
        return json_reply({"name": self._asked(request).card.name, "ready": True})

    async def infer(self, request: Request) -> Reply:
        """Outputs for inputs."""
        _refuse_lists(await request.body())
        document = await read_object(request)
        for name in document.keys() - set(_MEMBERS):
            raise errors.InvalidRequest("unknown member", where=name, hint=f"known: {', '.join(_MEMBERS)}")
        if self._native is not None and (service := await self._service(request)) is not None:
            self._need_right(request)
            return json_reply(_named(await self._native.infer(service, document), document))
        arguments = request.arguments
        asked = self._asked(request)
        wanted = tensors.wanted_outputs(document.get("outputs"), [one.name for one in asked.card.outputs])
        found, outputs = await self._learned.infer(
            arguments["model"],
            arguments.get("version"),
            document.get("inputs"),
            keeper=self._keeper(request),
        )
        answer = {
            "model_name": found.card.name,
            "model_version": found.card.version,
            "outputs": [one for one in outputs if one["name"] in wanted],
        }
        return json_reply(_named(answer, document))

    async def _service(self, request: Request) -> dict[str, Any] | None:
        """The service that is asked; None where it is a learned model, which goes first where both have a name."""
        name = request.arguments["model"]
        if self._native is None or name in self._learned.names():
            return None
        return await self._native.find(name, request.arguments.get("version"))

    def _need_right(self, request: Request) -> None:
        """Asking a service starts a run: that takes the right that runs take everywhere."""
        if not may(request, RUN, self._governed):
            check(subject_of(request), RUN, frozenset())

    def _asked(self, request: Request) -> Version:
        arguments = request.arguments
        return self._learned.asked(arguments["model"], arguments.get("version"), keeper=self._keeper(request))

    def _keeper(self, request: Request) -> bool:
        return any(may(request, right, self._governed) for right in KEEPERS)


def _named(answer: dict[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with the id that its request had."""
    return {**answer, "id": document["id"]} if isinstance(document.get("id"), str) else answer


def _refuse_lists(raw: bytes) -> None:
    """Lists in lists cost far more than the values in them: their number is bounded before they are decoded."""
    if raw.count(b"[") + raw.count(b"{") > MOST_LISTS:
        hint = "send the data flat, row by row"
        raise errors.PayloadTooLarge(f"more than {MOST_LISTS:,} lists", where="inputs", hint=hint)


def _described(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
