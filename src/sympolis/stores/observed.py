"""What every store does alike about histories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sympolis.context.query import HistoryQuery, TimeProperty
from sympolis.domain.changes import Change, ChangeKind, Observation
from sympolis.domain.errors import NotImplementedHere


def observed_changes(
    accepted: Sequence[Observation], position: int, at: datetime, cause: str
) -> Iterator[Change]:
    """One change per entity whose history grew by these points, in order of first appearance."""
    grown: dict[str, dict[str, None]] = {}
    types: dict[str, tuple[str, ...]] = {}
    for point in accepted:
        grown.setdefault(point.entity_id, {})[point.name] = None
        types[point.entity_id] = point.types
    for number, (entity_id, names) in enumerate(grown.items(), start=position + 1):
        yield Change(number, at, ChangeKind.UPDATED, entity_id, types[entity_id], tuple(names), cause)


def check_time_property(query: HistoryQuery) -> None:
    """Histories are by ``observedAt`` so far. Raises ``NotImplementedHere``."""
    if query.range is not None and query.range.property is not TimeProperty.OBSERVED_AT:
        raise NotImplementedHere("histories can be asked by observedAt only", where="timeproperty")
