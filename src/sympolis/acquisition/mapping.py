"""The declarative mapping of a source's fields to a data model: which field feeds which attribute, in which unit.

A city officer can read and change ``mappings/<id>.toml`` without Python. These are its values; ``translate`` carries
them out. Names of attributes and entity types are short terms of the city's context.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympolis.acquisition.source import IDENTIFIER
from sympolis.acquisition.units import CODE, WORDS
from sympolis.domain.entity import AttributeKind
from sympolis.domain.reading import option

TERM = "[A-Za-z][A-Za-z0-9_]*"
TYPES = ("auto", "number", "integer", "text", "boolean", "json", "list", "time", "date")
DECIMALS = (".", ",")
THOUSANDS = ("", ".", ",", " ", "'")
REPAIRS = ("closed", "orientation", "valid", "axes")


def _repair_complaint(names: tuple[str, ...]) -> str | None:
    unknown = [name for name in names if name not in REPAIRS]
    return f"{unknown[0]!r} is none of: {', '.join(REPAIRS)}" if unknown else None


@dataclass(frozen=True, kw_only=True)
class AttributeRule:
    """One attribute of the entity, fed by exactly one of ``field``, ``template`` and ``value``."""

    name: str = option(pattern=TERM)
    field: str | None = None
    """The source field (column, GeoJSON property) to take."""
    template: str | None = None
    """Text with ``{field}`` placeholders."""
    value: Any = None
    """A fixed value."""
    kind: AttributeKind = AttributeKind.PROPERTY
    type: str = option("auto", choices=TYPES)
    """``auto`` leaves values as the connector gave them; ``json`` parses text; ``list`` splits it at ``separator``;
    ``time`` and ``date`` read it with ``format`` on the source's clock."""
    format: str = "iso"
    """For ``type = "time"`` and ``"date"``: ``iso``, ``unix`` (seconds) or a strptime pattern."""
    separator: str = ";"
    letters: str = option("given", choices=("given", "title"))
    """``title``: a text in capitals gets a capital at the beginning of each word only."""
    part: int | None = option(None, minimum=-20, maximum=20)
    """Take one part of a text that is split at ``separator``: 0 the first, -1 the last."""
    decimal: str = option(".", choices=DECIMALS)
    thousands: str = option("", choices=THOUSANDS)
    """The sign between groups of three digits: ``"."`` where 1.234,5 means a thousand and some."""
    unit: str | None = option(None, pattern=CODE)
    """UN/CEFACT Recommendation 20 code of the value as stored."""
    from_unit: str | None = option(None, pattern=f"{CODE}|{WORDS}")
    """The unit of the value as the source gives it, where it must be converted: a code, or words such as ``degF``,
    ``mile/hour``, ``kWh``."""
    unit_field: str | None = None
    """A source field that names each row's unit, in the source's own words."""
    unit_names: Mapping[str, str] = option({})
    """The source's words for units → codes (or words as in ``from_unit``), for ``unit_field``; another word is
    refused."""
    decimals: int | None = option(None, minimum=0, maximum=12)
    optional: bool = False
    """The source may not know this field at all; otherwise a field that no row has is a mistake in the mapping."""
    codes: Mapping[str, Any] = option({})
    """Source code → stored value; a code that is not listed is refused."""
    code_list: str | None = option(None, pattern=IDENTIFIER)
    """The same in a table of its own that several mappings share: ``code-lists/<id>.toml`` or ``.csv``."""
    target: str | None = option(None, pattern=TERM)
    """For relationships: entity type of the target; the field's value is the local part of its id."""
    language: str | None = None
    """For a LanguageProperty fed by one field: the language of that text."""
    observed: bool = False
    """The value was observed at the row's time (``[time]``): it carries ``observedAt`` and joins the history."""
    dataset: str | None = None
    """Local name of the ``datasetId`` (urn:ngsi-ld:Dataset:<city>:<name>)."""
    only: Mapping[str, str] = option({})
    """Only in rows in which these source fields have these texts: of a table that has a row for each quantity. A row
    that gives none of the mapping's attributes is passed over."""


