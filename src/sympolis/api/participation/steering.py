"""Handlers for those who run a project: making it, reading what waits, answering, giving links out, forgetting."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.asking import subject_of
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.participation.speaking import note
from sympolis.decision.participation import moderation, telling
from sympolis.decision.participation.project import ProjectPlan
from sympolis.decision.participation.voice import is_author
from sympolis.domain import errors, reading
from sympolis.domain.reading import Finding
from sympolis.orchestration.participating import drafts

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.orchestration.participating.desk import ParticipationDesk
    from sympolis.orchestration.participating.hearing import Hearing
    from sympolis.orchestration.participating.letters import Letters

_MAIL: Final = re.compile(r"[^\s@<>,;\"]{1,64}@[^\s@<>,;\"]{1,190}", re.ASCII)
_MOST_MAILS: Final = 500
_LONGEST_ANSWER: Final = 5000
_DECISION: Final = re.compile(r"decision-[0-9]{8}-[0-9a-f]{8}", re.ASCII)


class Steering:
    """See the module. ``letters`` carries links by e-mail; None where this twin has no mail server."""

    def __init__(
        self, parts: ApiParts, desk: ParticipationDesk, hearing: Hearing, letters: Letters | None
    ) -> None:
        self._parts = parts
        self._desk = desk
        self._hearing = hearing
        self._letters = letters

    async def make(self, request: Request) -> Reply:
        """Make a project."""
        plan = await self._desk.make(_plan(await read_object(request)))
        await note(request, self._parts, "make participation project")
        return json_reply({"id": plan.id}, status=201, headers=_location(plan))

    async def change(self, request: Request) -> Reply:
        """Put a project in place of the present one."""
        name = self._desk.project(request.arguments["project"]).id
        plan = _plan({**await read_object(request), "id": name})
        await self._desk.make(plan, anew=False)
        await note(request, self._parts, "change participation project")
        return json_reply({"id": plan.id})

    async def drop(self, request: Request) -> Reply:
        """Remove a project in which nobody has said anything."""
        self._desk.drop(request.arguments["project"])
        await note(request, self._parts, "drop participation project")
        return Reply(status=204)

    async def queue(self, request: Request) -> Reply:  # noqa: ARG002
        """What somebody should look at, oldest first."""
        found = [telling.queued(one) for one in self._desk.book.unsettled()]
        return json_reply({"total": len(found), "queue": found[:200]})

    async def moderate(self, request: Request) -> Reply:
        """Publish or hide a contribution or comment: ``act``, ``reason``."""
        body = await read_object(request)
        drafts.refuse_others(body, frozenset({"act", "reason"}))
        if body.get("act") not in moderation.ACTS:
            raise errors.BadRequestData(f"expected one of {', '.join(moderation.ACTS)}", where="act")
        found = self._desk.moderate(
            request.arguments["id"],
            body["act"],
            by=subject_of(request).id,
            reason=drafts.text(body, "reason"),
            alone=request.subject is None,
        )
        await note(request, self._parts, f"moderate: {body['act']}")
        return json_reply(telling.queued(found))

    async def answer(self, request: Request) -> Reply:
        """Say what the city did with contributions: ``said``, ``did``, ``contributions``, ``decision``."""
        plan = self._desk.project(request.arguments["project"])
        draft = _answer(await read_object(request))
        if draft["decision"] and self._parts.decisions is not None:
            self._parts.decisions.get(draft["decision"])
        found = self._hearing.answer(plan, draft, by=subject_of(request).id)
        await note(request, self._parts, "answer contributions")
        return json_reply(telling.answer(found), status=201)

    async def invite(self, request: Request) -> Reply:
        """Make links: ``count`` to hand out, or one each to ``mails``, for ``days``; ``send`` has them sent."""
        plan = self._desk.project(request.arguments["project"])
        body = await read_object(request)
        drafts.refuse_others(body, frozenset({"count", "mails", "days", "send"}))
        send, mails = body.get("send", False), _mails(body.get("mails", []))
        if send and self._letters is None:
            raise errors.NotImplementedHere(
                "this twin sends no e-mail", where="send", hint="set mail_server, or print the links"
            )
        count, days = _number(body, "count", 0, 1000, 0), _number(body, "days", 1, 366, 60)
        made = self._hearing.invite(plan, count=count, mails=mails, days=days)
        links = [f"{request.base_url}/#/participation/{plan.id}?voice={token}" for _, token in made]
        await note(request, self._parts, "make participation links")
        if not send or self._letters is None:
            return json_reply({"links": links}, status=201)
        failed = await self._letters.send(plan, list(zip([mail for mail, _ in made], links, strict=True)))
        return json_reply({"sent": len(made) - len(failed), "failed": failed}, status=201)

    async def revoke(self, request: Request) -> Reply:
        """Take links back: ``voice`` is the hash in one of them, as the book lists it."""
        plan, author = self._desk.project(request.arguments["project"]), request.arguments["voice"]
        if not is_author(author):
            raise errors.NotFound("there is no such invitation", where="voice")
        self._hearing.revoke(plan, author)
        await note(request, self._parts, "revoke participation link")
        return Reply(status=204)

    async def invitations(self, request: Request) -> Reply:
        """The links that were made: when, until when, whether they hold; not whose they are."""
        found = self._desk.book.invitations(self._desk.project(request.arguments["project"]).id)
        listed = [
            {"voice": one.author, "made_at": one.made_at, "expires": one.expires, "revoked": one.revoked}
            for one in found
        ]
        return json_reply({"invitations": listed})

    async def tidy(self, request: Request) -> Reply:
        """Unlink what is past its project's time from whoever said it; with ``dry_run`` only tell."""
        body = await read_object(request)
        drafts.refuse_others(body, frozenset({"dry_run"}))
        done = self._hearing.tidy(dry_run=body.get("dry_run") is True)
        await note(request, self._parts, "apply retention of participation")
        return json_reply({"projects": done})


