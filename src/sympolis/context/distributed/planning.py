"""Who gets which part of a request (clauses 4.3.6, 5.6, 5.7): a function of the request and the registrations.

What is registered as exclusive goes there and nowhere else; what is redirected goes to every source that it is
redirected to, and nowhere else; of the rest inclusive sources get their share, and the broker does it as well.
Auxiliary sources are only ever read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sympolis.context.registrations.matching import Cover, cover_of
from sympolis.context.registrations.operations import TEMPORAL
from sympolis.context.registrations.registration import Mode, Registration


class Refusal(StrEnum):
    """Why a part of a request that is for a source cannot go there."""

    UNSUPPORTED = "unsupported"
    """The source does not offer the operation: what it alone may do cannot be done (Conflict)."""
    LOOP = "loop"
    """The request has been there already."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one source gets of a request that changes an entity. ``whole``: also what is no attribute (type, scope)."""

    registration: Registration
    attributes: frozenset[str]
    whole: bool
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The parts for sources, and what is left to do here.

    ``attributes`` are those left of the request's; ``here`` whether the broker has anything to do; ``proxied`` whether
    a source holds the entity, or some of it, in place of the broker.
    """

    parts: tuple[Part, ...]
    attributes: frozenset[str]
    here: bool
    proxied: bool


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The sources to ask, those that would lead back to where the request came from, in the order of their ids."""

    asked: tuple[Registration, ...]
    looping: tuple[Registration, ...] = ()


@dataclass(frozen=True, slots=True)
class Travelled:
    """Where a request has been (clause 6.3.18): aliases of sources, and whether this broker is among them."""

    aliases: frozenset[str] = frozenset()
    here: bool = False

    def met(self, registration: Registration) -> bool:
        """Whether it must not go to this source again."""
        return self.here or (registration.alias is not None and registration.alias in self.aliases)


NOWHERE = Travelled()


def plan_write(
    operations: Iterable[str],
    entity_id: str,
    types: Iterable[str] | None,
    attributes: frozenset[str],
    registrations: Iterable[Registration],
    travelled: Travelled = NOWHERE,
) -> WritePlan:
    """How to change an entity.

    A source takes part if it offers one of ``operations``; ``types`` None: not known; ``attributes`` are those that the
    request names, none for one that is about the entity as such.
    """
    offered = frozenset(operations)
    known = None if types is None else tuple(types)
    meant = [
        (one, cover)
        for one in sorted(registrations, key=lambda one: one.id)
        if one.mode is not Mode.AUXILIARY
        and (not one.temporal or bool(offered & TEMPORAL))
        and (cover := cover_of(one, entity_id, known)) is not None
    ]
    parts: list[Part] = []
    left = attributes
    for mode in (Mode.EXCLUSIVE, Mode.REDIRECT):
        proxies = [
            (one, cover) for one, cover in meant if one.mode is mode and _concerns(cover, attributes, left)
        ]
        parts += [
            Part(one, cover.share(left), cover.whole, _refusal(one, offered, travelled))
            for one, cover in proxies
        ]
        left -= frozenset().union(*(cover.share(left) for _, cover in proxies))
    emptied = any(part.whole for part in parts)
    here = not emptied and (bool(left) or not attributes)
    proxied = bool(parts)
    if here:
        parts += _inclusive(meant, offered, attributes, left, travelled)
    return WritePlan(tuple(parts), left, here, proxied)


def _inclusive(
    meant: Sequence[tuple[Registration, Cover]],
    offered: frozenset[str],
    attributes: frozenset[str],
    left: frozenset[str],
    travelled: Travelled,
) -> Iterable[Part]:
    for one, cover in meant:
        able = one.mode is Mode.INCLUSIVE and _refusal(one, offered, travelled) is None
        if able and _concerns(cover, attributes, left):
            yield Part(one, cover.share(left), cover.whole)


def _concerns(cover: Cover, attributes: frozenset[str], left: frozenset[str]) -> bool:
    """Whether a source has a part in it: some of what is left, or the entity as such where no attribute is named."""
    return bool(cover.share(left)) or not attributes


def _refusal(one: Registration, offered: frozenset[str], travelled: Travelled) -> Refusal | None:
    if travelled.met(one):
        return Refusal.LOOP
    return Refusal.UNSUPPORTED if offered.isdisjoint(one.operations) else None


def plan_read(
    operations: Iterable[str], registrations: Iterable[Registration], travelled: Travelled = NOWHERE
) -> ReadPlan:
    """Whom to ask of the registrations that match: those that offer one of the operations (clauses 5.7.1-5.7.4)."""
    offered = frozenset(operations)
    able = [one for one in sorted(registrations, key=lambda one: one.id) if offered & one.operations]
    return ReadPlan(
        tuple(one for one in able if not travelled.met(one)),
        tuple(one for one in able if travelled.met(one) and one.mode.proxied),
    )
