"""What people add to the map by hand: actors, flows, annotations of drawn items, gaps that they say are none.

Every item keeps who said it and when, and stays apart from what the twin draws: a drawn item that goes away takes its
annotation out of the picture, not out of the book.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sympolis.assessment.ecosystem.model import (
    Actor,
    ActorKind,
    Flow,
    FlowKind,
    Helix,
    Layer,
    Map,
    Origin,
    Role,
    State,
    Texts,
    between,
)
from sympolis.domain import errors

MOST_ITEMS: Final = 1000
_MOST_WORDS: Final = 20
_LONGEST: Final = 300
_LONGEST_NOTE: Final = 5000
_LANGUAGE: Final = re.compile(r"|[a-z]{2,3}", re.ASCII)
_LINK: Final = re.compile(r"(https?://|/)[^\s<>\"]{0,1999}")
_LAYERS: Final[Mapping[ActorKind, Layer]] = {
    ActorKind.ORGANISATION: Layer.SOURCES,
    ActorKind.SERVICE: Layer.SERVICES,
    ActorKind.GROUP: Layer.PEOPLE,
    ActorKind.PARTNER: Layer.EXCHANGE,
    ActorKind.PROGRAMME: Layer.PROGRAMMES,
}
Names = tuple[str, ...]


class GivenActor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An actor as somebody gives it; without ``layer`` it stands where its kind stands."""

    kind: ActorKind
    name: Texts
    layer: Layer | None = None
    roles: tuple[Role, ...] = ()
    helix: Helix = Helix.UNKNOWN
    domains: Names = ()
    rules: Names = ()
    risks: Names = ()
    state: State = State.CURRENT
    description: Texts = {}
    links: Names = ()
    note: str = ""


