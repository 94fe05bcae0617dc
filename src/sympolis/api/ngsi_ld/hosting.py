"""Storing, listing, serving and deleting @contexts (GS CIM 009, clause 5.13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympolis.api.bodies import read_json
from sympolis.api.http import JSON, LD_JSON, Reply, Request, json_reply
from sympolis.api.parameters import Parameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import INTEGER, OBJECT, TEXT, TIME, Schema, reference, several, structure
from sympolis.context.instants import format_instant
from sympolis.context.library import PATH, ContextKind, ContextLibrary, KeptContext
from sympolis.domain import errors

_TAG = "NGSI-LD contexts"
_PATH_TEXTS = {"contextId": "The context's local id, or its URL, percent-encoded."}
_EXAMPLE = {"@context": {"RoadSegment": "https://example.org/RoadSegment"}}

SCHEMAS: dict[str, Schema] = {
    "ContextDetails": structure(
        {
            "URL": TEXT,
            "localId": TEXT,
            "kind": {"enum": [kind.value for kind in ContextKind]},
            "createdAt": TIME,
            "lastUsage": TIME,
            "numberOfHits": INTEGER,
        },
        required=("URL", "localId", "kind", "createdAt"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice(Parameter):
    """One of a few words; clause 5.13 wants ``BadRequestData`` for any other."""

    def raw(self, request: Request) -> str | None:
        """The word, or None."""
        value = request.parameters.get(self.name)
        if value is not None and value not in self.choices:
            raise errors.BadRequestData(f"expected one of {', '.join(self.choices)}", where=self.name)
        return value


DETAILS = _Choice(name="details", text="Tell about the context.", choices=("true", "false"))
KIND = _Choice(name="kind", text="Only those of this kind.", choices=tuple(ContextKind))
RELOAD = _Choice(name="reload", text="Fetch it again instead.", choices=("true", "false"))


class Hosting:
    """Handlers of ``/jsonldContexts``."""

    def __init__(self, library: ContextLibrary) -> None:
        self._library = library

    async def add(self, request: Request) -> Reply:
        """Add @context, clause 5.13.2."""
        kept = await self._library.add(await read_json(request, JSON, LD_JSON))
        return Reply(status=201, headers=((b"Location", kept.url.encode()),))

    async def list(self, request: Request) -> Reply:
        """List @contexts, clause 5.13.3."""
        kind = KIND.raw(request)
        found = self._library.list(None if kind is None else ContextKind(kind))
        if DETAILS.raw(request) == "true":
            return json_reply([self._details(one, request) for one in found])
        return json_reply([_address(one, request) for one in found])

    async def serve(self, request: Request) -> Reply:
        """Serve @context, clause 5.13.4."""
        kept = self._library.get(request.arguments["contextId"])
        if DETAILS.raw(request) == "true":
            told = self._details(kept, request)
            if kept.kind is ContextKind.CACHED:  # found in the cache once more; of hosted ones, uses count
                self._library.served(kept)
            return json_reply(told)
        if kept.kind is ContextKind.CACHED:
            raise errors.OperationNotSupported(
                "a cached @context is served by its own address", where="contextId", hint=kept.url
            )
        self._library.served(kept)
        return json_reply({"@context": kept.context})

    async def delete(self, request: Request) -> Reply:
        """Delete and Reload @context, clause 5.13.5."""
        name = request.arguments["contextId"]
        if RELOAD.raw(request) == "true":
            await self._library.reload(name)
        else:
            await self._library.delete(name)
        return Reply(status=204)

    def _details(self, kept: KeptContext, request: Request) -> dict[str, Any]:
        hits, last = self._library.uses(kept)
        document: dict[str, Any] = {
            "URL": _address(kept, request),
            "localId": kept.local_id,
            "kind": kept.kind.value,
            "createdAt": format_instant(kept.created_at),
            "numberOfHits": hits,
        }
        if last is not None:
            document["lastUsage"] = format_instant(last)
        return document


def _address(kept: KeptContext, request: Request) -> str:
    """A context's URL; one that is served here has the address by which the client reached us."""
    return request.base_url + kept.url if kept.url.startswith("/") else kept.url


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes of these handlers."""
    handlers = Hosting(parts.library or ContextLibrary(parts.contexts))
    one = f"{PATH}/{{contextId}}"
    details = reference("ContextDetails")
    return (
        Operation(
            method="POST",
            path=PATH,
            handle=handlers.add,
            name="addContext",
            title="Host a @context",
            tag=_TAG,
            clause="5.13.2",
            body=Body(OBJECT, (JSON, LD_JSON), _EXAMPLE),
            answers={201: Answer("Hosted; see Location.")},
        ),
        Operation(
            method="GET",
            path=PATH,
            handle=handlers.list,
            name="listContexts",
            title="List @contexts",
            tag=_TAG,
            clause="5.13.3",
            parameters=(DETAILS, KIND),
            answers={
                200: Answer("Their addresses, or details.", {JSON: several({"anyOf": [TEXT, details]})})
            },
        ),
        Operation(
            method="GET",
            path=one,
            handle=handlers.serve,
            name="serveContext",
            title="Serve a @context",
            tag=_TAG,
            clause="5.13.4",
            parameters=(DETAILS,),
            path_texts=_PATH_TEXTS,
            answers={200: Answer("The context, or what is known of it.", {JSON: OBJECT})},
        ),
        Operation(
            method="DELETE",
            path=one,
            handle=handlers.delete,
            name="deleteContext",
            title="Delete a @context, or fetch it again",
            tag=_TAG,
            clause="5.13.5",
            parameters=(RELOAD,),
            path_texts=_PATH_TEXTS,
            answers={204: Answer("Done.")},
        ),
    )
