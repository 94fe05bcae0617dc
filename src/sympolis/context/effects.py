"""What a write does beyond the entity itself: its line in the change log and its points in the history.

Pure, and the same for every store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from sympolis.context.merge import same_content
from sympolis.domain.changes import Change, ChangeKind, Observation
from sympolis.domain.entity import Attribute, Entity
from sympolis.domain.errors import BadRequestData


def change(before: Entity | None, after: Entity | None, *, number: int, at: datetime, cause: str) -> Change:
    """The log entry for a step from ``before`` to ``after``; not both are None."""
    subject = after if after is not None else before
    assert subject is not None
    return Change(
        number=number,
        at=at,
        kind=_kind(before, after),
        entity_id=subject.id,
        types=subject.types,
        attributes=changed_names(before, after),
        cause=cause,
    )


def _kind(before: Entity | None, after: Entity | None) -> ChangeKind:
    if after is None:
        return ChangeKind.DELETED
    return ChangeKind.CREATED if before is None else ChangeKind.UPDATED


def changed_names(before: Entity | None, after: Entity | None) -> tuple[str, ...]:
    """The attributes that were created, updated or deleted, in the order of the new state, then of the old."""
    old = before.attributes if before is not None else {}
    new = after.attributes if after is not None else {}
    written = [name for name, instances in new.items() if old.get(name) is not instances]
    changed = [name for name in written if not _same(old.get(name, ()), new[name])]
    return (*changed, *(name for name in old if name not in new))


def _same(some: tuple[Attribute, ...], others: tuple[Attribute, ...]) -> bool:
    return len(some) == len(others) and all(map(same_content, some, others))


def new_observations(before: Entity | None, after: Entity | None) -> Iterator[Observation]:
    """A point for each instance with ``observed_at`` that is new or differs from the one before."""
    if after is None:
        return
    for name, instance in _newly_written(before, after):
        if instance.observed_at is None:
            continue
        known = before.attribute(name, instance.dataset_id) if before is not None else None
        if known is None or (known is not instance and not same_content(known, instance)):
            yield Observation(
                entity_id=after.id,
                types=after.types,
                name=name,
                at=instance.observed_at,
                value=instance.value,
                unit_code=instance.unit_code,
                dataset_id=instance.dataset_id,
                kind=instance.kind,
            )


def _newly_written(before: Entity | None, after: Entity) -> Iterator[tuple[str, Attribute]]:
    old = before.attributes if before is not None else {}
    for name, instances in after.attributes.items():
        if old.get(name) is not instances:
            for instance in instances:
                yield name, instance


def check_observations(observations: Iterable[Observation]) -> None:
    """Refuse points that no store could give back as they are. Raises ``BadRequestData``."""
    for point in observations:
        if point.at.tzinfo is None:
            raise BadRequestData(
                "an observation needs a time with a zone", where=f"{point.entity_id} {point.name}"
            )
        if isinstance(point.value, float) and not math.isfinite(point.value):
            raise BadRequestData("an observed number must be finite", where=f"{point.entity_id} {point.name}")
