"""The twin's learned models as their keepers see them: cards, life, bill of materials, package for elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from sympolis.analysis.learned.bill import bill_of_materials, kserve_package
from sympolis.analysis.learned.life import KEEPERS, Stage, is_signed
from sympolis.api.asking import may
from sympolis.api.bodies import read_object
from sympolis.api.http import JSON, Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import NUMBER, OBJECT, TEXT, TEXTS, Schema, several, structure
from sympolis.context import gated
from sympolis.context.instants import format_instant
from sympolis.domain import bills, errors
from sympolis.domain.archives import ZIP, write_archive
from sympolis.domain.steps import read_reason, read_state
from sympolis.orchestration.learned_desk import next_stages

if TYPE_CHECKING:
    from sympolis.api.parts import Governed
    from sympolis.orchestration.learned_desk import LearnedDesk, Version

WHY = Parameter(name="why", text="Why this version is handed in.", required=True, max_length=2000)
HERE = "this-machine"
"""Who acts where nobody is asked who they are."""
_TAG = "Learned models"
_VERSION = "/api/ai-models/{model}/versions/{version}"
_TEXTS = {"model": "A learned model's name.", "version": "One of its versions."}
_CARD: Schema = structure(
    {
        "name": TEXT, "version": TEXT, "title": TEXTS, "stage": TEXT, "next": several(TEXT), "steps": several(OBJECT),
        "risk": TEXT, "card": OBJECT,
        "usage": structure({"requests": NUMBER, "failures": NUMBER, "cost_cpu_s": NUMBER}),
    },
    required=("name", "version", "title", "stage", "next", "steps", "risk", "card", "usage"),
)  # fmt: skip


class Learned:
    """Handlers of ``/api/ai-models``."""

    def __init__(self, learned: LearnedDesk, governed: Governed | None = None) -> None:
        self._learned = learned
        self._governed = governed

    async def list(self, request: Request) -> Reply:
        """Every version of every model that whoever asks may know of."""
        found = [one for name in self._learned.names() for one in self._learned.versions(name)]
        return json_reply({"models": [_shown(one) for one in found if self._known(one, request)]})

    async def hand_in(self, request: Request) -> Reply:
        """Take a package as a draft."""
        why = read_reason(WHY.raw(request))
        if request.media_type != ZIP:
            raise errors.UnsupportedMediaType(f"expected a body of type {ZIP}", where="Content-Type")
        found = await self._learned.hand_in(await request.body(), by=_who(request), why=why)
        place = f"/api/ai-models/{quote(found.card.name)}/versions/{quote(found.card.version)}".encode()
        return json_reply(_shown(found), status=201, headers=((b"location", place),))

    async def get(self, request: Request) -> Reply:
        """One version."""
        return json_reply(_shown(self._version(request)))

    async def move(self, request: Request) -> Reply:
        """Take a step of its life that a machine or a colleague may take."""
        return await self._moved(request, deploying=False)

    async def deploy(self, request: Request) -> Reply:
        """Sign for it: it answers under its name from now on."""
        return await self._moved(request, deploying=True)

    async def bill(self, request: Request) -> Reply:
        """The bill of materials."""
        content = msgspec.json.encode(bill_of_materials(self._version(request).card))
        return Reply(body=content, media=bills.MEDIA)

    async def package(self, request: Request) -> Reply:
        """A folder for KServe, zipped: whoever has the model can ask it as they like, so they must be let to here."""
        found = self._version(request)
        gated.use_model(found.card.name)
        content = await asyncio.to_thread(_zipped, found)
        name = f'attachment; filename="{found.card.name}-{found.card.version}-kserve.zip"'.encode()
        return Reply(body=content, media=ZIP, headers=((b"content-disposition", name),))

    def _version(self, request: Request) -> Version:
        name, version = request.arguments["model"], request.arguments["version"]
        found = self._learned.get(name, version)
        if not self._known(found, request):
            raise errors.NotFound(f"{name} has no version {version!r}", where="version")
        return found

    def _known(self, found: Version, request: Request) -> bool:
        """Everybody may know what somebody has signed for; the rest is known to those who look after models."""
        return is_signed(found.record.steps) or any(may(request, right, self._governed) for right in KEEPERS)

    async def _moved(self, request: Request, *, deploying: bool) -> Reply:
        document = await read_object(request)
        for name in document.keys() - {"stage", "why"}:
            raise errors.InvalidRequest("unknown member", where=name, hint="known: stage, why")
        to = Stage.DEPLOYED if deploying else read_state(Stage, document.get("stage"), where="stage")
        if to is Stage.DEPLOYED and not deploying:
            text = "deploying is signed for: POST to …/deployment"
            raise errors.BadRequestData(text, where="stage")
        found = await self._learned.move(
            request.arguments["model"],
            request.arguments["version"],
            to,
            by=_who(request),
            why=read_reason(document.get("why")),
        )
        return json_reply(_shown(found))


def _zipped(found: Version) -> bytes:
    return write_archive(kserve_package(found.card, found.model.read_bytes(), found.card_text))


def _who(request: Request) -> str:
    return request.subject.id if request.subject is not None else HERE


def _shown(found: Version) -> dict[str, Any]:
    record = found.record
    return {
        "name": found.card.name,
        "version": found.card.version,
        "title": dict(found.card.title),
        "stage": record.stage,
        "next": list(next_stages(found)),
        "handed_in_by": record.maker,
        "steps": [
            {"stage": one.stage, "at": format_instant(one.at), "by": one.by, "why": one.why}
            for one in record.steps
        ],
        "risk": found.card.assessment.risk,
        "usage": msgspec.to_builtins(record.usage),
        "card": msgspec.to_builtins(found.card),
    }


def operations(learned: LearnedDesk, governed: Governed | None = None) -> tuple[Operation, ...]:
    """The routes with their documentation."""
    handlers = Learned(learned, governed)
    one = {200: Answer("The version.", {JSON: _CARD})}
    step = Body(
        structure({"stage": TEXT, "why": TEXT}), example={"stage": "validated", "why": "its examples hold"}
    )
    return (
        Operation(
            method="GET", path="/api/ai-models", handle=handlers.list, name="listLearnedModels",
            title="Learned models and where each version is in its life", tag=_TAG,
            answers={200: Answer("All of them.", {JSON: structure({"models": several(_CARD)})})},
        ),
        Operation(
            method="POST", path="/api/ai-models", handle=handlers.hand_in, name="handInLearnedModel",
            title="Hand in a version", tag=_TAG, parameters=(WHY,),
            text="A zip of `model.toml`, the model's file and `examples.json` (docs/howto/bring-a-learned-model.md).",
            body=Body({"type": "string", "format": "binary"}, media=(ZIP,)),
            answers={201: Answer("Kept as a draft.", {JSON: _CARD})},
        ),
        Operation(
            method="GET", path=_VERSION, handle=handlers.get, name="getLearnedModel", title="A version", tag=_TAG,
            path_texts=_TEXTS, answers=one,
        ),
        Operation(
            method="POST", path=f"{_VERSION}/stage", handle=handlers.move, name="moveLearnedModel",
            title="Validate, stage or retire a version", tag=_TAG, path_texts=_TEXTS, body=step, answers=one,
        ),
        Operation(
            method="POST", path=f"{_VERSION}/deployment", handle=handlers.deploy, name="deployLearnedModel",
            title="Sign for a version", tag=_TAG, path_texts=_TEXTS, body=step, answers=one,
            text="Where people say who they are, not by whoever handed it in.",
        ),
        Operation(
            method="GET", path=f"{_VERSION}/sbom", handle=handlers.bill, name="getLearnedModelBill",
            title="Bill of materials (CycloneDX)", tag=_TAG, path_texts=_TEXTS,
            answers={200: Answer("CycloneDX 1.6.", {bills.MEDIA: OBJECT})},
        ),
        Operation(
            method="GET", path=f"{_VERSION}/package", handle=handlers.package, name="exportLearnedModel",
            title="A folder for KServe", tag=_TAG, path_texts=_TEXTS,
            answers={200: Answer("A zip.", {ZIP: {"type": "string", "format": "binary"}})},
        ),
    )  # fmt: skip
