"""A profile: what a city or another party is, needs, offers and asks, as twins tell each other.

Kinds of entities are IRIs, since each city has short names of its own. A profile says which kinds of data there are,
never what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sympolis.dataspace.discovery import reading

Json = dict[str, Any]
MOST: Final = 500
"""Needs, offers and questions of one profile, each."""
_MOST_ATTRIBUTES: Final = 30
KINDS: Final = ("dataset", "service", "model", "other")
REASONS: Final = ("open need", "service gap")


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is looked for: ``of`` says whether somebody said so, or a service lacks it (``services``)."""

    id: str
    title: dict[str, str]
    type: str = ""
    attributes: tuple[str, ...] = ()
    of: str = "open need"
    services: tuple[str, ...] = ()


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be had: a dataset by its kind of entity, a service or a model by its simulator."""

    id: str
    kind: str
    title: dict[str, str]
    type: str = ""
    licence: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question that a city asks, with the simulators that answer it."""

    id: str
    title: dict[str, str]
    simulators: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One city or party. ``kind`` and ``country`` (ISO 3166-1 alpha-2) are what calls ask."""

    id: str
    name: str
    title: dict[str, str] = {}
    kind: str = ""
    country: str = ""
    helix: str = ""
    twin: bool = True
    """Whether a twin speaks for itself, or somebody wrote the profile by hand."""
    residents: float | None = None
    density: float | None = None
    """Residents per km²."""
    needs: tuple[Need, ...] = ()
    offers: tuple[Offer, ...] = ()
    questions: tuple[Question, ...] = ()
    author: str = ""
    at: str = ""


def to_json(profile: Profile) -> Json:
    """As twins tell each other, and as people see it."""
    document: Json = msgspec.to_builtins(profile)
    return document


def read(given: Mapping[str, Any], *, profile_id: str, name: str, twin: bool = True) -> Profile:
    """A profile from what a stranger wrote: bounded, cleaned; what cannot be read is left out.

    Who it is of is what we know, not what they say.
    """
    return Profile(
        id=profile_id,
        name=name,
        title=reading.texts(given.get("title")),
        kind=reading.text(given.get("kind"), 60),
        country=reading.text(given.get("country"), 2).upper(),
        helix=reading.text(given.get("helix"), 30),
        twin=twin,
        residents=_positive(given.get("residents")),
        density=_positive(given.get("density")),
        needs=tuple(_need(one) for one in reading.items(given.get("needs"), MOST)),
        offers=tuple(_offer(one) for one in reading.items(given.get("offers"), MOST)),
        questions=tuple(_question(one) for one in reading.items(given.get("questions"), MOST)),
    )


def _positive(given: Any) -> float | None:
    found = reading.number(given)
    return found if found is not None and 0 < found < 1e12 else None


def _need(given: Mapping[str, Any]) -> Need:
    of = given.get("of")
    return Need(
        id=reading.text(given.get("id"), 100),
        title=reading.texts(given.get("title")),
        type=reading.text(given.get("type"), 300),
        attributes=reading.words(given.get("attributes", []), _MOST_ATTRIBUTES),
        of=of if of in REASONS else REASONS[0],
        services=reading.words(given.get("services", []), _MOST_ATTRIBUTES),
    )


def _offer(given: Mapping[str, Any]) -> Offer:
    kind = given.get("kind")
    return Offer(
        id=reading.text(given.get("id"), 200),
        kind=kind if kind in KINDS else "other",
        title=reading.texts(given.get("title")),
        type=reading.text(given.get("type"), 300),
        licence=reading.text(given.get("licence"), 60),
    )


def _question(given: Mapping[str, Any]) -> Question:
    return Question(
        id=reading.text(given.get("id"), 200),
        title=reading.texts(given.get("title")),
        simulators=reading.words(given.get("simulators", []), 20),
    )