@dataclass(frozen=True, kw_only=True)
class TimeRule:
    """When a row was observed: ``fields`` joined by a blank, read with ``format`` in the source's time zone."""

    fields: tuple[str, ...]
    format: str = "iso"
    """``iso``, ``unix`` (seconds), ``year-end`` (a year, of which the last day is meant) or a strptime pattern such as
    ``%d/%m/%Y``."""


@dataclass(frozen=True, kw_only=True)
class GeometryRule:
    """Where a row is. ``form`` says what ``fields`` hold; coordinates are in the source's ``crs``."""

    name: str = option("location", pattern=TERM)
    form: str = option("record", choices=("record", "xy", "latlon", "geojson"))
    """``record``: the connector's geometry; ``xy``: two fields x/lon, y/lat; ``latlon``: one text "lat, lon";
    ``geojson``: one field holding a GeoJSON geometry, as text or object."""
    fields: tuple[str, ...] = ()
    required: bool = True
    repair: tuple[str, ...] = option((), check=_repair_complaint)
    """What may be mended; everything else is refused and shown to a person. ``closed``: a ring whose end is missing;
    ``orientation``: outer rings counter-clockwise (RFC 7946); ``valid``: rings that cross themselves; ``axes``:
    latitude and longitude swapped, where only the swapped place lies in the city."""


@dataclass(frozen=True, kw_only=True)
class JoinRule:
    """A column that names a thing of the master data (``master-data/<kind>.toml``) by id, code, name or alias, or a
    row's place that tells which thing it is at, or both.

    The thing's local id becomes a field of its own, for ``entity_id``, ``template`` and relationships alike.
    """

    field: str | None = None
    """The column as the source gives it; without it the place alone decides (``within_m``)."""
    kind: str = option(pattern=IDENTIFIER)
    """Kind of master data, e.g. ``streets``."""
    name: str = option(key="as")
    """Name of the new field."""
    optional: bool = False
    """A name that nobody knows leaves the new field empty; otherwise the row waits for a steward's decision."""
    pass_over: bool = False
    """A row of a thing that nobody knows is none of this twin's: it is passed over, kept nowhere, counted as unchanged.
    For tables of a whole region, of which the register has a part."""
    within_m: float | None = option(None, minimum=1, maximum=10_000, unit="m")
    """How far the thing may be from the row's place (``[geometry]``): of several the nearest is meant, where every
    other is at least twice as far; otherwise a steward decides."""


@dataclass(frozen=True, kw_only=True)
class SeriesRule:
    """Wide columns that are really a series: one observation per filled cell.

    Cell ``i`` of ``count`` is in column ``columns`` with ``{i}`` put in (``"h{i:02d}"``, or
    ``"{i:02d}:00-{j:02d}:00"`` with ``j`` = i + 1) and was observed at row time + i × ``step_minutes``,
    counted on the source's wall clock, so that hour 17 is 17:00 on every day of the year.
    """

    attribute: str = option(pattern=TERM)
    columns: str
    count: int = option(24, minimum=1, maximum=1440)
    step_minutes: int = option(60, minimum=1, unit="min")
    start_minutes: int = option(0, minimum=0, maximum=1440, unit="min")
    """How long after the row's time the first cell was observed."""
    first: int = 0
    """The number of the first column, where columns count from 1."""
    decimal: str = option(".", choices=DECIMALS)
    thousands: str = option("", choices=THOUSANDS)
    unit: str | None = option(None, pattern=CODE)
    from_unit: str | None = option(None, pattern=f"{CODE}|{WORDS}")
    decimals: int | None = option(None, minimum=0, maximum=12)
    dataset: str | None = None


def _unpivot_complaint(columns: str) -> str | None:
    whole = columns.count("{}") == 1 and "{" not in columns.replace("{}", "")
    return None if whole else "expected the columns' name with {} once, for what differs"


