"""Requests of people whom data are about: what is held of them, and erasing it (GDPR, articles 15 and 17)."""

from __future__ import annotations

from typing import Any, Protocol

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.parts import Governed
from sympolis.domain import errors
from sympolis.domain.steps import read_reason
from sympolis.governance.audit.record import Act, Event

_MOST_LETTERS = 2048


class Answering(Protocol):
    """What finds and erases (see ``app.subjects``)."""

    async def report(self, entity_id: str) -> dict[str, Any]: ...

    async def erase(self, entity_id: str, *, by: str, why: str) -> dict[str, Any]: ...

    def erasures(self) -> list[dict[str, Any]]: ...


class SubjectRequests:
    """Handlers of ``/api/admin/subjects`` and ``/api/admin/erasures``. Ids come in bodies: addresses get logged."""

    def __init__(self, governed: Governed, answering: Answering) -> None:
        self._governed = governed
        self._answering = answering

    async def report(self, request: Request) -> Reply:
        """What is held of an entity: ``{"id": …}``."""
        document = await self._read(request, {"id"})
        found = await self._answering.report(_id(document))
        await self._note(request, "answer subject")
        return json_reply(found)

    async def erase(self, request: Request) -> Reply:
        """Erase an entity everywhere: ``{"id": …, "why": …}``."""
        document = await self._read(request, {"id", "why"})
        why = read_reason(document.get("why"))
        found = await self._answering.erase(_id(document), by=subject_of(request).id, why=why)
        await self._note(request, "erase subject")
        return json_reply(found)

    async def erasures(self, request: Request) -> Reply:  # noqa: ARG002
        """Every erasure so far."""
        return json_reply({"erasures": self._answering.erasures()})

    async def _read(self, request: Request, known: set[str]) -> dict[str, Any]:
        document = await read_object(request)
        for name in document.keys() - known:
            raise errors.BadRequestData(
                "is not known here", where=name, hint=f"known: {', '.join(sorted(known))}"
            )
        return dict(document)

    async def _note(self, request: Request, what: str) -> None:
        if request.subject is not None:
            return  # where everybody is asked who they are, ``access`` writes down what was done
        subject = subject_of(request)
        event = Event(Act.ADMINISTERED, subject.id, what, request.path, request.id, (), subject.via)
        await self._governed.audit.keep(event)


def _id(document: dict[str, Any]) -> str:
    found = document.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= _MOST_LETTERS:
        raise errors.BadRequestData(
            f"expected an entity's id of at most {_MOST_LETTERS} characters", where="id"
        )
    return found
