"""The routes of the ecosystem map with their documentation."""

from __future__ import annotations

from typing import Any, Final

from sympolis.api.assessment.describing import gives
from sympolis.api.assessment.ecosystem.handlers import ASKED, FROM, LANGUAGE, MEDIA, TO, EcosystemHandlers
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Answer, Body, Operation
from sympolis.api.schemas import OBJECT, TEXT, Schema, several, structure

_BASE: Final = "/api/ecosystem"
_IN_PATH: Final = {
    "actor": "The id of a hand-made actor.",
    "flow": "The id of a hand-made flow.",
    "item": "The id of a drawn actor or flow.",
    "gap": "A gap's id, as /api/ecosystem/initiatives names it.",
    "snapshot": "A version's id.",
    "form": "svg, png or json.",
}
_FILE: Final[Schema] = {"type": "string", "format": "binary"}
_ACTOR: Final = Body(
    OBJECT,
    example={
        "kind": "organisation",
        "name": {"en": "Energy cooperative"},
        "roles": ["user", "beneficiary"],
        "helix": "civil society",
        "state": "planned",
    },
)
_FLOW: Final = Body(
    OBJECT,
    example={
        "kind": "data",
        "source": "twin",
        "target": "group-public",
        "title": {"en": "Yields of roofs"},
        "state": "planned",
    },
)
_ANNOTATION: Final = Body(
    OBJECT, example={"note": "Agreed by letter, renewed each year.", "helix": "academia"}
)
_ENTRY: Final = "/actors/{actor}", "/flows/{flow}", "/annotations/{item}"


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where this twin keeps no assessment."""
    if parts.assessment is None or parts.city is None:
        return ()
    handlers = EcosystemHandlers(parts, parts.assessment.ecosystem)
    return (*_reading(handlers), *_actors_and_flows(handlers), *_annotations(handlers), *_versions(handlers))


def _route(method: str, path: str, handle: Any, name: str, title: str, **more: Any) -> Operation:
    texts = {key: text for key, text in _IN_PATH.items() if f"{{{key}}}" in path}
    return Operation(
        method=method,
        path=f"{_BASE}{path}",
        handle=handle,
        name=name,
        title=title,
        tag="Ecosystem map",
        path_texts=texts,
        **more,
    )


def _reading(handlers: EcosystemHandlers) -> tuple[Operation, ...]:
    files: dict[str, Any] = {MEDIA["svg"]: TEXT, MEDIA["png"]: _FILE, MEDIA["json"]: OBJECT}
    return (
        _route(
            "GET", "", handlers.get, "getEcosystem", "Actors, flows, rules, risks, and who is missing",
            parameters=ASKED, answers=gives(OBJECT),
            text="Drawn from what the twin has at this moment, completed by hand: `origin` tells which is which. "
            "`layout` has the place of every actor; `hints` are about the whole current map, whatever is filtered.",
        ),
        _route(
            "GET", "/pictures/{form}", handlers.picture, "drawEcosystem", "The map as SVG, PNG or JSON",
            parameters=(*ASKED, LANGUAGE), answers={200: Answer("The file.", files)},
        ),
        _route(
            "GET", "/initiatives", handlers.initiatives, "listInitiatives",
            "Networks and programmes, matched to what this twin lacks", answers=gives(OBJECT),
        ),
        _route(
            "GET", "/climate-indicators", handlers.climate, "listClimateIndicators",
            "Climate-neutrality indicators and the data there are", answers=gives(OBJECT),
        ),
        _route(
            "PUT", "/gaps/{gap}", handlers.close_gap, "closeEcosystemGap", "Say why a gap is none here",
            body=Body(structure({"note": TEXT}, required=("note",)), example={"note": "The plan was adopted in May."}),
            answers=gives(OBJECT),
        ),
        _route(
            "DELETE", "/gaps/{gap}", handlers.open_gap, "openEcosystemGap", "Let the rule speak again",
            answers={204: Answer("It speaks again.")},
        ),
    )  # fmt: skip


def _actors_and_flows(handlers: EcosystemHandlers) -> tuple[Operation, ...]:
    actor, flow, _ = _ENTRY
    gone = {204: Answer("It is gone.")}
    return (
        _route("POST", "/actors", handlers.add_actor, "addEcosystemActor", "Add an actor by hand", body=_ACTOR,
               answers=gives(OBJECT, status=201)),
        _route("PUT", actor, handlers.change_actor, "changeEcosystemActor", "Change a hand-made actor", body=_ACTOR,
               answers=gives(OBJECT)),
        _route("DELETE", actor, handlers.remove_actor, "removeEcosystemActor",
               "Take a hand-made actor away, with its flows", answers=gone),
        _route("POST", "/flows", handlers.add_flow, "addEcosystemFlow", "Add a flow by hand", body=_FLOW,
               answers=gives(OBJECT, status=201)),
        _route("PUT", flow, handlers.change_flow, "changeEcosystemFlow", "Change a hand-made flow", body=_FLOW,
               answers=gives(OBJECT)),
        _route("DELETE", flow, handlers.remove_flow, "removeEcosystemFlow", "Take a hand-made flow away",
               answers=gone),
    )  # fmt: skip


def _annotations(handlers: EcosystemHandlers) -> tuple[Operation, ...]:
    item = _ENTRY[2]
    return (
        _route(
            "PUT", item, handlers.annotate, "annotateEcosystem", "Say something of a drawn actor or flow",
            body=_ANNOTATION, answers=gives(OBJECT),
            text="A note, rules and risks beside those there are; helix, roles and state in place of the drawn ones.",
        ),
        _route(
            "DELETE", item, handlers.unannotate, "unannotateEcosystem", "Take an annotation away",
            answers={204: Answer("It is gone.")},
        ),
    )  # fmt: skip


def _versions(handlers: EcosystemHandlers) -> tuple[Operation, ...]:
    return (
        _route(
            "GET", "/snapshots", handlers.snapshots, "listEcosystemSnapshots", "Versions of the map",
            answers=gives(structure({"snapshots": several(OBJECT)})),
        ),
        _route(
            "POST", "/snapshots", handlers.keep_snapshot, "keepEcosystemSnapshot", "Keep the map as it is",
            body=Body(structure({"title": TEXT}), example={"title": "Before the call"}),
            answers=gives(OBJECT, status=201),
        ),
        _route(
            "DELETE", "/snapshots/{snapshot}", handlers.drop_snapshot, "dropEcosystemSnapshot",
            "Take a version away", answers={204: Answer("It is gone.")},
        ),
        _route(
            "GET", "/comparison", handlers.comparison, "compareEcosystem", "What differs between two maps",
            parameters=(FROM, TO), answers=gives(OBJECT),
            text="Without parameters: what is to become another, from the current map to the target.",
        ),
    )  # fmt: skip