class GivenFlow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A flow as somebody gives it."""

    kind: FlowKind
    source: str
    target: str
    title: Texts = {}
    items: Names = ()
    domains: Names = ()
    rules: Names = ()
    risks: Names = ()
    state: State = State.CURRENT
    note: str = ""


class GivenAnnotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody knows better of a drawn item: None leaves as it is; rules and risks come beside those there are."""

    note: str = ""
    helix: Helix | None = None
    roles: tuple[Role, ...] | None = None
    state: State | None = None
    rules: Names = ()
    risks: Names = ()


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """An annotation as it is kept."""

    said: GivenAnnotation
    author: str
    at: str


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's word that a gap is none here, and why."""

    note: str
    author: str
    at: str


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that people added to one map."""

    actors: dict[str, Actor] = {}
    flows: dict[str, Flow] = {}
    annotations: dict[str, Annotation] = {}
    closed: dict[str, Closing] = {}

    def size(self) -> int:
        """How many items."""
        return len(self.actors) + len(self.flows) + len(self.annotations)


def read_actor(body: Mapping[str, Any], actor_id: str, *, author: str, at: str) -> Actor:
    """An actor from what was sent. Raises ``BadRequestData``."""
    given = _read(GivenActor, body)
    if given.kind is ActorKind.TWIN:
        raise errors.BadRequestData("there is one twin in the map", where="kind")
    _check_texts(given.name, "name", needed=True)
    _check_texts(given.description, "description")
    _check_words(given, "domains", "rules", "risks", "links")
    if wrong := next((one for one in given.links if not _LINK.fullmatch(one)), None):
        raise errors.BadRequestData("is no address", where="links", hint=f"{wrong[:60]}: https://… or /…")
    _check_state(given.state)
    return Actor(
        id=actor_id,
        layer=given.layer or _layer(given),
        origin=Origin.HAND,
        author=author,
        at=at,
        **_members(given, "layer"),
    )


def read_flow(body: Mapping[str, Any], flow_id: str, *, author: str, at: str) -> Flow:
    """A flow from what was sent; whether its ends are there is asked by the desk. Raises ``BadRequestData``."""
    given = _read(GivenFlow, body)
    if given.source == given.target:
        raise errors.BadRequestData("begins and ends at the same actor", where="target")
    _check_texts(given.title, "title")
    _check_words(given, "items", "domains", "rules", "risks")
    _check_state(given.state)
    return Flow(id=flow_id, origin=Origin.HAND, author=author, at=at, **_members(given))


def read_annotation(body: Mapping[str, Any]) -> GivenAnnotation:
    """An annotation from what was sent. Raises ``BadRequestData``."""
    given: GivenAnnotation = _read(GivenAnnotation, body)
    _check_words(given, "rules", "risks")
    return given


def completed(drawn: Map, book: Book) -> Map:
    """The drawn map with everything from the book in it; a flow without both its ends is left out."""
    actors = {one.id: _annotated(one, book) for one in drawn.actors}
    actors |= {name: one for name, one in book.actors.items() if name not in actors}
    flows = {one.id: _annotated(one, book) for one in drawn.flows}
    flows |= {name: one for name, one in book.flows.items() if name not in flows}
    return msgspec.structs.replace(
        drawn, actors=tuple(actors.values()), flows=between(flows.values(), actors.values())
    )


def _annotated(item: Any, book: Book) -> Any:
    found = book.annotations.get(item.id)
    if found is None:
        return item
    said = found.said
    changed: dict[str, Any] = {
        "note": said.note,
        "author": found.author,
        "at": found.at,
        "rules": tuple(dict.fromkeys((*item.rules, *said.rules))),
        "risks": tuple(dict.fromkeys((*item.risks, *said.risks))),
    }
    if said.state is not None:
        changed["state"] = said.state
    if isinstance(item, Actor):
        changed |= {} if said.helix is None else {"helix": said.helix}
        changed |= {} if said.roles is None else {"roles": said.roles}
    return msgspec.structs.replace(item, **changed)


def _read(kind: type[Any], body: Mapping[str, Any]) -> Any:
    try:
        given = msgspec.convert(body, kind, strict=True)
    except msgspec.ValidationError as cause:
        raise errors.BadRequestData(str(cause), where="body") from cause
    if len(given.note) > _LONGEST_NOTE:
        raise errors.BadRequestData(f"has more than {_LONGEST_NOTE} characters", where="note")
    return given


def _layer(given: GivenActor) -> Layer:
    """Where an actor of its kind stands; an organisation that only uses data, with those who use them."""
    gives = {Role.CONTRIBUTOR, Role.STEWARD, Role.REGULATOR, Role.SUPPORTER} & set(given.roles)
    if given.kind is ActorKind.ORGANISATION and given.roles and not gives:
        return Layer.PEOPLE
    return _LAYERS[given.kind]


def _members(given: Any, *without: str) -> dict[str, Any]:
    return {name: getattr(given, name) for name in given.__struct_fields__ if name not in without}


def _check_texts(texts: Texts, where: str, *, needed: bool = False) -> None:
    if needed and not any(one.strip() for one in texts.values()):
        raise errors.BadRequestData("is needed", where=where)
    if len(texts) > _MOST_WORDS or any(len(one) > _LONGEST for one in texts.values()):
        raise errors.BadRequestData(f"has more than {_LONGEST} characters", where=where)
    if not all(_LANGUAGE.fullmatch(one) for one in texts):
        raise errors.BadRequestData("is by no language", where=where, hint="it, de, en …")


def _check_words(given: Any, *members: str) -> None:
    for name in members:
        found: Names = getattr(given, name)
        most = 2000 if name == "links" else _LONGEST
        if len(found) > _MOST_WORDS or any(not 0 < len(one) <= most for one in found):
            raise errors.BadRequestData(f"is more than {_MOST_WORDS} texts, or one is too long", where=name)


def _check_state(state: State) -> None:
    if state is State.SUGGESTED:
        raise errors.BadRequestData("is what rules say", where="state", hint="current, planned, ending")
