"""The change log as server-sent events: any client, at any time, resumes where it was."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, cast

from sympolis.api.events import event, event_stream, resume_point
from sympolis.api.http import EVENT_STREAM, Request, Stream, find_number
from sympolis.api.parameters import IntegerParameter
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Operation
from sympolis.api.schemas import TEXT
from sympolis.api.vocabulary import city_terms
from sympolis.context.instants import format_instant
from sympolis.context.terms import Terms
from sympolis.domain import errors
from sympolis.domain.changes import Change

AFTER = IntegerParameter(
    name="after",
    text="Begin after this number; without it (and Last-Event-ID): what comes from now on.",
    high=2**53,
)


class Changes:
    """Handler of ``/api/changes``."""

    def __init__(self, parts: ApiParts, terms: Terms) -> None:
        self._broker = parts.broker
        self._terms = terms
        self._keep_alive_s = parts.settings.keep_alive_s

    async def follow(self, request: Request) -> Stream:
        """Every change after the client's position, then each new one."""
        after = _position(request)
        if after is None:
            after = (await self._broker.status()).position
        return event_stream(self._events(after), self._keep_alive_s)

    async def _events(self, after: int) -> AsyncGenerator[bytes, None]:
        yield resume_point(after)
        async with aclosing(cast("AsyncGenerator[Change, None]", self._broker.follow(after))) as changes:
            async for change in changes:
                yield event(self._document(change), name="change", number=change.number)

    def _document(self, change: Change) -> dict[str, Any]:
        return {
            "number": change.number,
            "at": format_instant(change.at),
            "kind": change.kind,
            "entity": change.entity_id,
            "types": [self._terms.compact(name) for name in change.types],
            "attributes": [self._terms.compact(name) for name in change.attributes],
            "cause": change.cause,
        }


def _position(request: Request) -> int | None:
    resumed = request.header(b"last-event-id")
    if resumed is not None:
        number = find_number(resumed)
        if number is None:
            raise errors.InvalidRequest("expected the id of an event", where="Last-Event-ID")
        return number
    return AFTER.of(request) if AFTER.raw(request) is not None else None


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The route of the change log."""
    handlers = Changes(parts, city_terms(parts))
    return (
        Operation(
            method="GET",
            path="/api/changes",
            handle=handlers.follow,
            name="followChanges",
            title="Follow the change log",
            tag="Changes",
            text="Server-sent events: `id` is the change's number, from which Last-Event-ID resumes.",
            parameters=(AFTER,),
            answers={200: Answer("Events without end.", {EVENT_STREAM: TEXT})},
        ),
    )
