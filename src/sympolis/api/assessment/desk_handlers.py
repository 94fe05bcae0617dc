"""Handlers of the call's desk: rules, consortia, coverage by strand, documents and diagrams."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.assessment.counting import count
from sympolis.api.assessment.handlers import refuse_others, text
from sympolis.api.assessment.observing import observe
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.negotiation import language_of as accepted_language
from sympolis.api.parameters import Parameter
from sympolis.assessment import pilot
from sympolis.assessment.calls.consortium import Consortium, TwinEvidence
from sympolis.assessment.calls.coverage import cover
from sympolis.assessment.calls.desk import evidence_of
from sympolis.assessment.documents import DELIVERABLES, Kind, Material, View, diagram, draft
from sympolis.assessment.documents.wording import LANGUAGES
from sympolis.assessment.evidence import Facts, examine
from sympolis.decision.printing import docx, page, pdf
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts
    from sympolis.assessment.desk import AssessmentDesk

STYLE_PATH: Final = "/api/assessment/style.css"
HTML: Final = "text/html; charset=utf-8"
SVG: Final = "image/svg+xml"
YAML: Final = "application/yaml"
FORMS: Final = ("page", "docx", "pdf")
LANGUAGE: Final = Parameter(name="lang", text="In this language.", choices=LANGUAGES)
CONSORTIUM: Final = Parameter(name="consortium", text="Whose document it is.", max_length=80)
VIEW: Final = Parameter(name="view", text="Now or then.", choices=tuple(View))


class CallHandlers:
    """See the module."""

    def __init__(self, parts: ApiParts, desk: AssessmentDesk) -> None:
        self._parts = parts
        self._desk = desk

    async def calls(self, request: Request) -> Reply:  # noqa: ARG002
        """The rules of every call."""
        return json_reply({"calls": [msgspec.to_builtins(one) for one in self._desk.calls.calls().values()]})

    async def list(self, request: Request) -> Reply:  # noqa: ARG002
        """Every consortium with how it stands."""
        return json_reply({"consortia": [self._brief(one) for one in self._desk.calls.list()]})

    async def found(self, request: Request) -> Reply:
        """A new consortium."""
        made = await self._desk.calls.found(await read_object(request), by=subject_of(request).id)
        place = f"/api/assessment/consortia/{made.id}".encode()
        return json_reply(msgspec.to_builtins(made), status=201, headers=((b"Location", place),))

    async def get(self, request: Request) -> Reply:
        """One consortium with what its call's rules say of it."""
        found = self._consortium(request)
        return json_reply({**msgspec.to_builtins(found), "judgement": self._desk.calls.judged(found)})

    async def change(self, request: Request) -> Reply:
        """Put a document in place of the present one."""
        made = await self._desk.calls.change(
            request.arguments["consortium"], await read_object(request), by=subject_of(request).id
        )
        return json_reply(msgspec.to_builtins(made))

    async def dissolve(self, request: Request) -> Reply:
        """Take a consortium away."""
        await self._desk.calls.dissolve(request.arguments["consortium"])
        return Reply(status=204)

    async def prove(self, request: Request) -> Reply:
        """Keep what a twin proves: of an empty object this one, else the evidence that another twin gave."""
        body = await read_object(request)
        evidence = _evidence(body) if body else await self._own_evidence()
        made = await self._desk.calls.prove(request.arguments["consortium"], evidence)
        return json_reply(msgspec.to_builtins(made))

    async def join(self, request: Request) -> Reply:
        """Take a partner in; what that changes by the rules of the call."""
        told = await self._desk.calls.join(
            request.arguments["consortium"], await read_object(request), by=subject_of(request).id
        )
        return json_reply(told, status=201)

    async def leave(self, request: Request) -> Reply:
        """Let a partner go; what that changes by the rules of the call."""
        consortium, partner = request.arguments["consortium"], request.arguments["partner"]
        return json_reply(await self._desk.calls.leave(consortium, partner, by=subject_of(request).id))

    async def candidates(self, request: Request) -> Reply:
        """What each candidate would change; nothing is kept."""
        body = await read_object(request)
        refuse_others(body, {"candidates"})
        given = body.get("candidates")
        if not isinstance(given, list):
            raise errors.BadRequestData("is no list", where="candidates")
        return json_reply({"candidates": self._desk.calls.tried(request.arguments["consortium"], given)})

    async def coverage(self, request: Request) -> Reply:
        """What one strand asks, against the twins of the consortium."""
        found, strand = self._consortium(request), request.arguments["strand"]
        call = self._desk.calls.call(found.call)
        if strand not in call.strands:
            raise errors.NotFound(
                f"there is no strand {strand[:20]}", where="strand", hint=", ".join(call.strands)
            )
        return json_reply(cover(found, call, strand))

    async def proof(self, request: Request) -> Reply:  # noqa: ARG002
        """What this twin proves, to be handed to a partner's desk."""
        return json_reply(msgspec.to_builtins(await self._own_evidence()))

    async def document(self, request: Request) -> Reply:
        """A deliverable as page, docx or PDF."""
        name, form = request.arguments["deliverable"], request.arguments["form"]
        if form not in FORMS or name not in DELIVERABLES:
            raise errors.NotFound(
                "there is no such document",
                where="form",
                hint=f"{', '.join(DELIVERABLES)}; {', '.join(FORMS)}",
            )
        account = draft(name, await self._material(request), language_of(request))
        if form == "page":
            return Reply(body=page.page(account, style=STYLE_PATH).encode(), media=HTML)
        maker, media = (docx.docx, docx.MEDIA) if form == "docx" else (pdf.pdf, pdf.MEDIA)
        body = await asyncio.to_thread(maker, account)
        place = f'attachment; filename="{name}-{account.language}.{form}"'.encode()
        return Reply(body=body, media=media, headers=((b"Content-Disposition", place),))

    async def style(self, request: Request) -> Reply:  # noqa: ARG002
        """The style sheet of the pages."""
        return Reply(body=page.STYLE.encode(), media="text/css; charset=utf-8", cache="max-age=3600")

    async def diagram(self, request: Request) -> Reply:
        """One of the four diagrams as SVG."""
        kind, view = request.arguments["diagram"], VIEW.raw(request) or View.CURRENT
        if kind not in list(Kind):
            raise errors.NotFound("there is no such diagram", where="diagram", hint=", ".join(Kind))
        drawn = diagram(Kind(kind), View(view), await observe(self._parts), language_of(request))
        return Reply(body=drawn.encode(), media=SVG)

    async def pilot(self, request: Request) -> Reply:
        """``pilot.yaml`` of a consortium."""
        return Reply(body=pilot.pilot_yaml(self._consortium(request)).encode(), media=YAML)

    async def update(self, request: Request) -> Reply:
        """An update, checked against the programme's form and given back as it is published."""
        return json_reply(msgspec.to_builtins(pilot.update(await read_object(request))))

    def _consortium(self, request: Request) -> Consortium:
        return self._desk.calls.get(request.arguments["consortium"])

    def _brief(self, one: Consortium) -> dict[str, Any]:
        judged = self._desk.calls.judged(one)
        broken = sum(not rule["kept"] for rule in judged["rules"])
        coverage = {name: judged["coverage"][name] for name in ("met", "of")}
        return {
            "id": one.id,
            "title": one.title,
            "call": one.call,
            "strand": one.strand,
            "partners": len(one.partners),
            "broken": broken,
            "coverage": coverage,
            "modified_at": one.modified_at,
        }

    async def _own_evidence(self) -> TwinEvidence:
        facts = await observe(self._parts)
        return evidence_of(facts, self._desk.assessed(examine(facts)).average)

    async def _indicators(self, request: Request, facts: Facts) -> Sequence[dict[str, Any]] | None:
        """Only the progress report tells them: the city need not be counted for others."""
        if request.arguments["deliverable"] != "report":
            return None
        return self._desk.indicators(facts, await count(self._parts))

    async def _material(self, request: Request) -> Material:
        facts = await observe(self._parts)
        consortium = None
        if name := CONSORTIUM.raw(request):
            consortium = self._desk.calls.get(name)
        return Material(
            facts=facts,
            assessed=self._desk.assessed(examine(facts)),
            planned=self._desk.book().planned,
            tasks=self._desk.worklist(facts),
            snapshots=self._desk.snapshots(),
            consortium=consortium,
            coverage=None if consortium is None else self._desk.calls.judged(consortium)["coverage"],
            indicators=await self._indicators(request, facts),
        )


def language_of(request: Request) -> str:
    """What ``lang`` names, else what the browser prefers."""
    return LANGUAGE.raw(request) or accepted_language(request.header(b"accept-language"))


def _evidence(body: dict[str, Any]) -> TwinEvidence:
    refuse_others(body, {"city", "at", "checks", "average"})
    text(body, "city", required=True, longest=100)
    try:
        return msgspec.convert(body, TwinEvidence, strict=True)
    except msgspec.ValidationError as cause:
        raise errors.BadRequestData(str(cause), where="evidence") from cause
