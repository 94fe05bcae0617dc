"""The declarative mapping of a source's fields to a data model: which field feeds which attribute, in which unit.

A city officer can read and change ``mappings/<id>.toml`` without Python. These are its values; ``translate`` carries
them out. Names of attributes and entity types are short terms of the city's context.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympolis.acquisition import units
from sympolis.acquisition.source import IDENTIFIER
from sympolis.domain.entity import AttributeKind
from sympolis.domain.reading import option

TERM = "[A-Za-z][A-Za-z0-9_]*"
TYPES = ("auto", "number", "integer", "text", "boolean", "json", "list", "time")


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
    """``auto`` leaves values as the connector gave them; ``json`` parses text; ``list`` splits it at ``separator``."""
    separator: str = ";"
    decimal: str = option(".", choices=(".", ","))
    unit: str | None = option(None, pattern="[A-Z0-9]{2,3}")
    """UN/CEFACT Recommendation 20 code of the value as stored."""
    from_unit: str | None = option(None, pattern="[A-Z0-9]{2,3}")
    """Code of the value as the source gives it, where it must be converted."""
    unit_field: str | None = None
    """A source field that names each row's unit, in the source's own words."""
    unit_names: Mapping[str, str] = option({})
    """The source's words for units → UN/CEFACT codes, for ``unit_field``; another word is refused."""
    decimals: int | None = option(None, minimum=0, maximum=12)
    optional: bool = False
    """The source may not know this field at all; otherwise a field that no row has is a mistake in the mapping."""
    codes: Mapping[str, Any] = option({})
    """Source code → stored value; a code that is not listed is refused."""
    target: str | None = option(None, pattern=TERM)
    """For relationships: entity type of the target; the field's value is the local part of its id."""
    language: str | None = None
    """For a LanguageProperty fed by one field: the language of that text."""
    observed: bool = False
    """The value was observed at the row's time (``[time]``): it carries ``observedAt`` and joins the history."""
    dataset: str | None = None
    """Local name of the ``datasetId`` (urn:ngsi-ld:Dataset:<city>:<name>)."""


@dataclass(frozen=True, kw_only=True)
class TimeRule:
    """When a row was observed: ``fields`` joined by a blank, read with ``format`` in the source's time zone."""

    fields: tuple[str, ...]
    format: str = "iso"
    """``iso``, ``unix`` (seconds) or a strptime pattern such as ``%d/%m/%Y``."""


@dataclass(frozen=True, kw_only=True)
class GeometryRule:
    """Where a row is. ``form`` says what ``fields`` hold; coordinates are in the source's ``crs``."""

    name: str = option("location", pattern=TERM)
    form: str = option("record", choices=("record", "xy", "latlon", "geojson"))
    """``record``: the connector's geometry; ``xy``: two fields x/lon, y/lat; ``latlon``: one text "lat, lon";
    ``geojson``: one field holding a GeoJSON geometry, as text or object."""
    fields: tuple[str, ...] = ()
    required: bool = True


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
    first: int = 0
    """The number of the first column, where columns count from 1."""
    decimal: str = option(".", choices=(".", ","))
    unit: str | None = option(None, pattern="[A-Z0-9]{2,3}")
    from_unit: str | None = option(None, pattern="[A-Z0-9]{2,3}")
    decimals: int | None = option(None, minimum=0, maximum=12)
    dataset: str | None = None


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
    ignore: tuple[str, ...] = ()
    """Source fields that are known and left out on purpose, each the city's decision; documents the mapping."""


def attribute_names(mapping: EntityMapping) -> list[str]:
    """Short names of every attribute the mapping can produce, geometry included."""
    names = [rule.name for rule in mapping.attributes]
    names += [series.attribute for series in mapping.series]
    if mapping.geometry is not None:
        names.append(mapping.geometry.name)
    return list(dict.fromkeys(names))


Mistake = tuple[str, str, str]
"""(field, what is wrong, what to do)"""


def mistakes(mapping: EntityMapping) -> list[Mistake]:
    """What is contradictory inside one mapping; empty if it can be carried out."""
    found = [*_template_mistakes("entity_id", mapping.entity_id), *_mode_mistakes(mapping)]
    for index, rule in enumerate(mapping.attributes):
        found += [(f"attributes[{index}].{field}", *rest) for field, *rest in _rule_mistakes(rule)]  # type: ignore[misc]
    for index, series in enumerate(mapping.series):
        found += [(f"series[{index}].{field}", *rest) for field, *rest in _series_mistakes(series)]  # type: ignore[misc]
    if mapping.geometry is not None:
        found += _geometry_mistakes(mapping.geometry)
    return found


