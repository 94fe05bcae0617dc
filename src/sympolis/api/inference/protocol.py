"""Handlers of ``/v2``: health, metadata and inference, with the protocol's own words for what goes wrong.

An error is ``{"error": "…"}`` there; the members of a problem document (RFC 9457) stand beside it, as everywhere here.
Not offered: binary tensors, and the repository extension by which clients load models: versions come and go by their
life (``/api/ai-models``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sympolis.analysis.learned.life import KEEPERS, Stage
from sympolis.api import errors as table
from sympolis.api.asking import may
from sympolis.api.bodies import read_object
from sympolis.api.http import Handler, Reply, Request, json_reply
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.analysis.learned.card import Tensor
    from sympolis.api.parts import Governed
    from sympolis.orchestration.learned_desk import LearnedDesk, Version

NAME, VERSION = "sympolis", "2"
PLATFORM = "onnxruntime_onnx"
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

    def __init__(self, learned: LearnedDesk, governed: Governed | None = None) -> None:
        self._learned = learned
        self._governed = governed

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
        """Whether it answers."""
        return json_reply({"name": self._asked(request).card.name, "ready": True})

    async def infer(self, request: Request) -> Reply:
        """Outputs for inputs."""
        _refuse_lists(await request.body())
        document = await read_object(request)
        for name in document.keys() - set(_MEMBERS):
            raise errors.InvalidRequest("unknown member", where=name, hint=f"known: {', '.join(_MEMBERS)}")
        arguments = request.arguments
        asked = self._asked(request)
        wanted = _wanted(document.get("outputs"), asked)
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
        return json_reply(
            {**answer, **({"id": document["id"]} if isinstance(document.get("id"), str) else {})}
        )

    def _asked(self, request: Request) -> Version:
        arguments = request.arguments
        return self._learned.asked(arguments["model"], arguments.get("version"), keeper=self._keeper(request))

    def _keeper(self, request: Request) -> bool:
        return any(may(request, right, self._governed) for right in KEEPERS)


def _refuse_lists(raw: bytes) -> None:
    """Lists in lists cost far more than the values in them: their number is bounded before they are decoded."""
    if raw.count(b"[") + raw.count(b"{") > MOST_LISTS:
        hint = "send the data flat, row by row"
        raise errors.PayloadTooLarge(f"more than {MOST_LISTS:,} lists", where="inputs", hint=hint)


def _wanted(given: Any, asked: Version) -> frozenset[str]:
    """The names of the outputs that a request wants: all, where it does not say."""
    known = [one.name for one in asked.card.outputs]
    if given is None:
        return frozenset(known)
    names = (
        [one.get("name") for one in given if isinstance(one, Mapping)] if isinstance(given, list) else [None]
    )
    odd = [name for name in names if name not in known]
    if odd:
        raise errors.BadRequestData(
            f"there is no output {odd[0]!r}", where="outputs", hint=f"known: {', '.join(known)}"
        )
    return frozenset(name for name in names if isinstance(name, str))


def _described(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
