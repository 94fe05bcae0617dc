"""What the instances of a history mean, the same for every store: their times, and when one says nothing new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sympolis.context.aggregate import in_range
from sympolis.context.merge import same_attributes, same_value
from sympolis.context.query import HistoryQuery, TimeProperty
from sympolis.domain.changes import Observation, TimeKind

_ORDER: Final = {kind: place for place, kind in enumerate(TimeKind)}


def time_of(point: Observation, by: TimeProperty | None) -> datetime | None:
    """The instance's time of this kind (clause 4.8); None where it has none. Without a kind: its own time.

    What was never modified counts as modified when it was created; a deletion is neither.
    """
    if by is None:
        return point.at
    if by is TimeProperty.OBSERVED_AT:
        return point.at if point.time is TimeKind.OBSERVED else None
    if by is TimeProperty.DELETED_AT:
        return point.at if point.time is TimeKind.DELETED else None
    if point.time is TimeKind.DELETED:
        return None
    created = point.at if point.time is TimeKind.RECORDED else point.created_at
    return created if by is TimeProperty.CREATED_AT else point.modified_at or created


def chosen(points: Iterable[Observation], query: HistoryQuery) -> list[tuple[datetime, Observation]]:
    """The instances of a series that a query is about, with the times it goes by, in their order."""
    by = query.by
    timed = ((time_of(point, by), point) for point in points)
    found = [(at, point) for at, point in timed if at is not None and in_range(at, query.range)]
    return sorted(found, key=lambda pair: (pair[0], pair[1].at, _ORDER[pair[1].time]))


def same_instance(one: Observation, other: Observation) -> bool:
    """Whether two instances of a series say the same about the same time, whenever they were recorded."""
    return (
        same_value(one.value, other.value)
        and one.unit_code == other.unit_code
        and one.kind is other.kind
        and one.members == other.members
        and one.attributes.keys() == other.attributes.keys()
        and same_attributes(one.attributes, other.attributes)
    )


def recorded(point: Observation, known: Observation | None, at: datetime) -> Observation | None:
    """The instance as it enters the history at this time, instead of ``known``; None where it says nothing new."""
    created, modified = point.created_at, point.modified_at
    if known is not None:
        if same_instance(point, known):
            return None
        created, modified = created or known.created_at, modified or at
    if point.time is not TimeKind.OBSERVED:
        return replace(point, created_at=None, modified_at=modified)
    return replace(point, created_at=created or at, modified_at=modified)
