"""Handlers of the ecosystem map: drawn at the moment of the question, completed with what people added."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sympolis.api.asking import subject_of
from sympolis.api.assessment.ecosystem.surveying import survey
from sympolis.api.assessment.handlers import refuse_others, text
from sympolis.api.assessment.observing import observe
from sympolis.api.bodies import read_object
from sympolis.api.http import Reply, Request, json_reply
from sympolis.api.negotiation import language_of as accepted_language
from sympolis.api.parameters import Parameter
from sympolis.assessment.ecosystem import picture
from sympolis.assessment.ecosystem.desk import EcosystemDesk, Surveyed
from sympolis.assessment.ecosystem.layout import lay_out
from sympolis.assessment.ecosystem.model import (
    LANGUAGES,
    Actor,
    ActorKind,
    Chosen,
    Flow,
    Helix,
    Layer,
    Map,
    Origin,
    Role,
    View,
    facets,
    seen_as,
    to_json,
)
from sympolis.assessment.ecosystem.seen import Seen
from sympolis.assessment.ecosystem.wording import spelled, words
from sympolis.assessment.evidence import Finding, examine
from sympolis.domain import errors

if TYPE_CHECKING:
    from sympolis.api.parts import ApiParts

MEDIA: Final = {"svg": "image/svg+xml", "png": "image/png", "json": "application/json"}
_MOST_WORDS: Final = 400
VIEW: Final = Parameter(name="view", text="As it is, or as it is to be.", choices=tuple(View))
LANGUAGE: Final = Parameter(name="lang", text="In this language.", choices=LANGUAGES)
SNAPSHOT: Final = Parameter(name="snapshot", text="A version by its id, in place of now.", max_length=80)
FROM: Final = Parameter(name="from", text="`current`, `target`, or a version by its id.", max_length=80)
TO: Final = Parameter(name="to", text="`current`, `target`, or a version by its id.", max_length=80)
_LISTED: Final[dict[str, tuple[str, ...]]] = {
    "layer": tuple(Layer),
    "kind": tuple(ActorKind),
    "role": tuple(Role),
    "helix": tuple(Helix),
    "origin": tuple(Origin),
}
FILTERS: Final = {
    name: Parameter(
        name=name,
        text=f"Only these, parted by commas: {', '.join(known) or 'codes of data themes'}.",
        max_length=_MOST_WORDS,
    )
    for name, known in {**_LISTED, "domain": ()}.items()
}
LEGEND: Final = ("layers", "kinds", "roles", "helices", "values", "origins", "states")
"""The sections of the map's words that say what its codes mean."""
ASKED: Final = (VIEW, SNAPSHOT, *FILTERS.values())


