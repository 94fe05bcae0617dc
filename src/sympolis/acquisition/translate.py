"""Carries out a mapping: one record in, an entity and its observations out — or the reasons why not.

Built once per run from the declaration; everything that does not depend on the row (names, units, checks, provenance)
is worked out then, because the same few rules meet tens of thousands of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sympolis.acquisition import values
from sympolis.acquisition.geometry import Locator, middle
from sympolis.acquisition.identity import urn
from sympolis.acquisition.joins import Identities, Joiner
from sympolis.acquisition.mapping import (
    AttributeRule,
    EntityMapping,
    SeriesRule,
    column_names,
    template_fields,
)
from sympolis.acquisition.quality import Check, Reason, TimeGate, Unfit, checker
from sympolis.acquisition.source import Source
from sympolis.acquisition.times import Clock, as_written
from sympolis.domain.changes import Observation
from sympolis.domain.entity import Attribute, AttributeKind, Entity
from sympolis.plugins.connector import Record


class Door(Protocol):
    """Whether an entity is what its data model says (``governance.datamodels``)."""

    @property
    def version(self) -> str:
        """Changes with the model and with what happens to those that do not conform."""
        ...

    @property
    def rejects(self) -> bool:
        """Whether a row that does not conform refuses the delivery."""
        ...

    def begin(self) -> None:
        """A reading of the source begins: what was counted is of the one before."""
        ...

    def judge(self, entity: Entity, observations: Sequence[Observation]) -> list[Reason]:
        """The reasons for which the row is held; empty where it conforms, or where the source only wants a warning."""
        ...


class Names(Protocol):
    """The part of ``context.terms.Terms`` that translating needs."""

    def expand(self, term: str) -> str:
        """The IRI of a short term."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """The city a source belongs to."""

    city: str
    timezone: str
    bbox: tuple[float, float, float, float]


@dataclass(slots=True)
class Translated:
    """What one row means. With ``reasons`` it does not pass, and the rest is incomplete."""

    entity_id: str = ""
    at: datetime | None = None
    entity: Entity | None = None
    observations: list[Observation] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    part: str = ""
    """Which of several quantities of the entity at that time, where each has a row of its own."""
    passed_over: bool = False
    """The row is about nothing that this twin has, or gives no attribute: no fault, and nothing to keep."""


@dataclass(frozen=True, slots=True)
class _Feed:
    """One attribute rule, ready to use."""

    rule: AttributeRule
    name: str
    take: values.Take
    check: Check | None
    required: bool
    dataset_id: str | None


@dataclass(frozen=True, slots=True)
class _Columns:
    """One series rule, ready to use."""

    rule: SeriesRule
    name: str
    cells: tuple[tuple[str, timedelta], ...]
    take: Callable[[Any], Any]
    check: Check | None
    dataset_id: str | None


class Translator:
    """The mapping of one source, for one run that takes place at ``now``."""

    def __init__(
        self,
        mapping: EntityMapping,
        source: Source,
        place: Place,
        terms: Names,
        *,
        now: datetime,
        identities: Identities | None = None,
        door: Door | None = None,
    ) -> None:
        self._mapping = mapping
        self._place = place
        self._types = (terms.expand(mapping.entity_type),)
        self._id_fields = template_fields(mapping.entity_id)
        self._provenance = provenance(source, place, terms)
        self._clock = _clock(mapping, source, place)
        self._times = TimeGate(source.expectations, now)
        self._feeds = [_feed(rule, source, place, terms) for rule in mapping.attributes]
        self._columns = [_columns(rule, source, place, terms) for rule in mapping.series]
        self._locator = _locator(mapping, source, place)
        self._location = terms.expand(mapping.geometry.name) if mapping.geometry else ""
        self._door = door
        if door is not None:
            door.begin()
        self._joiner = Joiner(mapping.joins, identities, source.id) if mapping.joins else None
        self._by_quantity = (
            bool(mapping.attributes) and all(rule.only for rule in mapping.attributes) and not mapping.series
        )
        self._hours: dict[tuple[datetime, timedelta], datetime] = {}

    @property
    def id_field(self) -> str:
        """The source field that tells one thing from another, for reasons that concern the row's identity."""
        return self._id_fields[0] if self._id_fields else ""

    def translate(self, record: Record) -> Translated:
        """What ``record`` means, with every reason against it."""
        found = Translated(reasons=[Reason("", "row", fault, "a complete row") for fault in record.faults])
        local = self._time(record.fields, found)
        if self._joiner is not None:
            fields = self._joiner.join(record.fields, found.at, found.reasons, lambda: self._position(record))
            record = replace(record, fields=fields)
        if self._is_elsewhere(record.fields):
            return Translated(passed_over=True)
        found.entity_id = self._entity_id(record.fields, found.reasons)
        static = self._attributes(record, found)
        if local is not None:
            self._series(record.fields, local, found)
        if not found.reasons and self._mapping.mode == "entities":
            found.entity = Entity(found.entity_id, self._types, static)
        found.passed_over = self._by_quantity and not (found.part or found.reasons)
        if self._door is not None and not found.reasons:
            entity = found.entity or Entity(found.entity_id, self._types, {})
            found.reasons += self._door.judge(entity, found.observations)
        return found

    def _is_elsewhere(self, fields: Mapping[str, Any]) -> bool:
        """Whether a join that passes rows over has found nothing."""
        return any(join.pass_over and fields.get(join.name) is None for join in self._mapping.joins)

    def _position(self, record: Record) -> tuple[float, float] | None:
        """Where the row is, for joins; what is wrong with its geometry is said where that is taken."""
        if self._locator is None:
            return None
        try:
            found = self._locator.locate(record.fields, record.geometry)
        except Unfit:
            return None
        return None if found is None else middle(found)

    def _entity_id(self, fields: Mapping[str, Any], reasons: list[Reason]) -> str:
        waiting = {join.name for join in self._mapping.joins if not join.optional and reasons}
        for name in self._id_fields:
            if fields.get(name) is None and name not in waiting:
                reasons.append(
                    Reason(name, "required", "is empty, and the row's identity needs it", "a value")
                )
        try:
            local = self._mapping.entity_id.format_map(fields)
        except (KeyError, ValueError, AttributeError, IndexError):
            return ""
        return urn(self._mapping.entity_type, self._place.city, local)

    def _time(self, fields: Mapping[str, Any], found: Translated) -> datetime | None:
        rule = self._mapping.time
        if rule is None or self._clock is None:
            return None
        raw = fields.get(rule.fields[0]) if len(rule.fields) == 1 else _joined(fields, rule.fields)
        where = " ".join(rule.fields)
        if raw is None:
            found.reasons.append(Reason(where, "required", "there is no time", as_written(rule.format)))
            return None
        try:
            local = self._clock.local(raw)
            found.at = self._clock.utc(local)
            self._times.check(found.at)
        except Unfit as unfit:
            found.reasons.append(unfit.reason(where))
        except (ValueError, TypeError, OverflowError, OSError) as cause:
            expected = as_written(rule.format)
            found.reasons.append(Reason(where, "time", f"{raw!r} is not a time: {cause}", expected))
        else:
            return local
        return None

    def _attributes(self, record: Record, found: Translated) -> dict[str, tuple[Attribute, ...]]:
        static: dict[str, tuple[Attribute, ...]] = {}
        for feed in self._feeds:
            if not _applies(feed.rule, record.fields):
                continue
            found.part += feed.name if feed.rule.only else ""
            value = _value(feed, record.fields, found.reasons)
            if value is None:
                continue
            if feed.rule.observed:
                self._observe(feed, value, found)
            else:
                static[feed.name] = (*static.get(feed.name, ()), self._attribute(feed, value))
        if self._locator is not None:
            self._locate(record, found, static)
        return static

    def _observe(self, feed: _Feed, value: Any, found: Translated) -> None:
        if found.at is not None:
            found.observations.append(
                Observation(
                    found.entity_id, self._types, feed.name, found.at, value, feed.rule.unit, feed.dataset_id
                )
            )

    def _attribute(self, feed: _Feed, value: Any) -> Attribute:
        return Attribute(
            feed.rule.kind,
            value,
            unit_code=feed.rule.unit,
            dataset_id=feed.dataset_id,
            attributes=self._provenance,
        )

    def _locate(self, record: Record, found: Translated, static: dict[str, tuple[Attribute, ...]]) -> None:
        assert self._locator is not None
        try:
            geometry = self._locator.locate(record.fields, record.geometry)
        except Unfit as unfit:
            found.reasons.append(unfit.reason(" ".join(self._mapping.geometry.fields) or "geometry"))  # type: ignore[union-attr]
            return
        if geometry is not None:
            attribute = Attribute(AttributeKind.GEO_PROPERTY, geometry, attributes=self._provenance)
            static[self._location] = (attribute,)

    def _series(self, fields: Mapping[str, Any], start: datetime, found: Translated) -> None:
        for columns in self._columns:
            for name, offset in columns.cells:
                raw = fields.get(name)
                if raw is None:
                    continue
                try:
                    value = columns.take(raw)
                    if columns.check is not None:
                        columns.check(value)
                    at = self._hour(start, offset)
                except Unfit as unfit:
                    found.reasons.append(unfit.reason(name))
                except ValueError as cause:
                    found.reasons.append(Reason(name, "time", str(cause), "an hour that exists"))
                else:
                    found.observations.append(
                        Observation(
                            found.entity_id,
                            self._types,
                            columns.name,
                            at,
                            value,
                            columns.rule.unit,
                            columns.dataset_id,
                        )
                    )

    def _hour(self, start: datetime, offset: timedelta) -> datetime:
        known = self._hours.get((start, offset))
        if known is None:
            assert self._clock is not None
            known = self._clock.utc(start + offset)
            self._times.check(known)
            self._hours[start, offset] = known
        return known