def _mode_mistakes(mapping: EntityMapping) -> list[Mistake]:
    found: list[Mistake] = []
    observed = [rule.name for rule in mapping.attributes if rule.observed]
    if mapping.time is None and (observed or mapping.series):
        what = ", ".join([*observed, *(series.attribute for series in mapping.series)])
        found.append(("time", f"is missing although {what} is observed", 'add [time] with fields = ["…"]'))
    if mapping.mode == "observations":
        if not observed and not mapping.series:
            hint = "set observed = true on an attribute, or add [[series]]"
            found.append(("mode", "observations are wanted but nothing is observed", hint))
        fixed = [rule.name for rule in mapping.attributes if not rule.observed]
        if fixed or mapping.geometry is not None:
            what = ", ".join([*fixed, *([mapping.geometry.name] if mapping.geometry else [])])
            found.append(
                ("mode", f"observations cannot set {what}", "leave it to the source of the entities")
            )
    return found


def _rule_mistakes(rule: AttributeRule) -> list[Mistake]:
    found: list[Mistake] = []
    given = [name for name in ("field", "template", "value") if getattr(rule, name) is not None]
    if len(given) != 1:
        message = f"{rule.name} needs exactly one of field, template, value; has {', '.join(given) or 'none'}"
        found.append(("field", message, "keep one"))
    if rule.template is not None:
        found += _template_mistakes("template", rule.template)
    relationship = rule.kind in (AttributeKind.RELATIONSHIP, AttributeKind.LIST_RELATIONSHIP)
    if rule.target is not None and not relationship:
        found.append(("target", "only a Relationship has a target", 'set kind = "Relationship"'))
    if rule.kind is AttributeKind.GEO_PROPERTY:
        found.append(("kind", "a GeoProperty is declared in [geometry]", "move it there"))
    if rule.unit_field is not None and (rule.unit is None or rule.field is None):
        found.append(("unit_field", "needs unit and field", "name the unit that values are converted to"))
    for code in (rule.from_unit, *rule.unit_names.values()):
        if wrong := units.mistake(rule.unit, code):
            found.append(("unit", *wrong))
    return list(dict.fromkeys(found))


def _series_mistakes(series: SeriesRule) -> list[Mistake]:
    wrong = units.mistake(series.unit, series.from_unit)
    found: list[Mistake] = [("unit", *wrong)] if wrong else []
    try:
        names = set(column_names(series))
    except (KeyError, IndexError, ValueError) as cause:
        return [
            *found,
            ("columns", f"{series.columns!r} is not a usable template ({cause})", 'write "h{i:02d}"'),
        ]
    if len(names) != series.count:
        found.append(("columns", f"gives {len(names)} different names for {series.count} columns", "use {i}"))
    return found


def column_names(series: SeriesRule) -> tuple[str, ...]:
    """The names of a series' columns in time order."""
    numbers = range(series.first, series.first + series.count)
    return tuple(series.columns.format(i=number, j=number + 1) for number in numbers)


_FIELDS_OF_FORM = {"record": 0, "xy": 2, "latlon": 1, "geojson": 1}


def _geometry_mistakes(rule: GeometryRule) -> list[Mistake]:
    wanted = _FIELDS_OF_FORM[rule.form]
    if len(rule.fields) == wanted:
        return []
    message = f"form {rule.form!r} takes {wanted} field names, found {len(rule.fields)}"
    return [("geometry.fields", message, "name the fields that hold the coordinates")]


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
    for series in mapping.series:
        names += column_names(series)
    return list(dict.fromkeys(names))


def template_fields(template: str) -> tuple[str, ...]:
    """The field names a template uses, in order. Raises ``ValueError`` for unbalanced braces."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def _template_mistakes(field: str, template: str) -> list[Mistake]:
    try:
        names = template_fields(template)
    except ValueError as cause:
        return [
            (field, f"{template!r} is not a usable template: {cause}", "write {field} for a field's value")
        ]
    if any("." in name or "[" in name for name in names):
        return [(field, f"{template!r} reaches into a value", "placeholders are plain field names")]
    if "" in names:
        return [
            (field, f"{template!r} has a placeholder without a name", "write {field} for a field's value")
        ]
    return []
