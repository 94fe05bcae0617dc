"""What a write does beyond the entity itself: its line in the change log and its points in the history.

Pure, and the same for every store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sympolis.context.core_context import NGSI_LD
from sympolis.context.merge import same_content
from sympolis.domain.changes import Change, ChangeKind, Observation, TimeKind
from sympolis.domain.entity import NULL, Attribute, AttributeKind, Entity
from sympolis.domain.errors import BadRequestData

SCOPE: Final = NGSI_LD + "scope"
"""The series of an entity's scopes (clause 4.5.6)."""


def change(
    before: Entity | None,
    after: Entity | None,
    *,
    number: int,
    at: datetime,
    cause: str,
    names: Sequence[str] | None = None,
) -> Change:
    """The log entry for a step from ``before`` to ``after``; not both are None."""
    subject = after if after is not None else before
    assert subject is not None
    attributes = changed_names(before, after) if names is None else tuple(names)
    return Change(number, at, _kind(before, after), subject.id, subject.types, attributes, cause)


def _kind(before: Entity | None, after: Entity | None) -> ChangeKind:
    if after is None:
        return ChangeKind.DELETED
    return ChangeKind.CREATED if before is None else ChangeKind.UPDATED


def changed_names(before: Entity | None, after: Entity | None) -> tuple[str, ...]:
    """The attributes that were created, updated or deleted, in the order of the new state, then of the old."""
    if before is None or after is None:
        subject = before or after
        return tuple(subject.attributes) if subject is not None else ()
    old, new = before.attributes, after.attributes
    changed = []
    for name, instances in new.items():
        past = old.get(name)
        if past is not instances and (past is None or not _same(past, instances)):
            changed.append(name)
    if not old.keys() <= new.keys():
        changed += [name for name in old if name not in new]
    return tuple(changed)


def _same(some: tuple[Attribute, ...], others: tuple[Attribute, ...]) -> bool:
    if len(some) == len(others) == 1:
        one, other = some[0], others[0]
        return one.observed_at == other.observed_at and same_content(one, other)
    return len(some) == len(others) and all(map(same_content, some, others))


class Step(NamedTuple):
    """One step of an entity's life at a time, as its history sees it (clauses 4.5.6–4.5.8)."""

    subject: Entity
    """The state after it; the last one where it was deleted."""
    written: Sequence[tuple[str, Attribute]]
    """Each instance that is new or changed."""
    deleted: Sequence[tuple[str, Attribute]]
    """Each instance that is there no more."""
    scope: tuple[str, ...] | None
    """The scopes, where these have changed."""


def step(before: Entity | None, after: Entity | None, names: Iterable[str]) -> Step:
    """What has changed; not both states are None, and ``names`` are those of the changed attributes."""
    if after is None:
        assert before is not None
        return Step(before, (), list(before.instances()), () if before.scope else None)
    if before is None:
        every = [(name, one) for name, instances in after.attributes.items() for one in instances]
        return Step(after, every, (), after.scope or None)
    written: list[tuple[str, Attribute]] = []
    deleted: list[tuple[str, Attribute]] = []
    past, present = before.attributes, after.attributes
    for name in names:
        old, new = past.get(name, ()), present.get(name, ())
        if len(new) == 1 and (not old or (len(old) == 1 and old[0].dataset_id == new[0].dataset_id)):
            written.append((name, new[0]))
            continue
        known = {instance.dataset_id: instance for instance in old}
        for instance in new:
            last = known.pop(instance.dataset_id, None)
            if last is None or not same_content(last, instance):
                written.append((name, instance))
        deleted += [(name, instance) for instance in known.values()]
    return Step(after, written, deleted, None if before.scope == after.scope else after.scope)


def new_observations(before: Entity | None, after: Entity | None) -> Iterator[Observation]:
    """A point for each instance with ``observed_at`` that is new or differs from the one before."""
    if after is not None:
        for name, instance in step(before, after, changed_names(before, after)).written:
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
    taken = step(before, after, changed_names(before, after))
    for name, instance in taken.written:
        kind = TimeKind.RECORDED if instance.observed_at is None else TimeKind.OBSERVED
        yield _point(taken.subject, name, instance, instance.observed_at or at, kind)
    for name, instance in taken.deleted:
        yield _null(taken.subject, name, at, instance.dataset_id, instance.kind)
    if taken.scope is not None:
        yield scope_point(taken.subject, taken.scope, at)


def scope_point(entity: Entity, scope: tuple[str, ...], at: datetime) -> Observation:
    """The scopes that an entity has had from this time on, as a point; a Null where it has none any more."""
    if not scope:
        return _null(entity, SCOPE, at)
    return Observation(entity.id, entity.types, SCOPE, at, scope[0] if len(scope) == 1 else list(scope))


def _point(entity: Entity, name: str, instance: Attribute, at: datetime, time: TimeKind) -> Observation:
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


def _null(
    entity: Entity,
    name: str,
    at: datetime,
    dataset_id: str | None = None,
    kind: AttributeKind = AttributeKind.PROPERTY,
) -> Observation:
    return Observation(entity.id, entity.types, name, at, NULL, None, dataset_id, kind, TimeKind.DELETED)


def check_observations(observations: Iterable[Observation]) -> None:
    """Refuse points that no store could give back as they are. Raises ``BadRequestData``."""
    for point in observations:
        if point.at.tzinfo is None:
            raise BadRequestData(
                "an observation needs a time with a zone", where=f"{point.entity_id} {point.name}"
            )
        if isinstance(point.value, float) and not math.isfinite(point.value):
            raise BadRequestData("an observed number must be finite", where=f"{point.entity_id} {point.name}")
