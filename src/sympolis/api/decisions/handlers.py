"""Handlers of ``/api/decisions``: drafts are for those who work on them, decisions for all who may read results."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.api.asking import may, subject_of
from sympolis.api.bodies import read_object
from sympolis.api.decisions import printed
from sympolis.api.http import Reply, Request, json_reply
from sympolis.decision.dossier import Decision, Outcome
from sympolis.decision.printing.pdf import MEDIA
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.orchestration.decision_desk import DecisionDesk

WORKING: Final = "scenarios.run"
"""The right of those who see and change drafts."""
_DRAFT: Final = {"title": "", "question": "", "notes": "", "runs": (), "contributions": ()}
_LONGEST: Final = {"title": 200, "question": 1000, "notes": 20_000, "reasons": 20_000}
_MOST: Final = {"runs": 8, "contributions": 500}


class Decisions:
    """See the module."""

    def __init__(self, parts: ApiParts, desk: DecisionDesk) -> None:
        self._parts = parts
        self._desk = desk

    async def list(self, request: Request) -> Reply:
        """Every file that whoever asks may see, newest first, without its evidence."""
        return json_reply(
            {"decisions": [_brief(one) for one in self._desk.list() if self._sees(request, one)]}
        )

    async def open(self, request: Request) -> Reply:
        """Open a draft."""
        found = await self._desk.open(_draft(await read_object(request)), by=subject_of(request).id)
        return json_reply(
            _full(found), status=201, headers=((b"Location", f"/api/decisions/{found.id}".encode()),)
        )

    async def get(self, request: Request) -> Reply:
        """One file with all its seals."""
        return json_reply(_full(self._found(request)))

    async def edit(self, request: Request) -> Reply:
        """Put a draft in place of the present one."""
        draft = _draft(await read_object(request))
        return json_reply(_full(await self._desk.edit(request.arguments["decision"], draft)))

    async def discard(self, request: Request) -> Reply:
        """Throw a draft away."""
        self._desk.discard(request.arguments["decision"])
        return Reply(status=204)

    async def decide(self, request: Request) -> Reply:
        """Decide: ``outcome``, ``run`` (what is adopted), ``reasons``."""
        body = await read_object(request)
        _refuse_others(body, {"outcome", "run", "reasons"})
        found = await self._desk.decide(
            request.arguments["decision"],
            _outcome(body.get("outcome")),
            run=None if body.get("run") is None else _text(body, "run", 100),
            reasons=_required(body, "reasons"),
            by=subject_of(request).id,
        )
        return json_reply(_full(found))

    async def measure(self, request: Request) -> Reply:
        """Hold what was measured since a day against what had been computed: ``since``, ``until``."""
        body = await read_object(request)
        _refuse_others(body, {"since", "until"})
        until = None if body.get("until") is None else _day(body, "until")
        found = await self._desk.measure(
            request.arguments["decision"], _day(body, "since"), until, by=subject_of(request).id
        )
        return json_reply(_full(found), status=201)

    async def verify(self, request: Request) -> Reply:
        """Whether the seals hold and the runs still say what they said."""
        return json_reply(await self._desk.verify(self._found(request).id))

    async def page(self, request: Request) -> Reply:
        """The file as a page that can be cited and printed."""
        language = printed.language_of(request)
        return Reply(
            body=printed.page(self._found(request), language).encode(), media="text/html; charset=utf-8"
        )

    async def pdf(self, request: Request) -> Reply:
        """The same as PDF."""
        found, language = self._found(request), printed.language_of(request)
        name = f'attachment; filename="{found.id}.pdf"'.encode()
        body = await printed.pdf(found, language)
        return Reply(body=body, media=MEDIA, headers=((b"Content-Disposition", name),))

    def _found(self, request: Request) -> Decision:
        found = self._desk.get(request.arguments["decision"])
        if not self._sees(request, found):
            raise errors.NotFound(f"there is no decision file {found.id}", where="decision")
        return found

    def _sees(self, request: Request, one: Decision) -> bool:
        return one.is_sealed or may(request, WORKING, self._parts.governed)


def _brief(one: Decision) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "question": one.question,
        "status": one.status,
        "author": one.author,
        "created_at": one.created_at,
        "modified_at": one.modified_at,
        "decided_at": one.seals[0].at if one.seals else None,
        "decided_by": one.seals[0].by if one.seals else None,
        "page": f"/decisions/{one.id}",
    }


def _full(one: Decision) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(one)
    return {**document, **msgspec.to_builtins(_brief(one))}


def _draft(body: Mapping[str, Any]) -> dict[str, Any]:
    _refuse_others(body, _DRAFT.keys())
    found: dict[str, Any] = {
        name: _text(body, name, _LONGEST[name]) for name in ("title", "question", "notes")
    }
    for name in ("title", "question"):
        _required(body, name)
    return {**found, **{name: _ids(body, name) for name in _MOST}}


def _refuse_others(body: Mapping[str, Any], known: Any) -> None:
    for name in body.keys() - set(known):
        raise errors.BadRequestData(
            "is not known here", where=name[:60], hint=f"known: {', '.join(sorted(known))}"
        )


def _text(body: Mapping[str, Any], name: str, longest: int) -> str:
    found = body.get(name, "")
    if not isinstance(found, str) or len(found) > longest:
        raise errors.BadRequestData(f"expected a text of at most {longest} characters", where=name)
    return found.strip()


def _required(body: Mapping[str, Any], name: str) -> str:
    found = _text(body, name, _LONGEST[name])
    if not found:
        raise errors.BadRequestData("must not be empty", where=name)
    return found


def _ids(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = body.get(name, [])
    if not isinstance(found, list) or len(found) > _MOST[name] or not all(_is_id(one) for one in found):
        raise errors.BadRequestData(f"expected a list of at most {_MOST[name]} ids", where=name)
    return tuple(found)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


def _outcome(value: Any) -> Outcome:
    try:
        return Outcome(value)
    except ValueError as unknown:
        raise errors.BadRequestData(
            "is no outcome", where="outcome", hint=f"one of {', '.join(Outcome)}"
        ) from unknown


def _day(body: Mapping[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(_text(body, name, 10))
    except ValueError as wrong:
        raise errors.BadRequestData("expected a day", where=name, hint="as 2026-03-01") from wrong
