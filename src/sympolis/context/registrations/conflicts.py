"""Which registrations may not stand beside each other, or beside what is here (clauses 4.3.6.3, 5.9.2.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympolis.context.query import AnyOf, Query, TypeIs
from sympolis.context.registrations.matching import cover_of
from sympolis.context.registrations.registration import EntityInfo, Mode, Registration
from sympolis.domain.errors import Conflict


def check_others(new: Registration, others: Iterable[Registration]) -> None:
    """Raise ``Conflict`` where a registration that exists leaves no room for an exclusive one, or is exclusive."""
    if not new.mode.proxied:
        return
    for other in others:
        if other.id != new.id and other.mode.proxied and _exclude(new, other):
            raise Conflict(
                f"registration {other.id} has these attributes of the same entity already",
                where="information",
            )


def _exclude(new: Registration, other: Registration) -> bool:
    """Redirections may overlap each other; what is exclusive may not be met by anything."""
    if new.mode is Mode.EXCLUSIVE:
        return _meet(new, other)
    return other.mode is Mode.EXCLUSIVE and _meet(other, new)


def _meet(exclusive: Registration, other: Registration) -> bool:
    for information in exclusive.information:
        for info in information.entities:
            assert info.id is not None
            cover = cover_of(other, info.id, info.types or None)
            if cover is not None and cover.share(information.names):
                return True
    return False


def standing_in_the_way(new: Registration) -> Iterator[Query]:
    """Queries for entities here that a proxied registration may not meet: if one finds any, it is a conflict.

    An exclusive one must not meet its attributes on its entities; a redirecting one nothing at all that it is about.
    """
    if not new.mode.proxied:
        return
    for information in new.information:
        for info in information.entities or (EntityInfo(),):
            yield _query(info, information.names, new.mode)


def _query(info: EntityInfo, names: frozenset[str], mode: Mode) -> Query:
    types = tuple(TypeIs(one) for one in info.types if mode is not Mode.EXCLUSIVE)
    return Query(
        ids=() if info.id is None else (info.id,),
        id_pattern=info.id_pattern if info.id is None else None,
        types=None if not types else types[0] if len(types) == 1 else AnyOf(types),
        attributes=tuple(sorted(names)),
        limit=1,
    )