@dataclass(frozen=True, kw_only=True)
class UnpivotRule:
    """A wide table made long before anything else (``[unpivot]``): a row for each of the columns that are alike.

    ``columns = "residents_{}"`` with ``kind = "year"`` turns ``residents_2023`` and ``residents_2024`` into two rows
    with the fields ``key`` (2023-01-01, 2024-01-01) and ``value``; empty cells give none.
    """

    columns: str = option(check=_unpivot_complaint)
    """The name that the columns share, with ``{}`` for what differs."""
    kind: str = option("text", choices=("year", "hour", "number", "text"))
    """What differs: a year becomes its first day, an hour ``08:00`` (counted 1 to 24: when it begins)."""
    key: str = option("key", pattern=IDENTIFIER)
    """The new field with what stood for ``{}``."""
    value: str = option("value", pattern=IDENTIFIER)
    """The new field with what stood in the cell."""


@dataclass(frozen=True, kw_only=True)
class EntityMapping:
    """One mapping (``mappings/<id>.toml``)."""

    id: str = option(pattern=IDENTIFIER)
    version: str = option(pattern=r"\d+(\.\d+)*")
    """Raise it when the meaning changes: it is part of the data version, so that the source is read anew."""
    entity_type: str = option(pattern=TERM)
    entity_id: str
    """Template of the id's local part, e.g. ``{station}``: urn:ngsi-ld:<entity_type>:<city>:<local part>."""
    mode: str = option("entities", choices=("entities", "observations"))
    """``entities``: a row is (part of) an entity. ``observations``: a row only adds to the history of an entity that
    exists; its newest values also become the entity's current ones."""
    attributes: tuple[AttributeRule, ...] = ()
    time: TimeRule | None = None
    geometry: GeometryRule | None = None
    series: tuple[SeriesRule, ...] = ()
    joins: tuple[JoinRule, ...] = ()
    unpivot: UnpivotRule | None = None
    ignore: tuple[str, ...] = ()
    """Source fields that are known and left out on purpose, each the city's decision; documents the mapping."""


def attribute_names(mapping: EntityMapping) -> list[str]:
    """Short names of every attribute the mapping can produce, geometry included."""
    names = [rule.name for rule in mapping.attributes]
    names += [series.attribute for series in mapping.series]
    if mapping.geometry is not None:
        names.append(mapping.geometry.name)
    return list(dict.fromkeys(names))


def column_names(series: SeriesRule) -> tuple[str, ...]:
    """The names of a series' columns in time order."""
    numbers = range(series.first, series.first + series.count)
    return tuple(series.columns.format(i=number, j=number + 1) for number in numbers)


def source_fields(mapping: EntityMapping) -> list[str]:
    """Every source field the mapping cannot do without, in the order they are declared."""
    names = list(template_fields(mapping.entity_id))
    if mapping.time is not None:
        names += mapping.time.fields
    if mapping.geometry is not None:
        names += mapping.geometry.fields
    for rule in mapping.attributes:
        if not rule.optional:
            names += [rule.field] if rule.field is not None else template_fields(rule.template or "")
            names += [rule.unit_field] if rule.unit_field is not None else []
            names += rule.only
    for series in mapping.series:
        names += column_names(series)
    made = {join.name for join in mapping.joins}
    asked = [join.field for join in mapping.joins if join.field is not None]
    names = [*asked, *(name for name in names if name not in made)]
    return list(dict.fromkeys(names))


def column_fields(mapping: EntityMapping) -> list[str]:
    """The same as the source's own columns: without those that ``unpivot`` makes."""
    made = () if mapping.unpivot is None else (mapping.unpivot.key, mapping.unpivot.value)
    return [name for name in source_fields(mapping) if name not in made]


def template_fields(template: str) -> tuple[str, ...]:
    """The field names a template uses, in order. Raises ``ValueError`` for unbalanced braces."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)
