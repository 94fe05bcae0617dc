"""The map as values: actors with roles, flows between them, each with its rules, risks and origin.

Roles, flows and value exchanges are those of the Open Data Institute's data ecosystem mapping; the helix of an actor is
one of the quadruple helix (doi:10.1504/IJTM.2009.023374).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

Texts = dict[str, str]
LANGUAGES: Final = ("it", "de", "en")


class ActorKind(StrEnum):
    """What an actor is; never a person."""

    ORGANISATION = "organisation"
    TWIN = "twin"
    SERVICE = "service"
    GROUP = "group"
    PARTNER = "partner"
    PROGRAMME = "programme"


class Role(StrEnum):
    """What an actor does with data."""

    CONTRIBUTOR = "contributor"
    STEWARD = "steward"
    INTERMEDIARY = "intermediary"
    USER = "user"
    BENEFICIARY = "beneficiary"
    REGULATOR = "regulator"
    SUPPORTER = "supporter"


class Helix(StrEnum):
    """Which part of society an actor belongs to; ``UNKNOWN`` until somebody says so."""

    GOVERNMENT = "government"
    BUSINESS = "business"
    ACADEMIA = "academia"
    CIVIL_SOCIETY = "civil society"
    UNKNOWN = "unknown"


class Layer(StrEnum):
    """Layers that can be shown apart, in the order in which data move."""

    SOURCES = "sources"
    TWIN = "twin"
    SERVICES = "services"
    EXCHANGE = "exchange"
    PEOPLE = "people"
    PROGRAMMES = "programmes"


class FlowKind(StrEnum):
    """What goes from one actor to another: data, or another value."""

    DATA = "data"
    SERVICE = "service"
    KNOWLEDGE = "knowledge"
    FEEDBACK = "feedback"
    MONEY = "money"
    OVERSIGHT = "oversight"


class Origin(StrEnum):
    """Who put an item in the map: the twin itself, a register of facts, or people."""

    DRAWN = "drawn"
    REGISTER = "register"
    HAND = "hand"


class State(StrEnum):
    """Whether an item is there now, is to come, or is to end: what tells the current map from the target.

    What is only suggested belongs to neither and is shown in both, until somebody plans it.
    """

    CURRENT = "current"
    PLANNED = "planned"
    ENDING = "ending"
    SUGGESTED = "suggested"


class View(StrEnum):
    """The map as it is, or as it is to be."""

    CURRENT = "current"
    TARGET = "target"


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody or something with a part in it. ``count`` is how many a group has; None where it is not told."""

    id: str
    kind: ActorKind
    layer: Layer
    name: Texts
    roles: tuple[Role, ...] = ()
    helix: Helix = Helix.UNKNOWN
    domains: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    origin: Origin = Origin.DRAWN
    state: State = State.CURRENT
    count: int | None = None
    description: Texts = {}
    links: tuple[str, ...] = ()
    note: str = ""
    author: str = ""
    at: str = ""
    """Who added or annotated the item last, and when; empty where nobody did."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """What goes from ``source`` to ``target`` (ids of actors). ``items`` are the datasets, agreements … in it."""

    id: str
    kind: FlowKind
    source: str
    target: str
    title: Texts = {}
    items: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    origin: Origin = Origin.DRAWN
    state: State = State.CURRENT
    note: str = ""
    author: str = ""
    at: str = ""

    @property
    def is_value_exchange(self) -> bool:
        """Whether something other than data goes over."""
        return self.kind is not FlowKind.DATA


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """Actors and the flows between them; every flow's ends are actors of the map."""

    city: str
    title: Texts
    at: str
    view: View = View.CURRENT
    actors: tuple[Actor, ...] = ()
    flows: tuple[Flow, ...] = ()

    def actor(self, actor_id: str) -> Actor | None:
        """One actor; None where there is none of that id."""
        return next((one for one in self.actors if one.id == actor_id), None)


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a map is asked for; empty members choose everything."""

    layers: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    helices: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def of(self, found: Map) -> Map:
        """The actors that fit, and the flows between two of them."""
        actors = tuple(one for one in found.actors if self._fits(one))
        flows = tuple(flow for flow in between(found.flows, actors) if self._flow_fits(flow))
        return msgspec.structs.replace(found, actors=actors, flows=flows)

    def _fits(self, actor: Actor) -> bool:
        single = (
            (self.layers, actor.layer),
            (self.kinds, actor.kind),
            (self.helices, actor.helix),
            (self.origins, actor.origin),
        )
        if any(asked and value not in asked for asked, value in single):
            return False
        roles = not self.roles or bool(self.roles & set(actor.roles))
        return roles and self._of_domain(actor.domains)

    def _flow_fits(self, flow: Flow) -> bool:
        return self._of_domain(flow.domains)

    def _of_domain(self, domains: tuple[str, ...]) -> bool:
        """An item of no domain belongs to all: the twin itself, groups of people."""
        return not self.domains or not domains or bool(self.domains & set(domains))


def between(flows: Iterable[Flow], actors: Iterable[Actor]) -> tuple[Flow, ...]:
    """The flows of which both ends are there."""
    known = {one.id for one in actors}
    return tuple(one for one in flows if one.source in known and one.target in known)


def seen_as(found: Map, view: View) -> Map:
    """The map in one view: what is planned is not there yet, what ends is not there any more."""
    hidden = State.PLANNED if view is View.CURRENT else State.ENDING
    actors = tuple(one for one in found.actors if one.state is not hidden)
    flows = between((one for one in found.flows if one.state is not hidden), actors)
    return msgspec.structs.replace(found, view=view, actors=actors, flows=flows)


def said(texts: Mapping[str, str], language: str) -> str:
    """A text in this language, else in English, else in any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")


def facets(found: Map) -> dict[str, list[str]]:
    """The values by which a map can be filtered."""
    return {
        "layers": [one for one in Layer if any(it.layer is one for it in found.actors)],
        "kinds": sorted({one.kind for one in found.actors}),
        "roles": [one for one in Role if any(one in it.roles for it in found.actors)],
        "helices": [one for one in Helix if any(it.helix is one for it in found.actors)],
        "domains": sorted({*_domains(found.actors), *_domains(found.flows)}),
        "origins": sorted({one.origin for one in found.actors}),
    }


def _domains(items: Iterable[Actor | Flow]) -> Iterator[str]:
    return (domain for one in items for domain in one.domains)


def to_json(found: Map) -> dict[str, Any]:
    """As the API tells it."""
    document: dict[str, Any] = msgspec.to_builtins(found)
    return document
