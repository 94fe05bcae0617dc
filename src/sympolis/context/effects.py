"""What a write does beyond the entity itself: its line in the change log and its points in the history.

Pure, and the same for every store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from sympolis.context.core_context import NGSI_LD
from sympolis.context.merge import same_content
from sympolis.domain.changes import Change, ChangeKind, Observation, TimeKind
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity
from sympolis.domain.errors import BadRequestData

SCOPE: Final = NGSI_LD + "scope"
"""The series of an entity's scopes (clause 4.5.6)."""


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
        if instance.observed_at is not None:
            yield _point(after, name, instance, instance.observed_at, TimeKind.OBSERVED)


def history_of(
    before: Entity | None, after: Entity | None, at: datetime, *, everything: bool = True
) -> Iterator[Observation]:
    """What a step of an entity at this time adds to its history (clauses 4.5.6–4.5.8).

    Each instance that is new or changed: under its ``observedAt``, or, without one, under the time of the step; each
    that was deleted, as a Null; the scope likewise, which counts as observed when it was set (4.5.6). Without
    ``everything`` only what has an ``observedAt``.
    """
    if not everything:
        yield from new_observations(before, after)
        return
    if after is not None:
        for name, instance in _newly_written(before, after):
            observed = instance.observed_at
            kind = TimeKind.RECORDED if observed is None else TimeKind.OBSERVED
            yield _point(after, name, instance, observed or at, kind)
    if before is not None:
        yield from _deletions(before, after, at)
    yield from _scopes(before, after, at)


def _point(
    entity: Entity, name: str, instance: Attribute, at: datetime, time: TimeKind = TimeKind.OBSERVED
) -> Observation:
    return Observation(
        entity.id,
        entity.types,
        name,
        at,
        instance.value,
        instance.unit_code,
        instance.dataset_id,
        instance.kind,
        time,
        instance.attributes,
        instance.members,
    )


def _deletions(before: Entity, after: Entity | None, at: datetime) -> Iterator[Observation]:
    new = after.attributes if after is not None else {}
    for name, instances in before.attributes.items():
        left = new.get(name, ())
        if left is instances:
            continue
        datasets = {instance.dataset_id for instance in left}
        for one in instances:
            if one.dataset_id not in datasets:
                yield _null(after or before, name, at, one.dataset_id, one.kind)


def _scopes(before: Entity | None, after: Entity | None, at: datetime) -> Iterator[Observation]:
    old, new = before.scope if before is not None else (), after.scope if after is not None else ()
    if old == new:
        return
    if after is not None and new:
        yield Observation(after.id, after.types, SCOPE, at, new[0] if len(new) == 1 else list(new))
    elif before is not None:
        yield _null(after or before, SCOPE, at)


def _null(
    entity: Entity,
    name: str,
    at: datetime,
    dataset_id: str | None = None,
    kind: AttributeKind = AttributeKind.PROPERTY,
) -> Observation:
    return Observation(entity.id, entity.types, name, at, NULL, None, dataset_id, kind, TimeKind.DELETED)


def _newly_written(before: Entity | None, after: Entity) -> Iterator[tuple[str, Attribute]]:
    """Each instance that says something else than the state before."""
    old = before.attributes if before is not None else {}
    for name, instances in after.attributes.items():
        if old.get(name) is not instances:
            for instance in instances:
                known = before.attribute(name, instance.dataset_id) if before is not None else None
                if known is None or (known is not instance and not same_content(known, instance)):
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