def _applies(rule: AttributeRule, fields: Mapping[str, Any]) -> bool:
    return all(str(fields.get(name, "")).strip() == text for name, text in rule.only.items())


def provenance(source: Source, place: Place, terms: Names) -> dict[str, tuple[Attribute, ...]]:
    """The sub-attribute by which every value names its source; one shared value for the whole run."""
    target = urn("Source", place.city, source.id)
    return {terms.expand("providedBy"): (Attribute(AttributeKind.RELATIONSHIP, target),)}


def _clock(mapping: EntityMapping, source: Source, place: Place) -> Clock | None:
    if mapping.time is None:
        return None
    return Clock(source.timezone or place.timezone, mapping.time.format)


def _locator(mapping: EntityMapping, source: Source, place: Place) -> Locator | None:
    if mapping.geometry is None:
        return None
    return Locator(mapping.geometry, source.crs, place.bbox if source.expectations.inside_city else None)


def _feed(rule: AttributeRule, source: Source, place: Place, terms: Names) -> _Feed:
    expectation = source.expectations.attributes.get(rule.name)
    return _Feed(
        rule,
        terms.expand(rule.name),
        values.taker(rule, expectation, place.city, terms.expand, source.timezone or place.timezone),
        checker(expectation),
        expectation is not None and expectation.required,
        _dataset(rule.dataset, place),
    )


def _columns(rule: SeriesRule, source: Source, place: Place, terms: Names) -> _Columns:
    start, step = timedelta(minutes=rule.start_minutes), timedelta(minutes=rule.step_minutes)
    return _Columns(
        rule,
        terms.expand(rule.attribute),
        tuple((name, start + step * index) for index, name in enumerate(column_names(rule))),
        values.number_taker(rule, rule.from_unit),
        checker(source.expectations.attributes.get(rule.attribute)),
        _dataset(rule.dataset, place),
    )


def _dataset(name: str | None, place: Place) -> str | None:
    return None if name is None else urn("Dataset", place.city, name)


def _joined(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    parts = [fields.get(name) for name in names]
    return None if any(part is None for part in parts) else " ".join(map(str, parts))


def _value(feed: _Feed, fields: Mapping[str, Any], reasons: list[Reason]) -> Any:
    try:
        value = feed.take(fields)
        if value is None:
            if feed.required:
                raise Unfit("required", "is empty", "a value")
            return None
        if feed.check is not None:
            feed.check(value)
    except Unfit as unfit:
        reasons.append(unfit.reason(feed.rule.field or feed.rule.name))
        return None
    return value