class EcosystemHandlers:
    """See the module."""

    def __init__(self, parts: ApiParts, desk: EcosystemDesk) -> None:
        self._parts = parts
        self._desk = desk

    async def get(self, request: Request) -> Reply:
        """The map with its layout, hints and the values by which it can be filtered."""
        surveyed = await self._surveyed()
        view = _view(request)
        whole = self._wanted(request, surveyed.map)
        shown = _chosen(request).of(whole)
        return json_reply(
            {
                **to_json(shown),
                "layout": lay_out(shown).to_json(),
                "facets": facets(whole),
                "texts": _texts(shown),
                "legend": {name: words()[name] for name in LEGEND},
                "hints": [one.to_json() for one in surveyed.hints] if view is View.CURRENT else [],
            }
        )

    async def picture(self, request: Request) -> Reply:
        """The map as a file."""
        form = request.arguments["form"]
        if form not in MEDIA:
            raise errors.NotFound("there is no such form", where="form", hint=", ".join(MEDIA))
        surveyed = await self._surveyed()
        shown = _chosen(request).of(self._wanted(request, surveyed.map))
        language = LANGUAGE.raw(request) or accepted_language(request.header(b"accept-language"))
        name = f"ecosystem-{shown.city}-{shown.view}.{form}"
        place = f'attachment; filename="{name}"'.encode()
        body = await asyncio.to_thread(_file, form, shown, language)
        return Reply(body=body, media=MEDIA[form], headers=((b"Content-Disposition", place),))

    async def add_actor(self, request: Request) -> Reply:
        """A new actor by hand."""
        made = await self._desk.add_actor(await read_object(request), by=_by(request))
        return _made(made, "actors", made.id)

    async def change_actor(self, request: Request) -> Reply:
        """Another in place of a hand-made actor."""
        actor, body = request.arguments["actor"], await read_object(request)
        return json_reply(msgspec.to_builtins(await self._desk.change_actor(actor, body, by=_by(request))))

    async def remove_actor(self, request: Request) -> Reply:
        """Take a hand-made actor away, with the flows that hang on it."""
        await self._desk.remove("actors", request.arguments["actor"])
        return Reply(status=204)

    async def add_flow(self, request: Request) -> Reply:
        """A new flow by hand."""
        known = (await self._surveyed()).map
        made = await self._desk.add_flow(await read_object(request), known, by=_by(request))
        return _made(made, "flows", made.id)

    async def change_flow(self, request: Request) -> Reply:
        """Another in place of a hand-made flow."""
        known, body = (await self._surveyed()).map, await read_object(request)
        made = await self._desk.change_flow(request.arguments["flow"], body, known, by=_by(request))
        return json_reply(msgspec.to_builtins(made))

    async def remove_flow(self, request: Request) -> Reply:
        """Take a hand-made flow away."""
        await self._desk.remove("flows", request.arguments["flow"])
        return Reply(status=204)

    async def annotate(self, request: Request) -> Reply:
        """Say something of a drawn actor or flow."""
        known, body = (await self._surveyed()).map, await read_object(request)
        made = await self._desk.annotate(request.arguments["item"], body, known, by=_by(request))
        return json_reply(msgspec.to_builtins(made))

    async def unannotate(self, request: Request) -> Reply:
        """Take an annotation away."""
        await self._desk.remove("annotations", request.arguments["item"])
        return Reply(status=204)

    async def initiatives(self, request: Request) -> Reply:  # noqa: ARG002
        """Networks and programmes, and which gap of this twin each helps to close."""
        seen, findings = await self._seen()
        return json_reply(self._desk.initiatives(seen, findings))

    async def close_gap(self, request: Request) -> Reply:
        """Say why a gap is none here."""
        body = await read_object(request)
        refuse_others(body, {"note"})
        await self._desk.close_gap(
            request.arguments["gap"], text(body, "note", required=True), by=_by(request)
        )
        return await self.initiatives(request)

    async def open_gap(self, request: Request) -> Reply:
        """Let the rule speak again."""
        await self._desk.open_gap(request.arguments["gap"])
        return Reply(status=204)

    async def climate(self, request: Request) -> Reply:  # noqa: ARG002
        """Climate-neutrality indicators and what data there are for them."""
        return json_reply(self._desk.climate(await survey(self._parts)))

    async def snapshots(self, request: Request) -> Reply:  # noqa: ARG002
        """Every version, oldest first."""
        found = [
            {"id": one.id, "at": one.at, "by": one.by, "title": one.title, "actors": len(one.map.actors)}
            for one in self._desk.snapshots()
        ]
        return json_reply({"snapshots": found})

    async def keep_snapshot(self, request: Request) -> Reply:
        """Keep the map as it is."""
        body = await read_object(request)
        refuse_others(body, {"title"})
        found = (await self._surveyed()).map
        made = await self._desk.keep_snapshot(found, text(body, "title"), by=_by(request))
        return _made({"id": made.id, "at": made.at, "title": made.title}, "snapshots", made.id)

    async def drop_snapshot(self, request: Request) -> Reply:
        """Take a version away."""
        await self._desk.drop_snapshot(request.arguments["snapshot"])
        return Reply(status=204)

    async def comparison(self, request: Request) -> Reply:
        """What came, went and is another between two maps."""
        now = (await self._surveyed()).map
        before, after = FROM.raw(request) or View.CURRENT, TO.raw(request) or View.TARGET
        return json_reply(self._desk.compared(before, after, now))

    def _wanted(self, request: Request, now: Map) -> Map:
        name = SNAPSHOT.raw(request)
        return seen_as(self._desk.snapshot(name).map if name else now, _view(request))

    async def _surveyed(self) -> Surveyed:
        return self._desk.survey(*await self._seen())

    async def _seen(self) -> tuple[Seen, dict[str, Finding]]:
        return await survey(self._parts), examine(await observe(self._parts))


def _view(request: Request) -> View:
    return View(VIEW.raw(request) or View.CURRENT)


def _chosen(request: Request) -> Chosen:
    asked = {name: _words(request, name) for name in FILTERS}
    return Chosen(
        layers=asked["layer"],
        kinds=asked["kind"],
        roles=asked["role"],
        helices=asked["helix"],
        domains=asked["domain"],
        origins=asked["origin"],
    )


def _words(request: Request, name: str) -> frozenset[str]:
    """The words of one filter. Raises ``InvalidRequest`` for one that nobody knows."""
    found = frozenset(one for one in (FILTERS[name].raw(request) or "").split(",") if one)
    if unknown := sorted(found - set(_LISTED.get(name, found))):
        raise errors.InvalidRequest(
            f"there is no {name} {unknown[0][:40]}", where=name, hint=", ".join(_LISTED[name])
        )
    return found


def _texts(shown: Map) -> dict[str, dict[str, str]]:
    """The codes of rules and risks that are in the map, in words."""
    items: list[Actor | Flow] = [*shown.actors, *shown.flows]
    codes = {code for one in items for code in (*one.rules, *one.risks)}
    return {code: spelled(code) for code in sorted(codes)}


def _file(form: str, shown: Map, language: str) -> bytes:
    if form == "png":
        return picture.png(shown, language)
    if form == "svg":
        return picture.svg(shown, language).encode()
    return msgspec.json.format(msgspec.json.encode(shown))


def _by(request: Request) -> str:
    return subject_of(request).id


def _made(made: Any, kind: str, name: str) -> Reply:
    place = f"/api/ecosystem/{kind}/{name}".encode()
    return json_reply(msgspec.to_builtins(made), status=201, headers=((b"Location", place),))