def _plan(document: Mapping[str, Any]) -> ProjectPlan:
    """A project from JSON, by the same rules as a city package's. Raises ``BadRequestData`` with the first mistake."""
    findings: list[Finding] = []
    plan = reading.read(ProjectPlan, _with_days(document), "project", findings)
    if plan is None:
        first = findings[0]
        raise errors.BadRequestData(first.message, where=first.where, hint=first.hint)
    return plan


def _with_days(document: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no days: the texts of ``since`` and ``until`` as such, where they are."""
    phases = document.get("phases")
    if not isinstance(phases, list):
        return dict(document)
    return {**document, "phases": [_days(one) if isinstance(one, dict) else one for one in phases]}


def _days(phase: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(phase)
    for name in ("since", "until"):
        if isinstance(found.get(name), str):
            try:
                found[name] = date.fromisoformat(found[name])
            except ValueError as wrong:
                raise errors.BadRequestData(
                    "expected a day", where=f"phases: {name}", hint="as 2026-03-01"
                ) from wrong
    return found


def _answer(body: Mapping[str, Any]) -> dict[str, Any]:
    drafts.refuse_others(body, frozenset({"said", "did", "contributions", "decision"}))
    found: dict[str, Any] = {}
    for name in ("said", "did"):
        value = body.get(name)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST_ANSWER:
            raise errors.BadRequestData(f"expected a text of 1 to {_LONGEST_ANSWER} characters", where=name)
        found[name] = value.strip()
    names = body.get("contributions")
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise errors.BadRequestData("expected a list of ids", where="contributions")
    decision = body.get("decision") or ""
    if decision and not (isinstance(decision, str) and _DECISION.fullmatch(decision)):
        raise errors.BadRequestData("is no decision file's id", where="decision")
    return {**found, "contributions": names, "decision": decision}


def _mails(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > _MOST_MAILS:
        raise errors.BadRequestData(f"expected a list of at most {_MOST_MAILS} addresses", where="mails")
    for one in value:
        if not isinstance(one, str) or not _MAIL.fullmatch(one.strip()):
            raise errors.BadRequestData("is no e-mail address", where="mails")
    return list(dict.fromkeys(one.strip().lower() for one in value))


def _number(body: Mapping[str, Any], name: str, low: int, high: int, default: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise errors.BadRequestData(f"expected a whole number from {low} to {high}", where=name)
    return value


def _location(plan: ProjectPlan) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"Location", f"/api/participation/projects/{plan.id}".encode()),)
