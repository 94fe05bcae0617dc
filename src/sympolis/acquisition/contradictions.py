"""What is contradictory inside one mapping, found when the package is checked: nothing runs that cannot run.

Whether a mapping fits the rest of its package (terms, code lists, master data, the sample's columns) is
``city.check``'s business.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sympolis.acquisition import units
from sympolis.acquisition.mapping import (
    AttributeRule,
    EntityMapping,
    GeometryRule,
    SeriesRule,
    column_names,
    template_fields,
)
from sympolis.acquisition.times import YEAR_END
from sympolis.domain.entity import AttributeKind

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
    if mapping.time is not None:
        found += [("time.format", *wrong) for wrong in _format_mistakes(mapping.time.format)]
    return [*found, *_join_mistakes(mapping)]


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
        placed = mapping.geometry is not None and all(join.within_m is None for join in mapping.joins)
        if fixed or placed:
            what = ", ".join([*fixed, *([mapping.geometry.name] if mapping.geometry and placed else [])])
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
    if rule.only and not rule.observed:
        found.append(("only", "is for what is observed", "set observed = true, or leave it out"))
    if rule.unit_field is not None and (rule.unit is None or rule.field is None):
        found.append(("unit_field", "needs unit and field", "name the unit that values are converted to"))
    for code in (rule.from_unit, *rule.unit_names.values()):
        if wrong := units.mistake(rule.unit, code):
            found.append(("unit", *wrong))
    return list(dict.fromkeys([*found, *_text_mistakes(rule)]))


def _text_mistakes(rule: AttributeRule) -> list[Mistake]:
    """What does not fit together in how a text is read."""
    found: list[Mistake] = []
    if rule.thousands and rule.thousands == rule.decimal:
        found.append(("thousands", f"{rule.thousands!r} is the decimal sign, too", 'set decimal = ","'))
    if rule.codes and rule.code_list is not None:
        found.append(("code_list", "there are codes in the rule, too", "keep one of the two"))
    if rule.part is not None and not rule.separator:
        found.append(("part", "needs a separator", 'for example separator = "/"'))
    if rule.format != "iso" and rule.type not in ("time", "date"):
        found.append(("format", "is for times and dates", 'set type = "time"'))
    return [*found, *(("format", *wrong) for wrong in _format_mistakes(rule.format))]


_PROBE = datetime(2024, 11, 23, 17, 45, 12, tzinfo=UTC)
_HINT = "strptime codes such as %d/%m/%Y %H:%M; or iso, or unix"


def _format_mistakes(form: str) -> list[tuple[str, str]]:
    """A pattern is tried on a time: it must read what it writes, and know the day."""
    if form in ("iso", "unix", YEAR_END):
        return []
    try:
        back = datetime.strptime(_PROBE.strftime(form), form)  # noqa: DTZ007 - only the day counts
    except (ValueError, re.error) as cause:
        return [(f"{form!r} does not read what it writes: {cause}", _HINT)]
    if (back.year, back.month, back.day) != (_PROBE.year, _PROBE.month, _PROBE.day):
        return [(f"{form!r} does not say which day it is", _HINT)]
    return []


def _join_mistakes(mapping: EntityMapping) -> list[Mistake]:
    found: list[Mistake] = []
    names = [join.name for join in mapping.joins]
    for index, join in enumerate(mapping.joins):
        if names.count(join.name) > 1:
            found.append(
                (f"joins[{index}].as", f"{join.name!r} is made twice", "name the fields differently")
            )
        if join.field in names[: index + 1] and join.field != join.name:
            found.append(
                (f"joins[{index}].field", f"{join.field!r} is made by a join", "name a source field")
            )
        if join.field is None and join.within_m is None:
            hint = "name the column, or say how near the thing is (within_m)"
            found.append((f"joins[{index}].field", "nothing says which thing is meant", hint))
        if join.within_m is not None and mapping.geometry is None:
            hint = "say where a row is: [geometry]"
            found.append((f"joins[{index}].within_m", "rows have no place", hint))
    return found


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


_FIELDS_OF_FORM = {"record": 0, "xy": 2, "latlon": 1, "geojson": 1}


def _geometry_mistakes(rule: GeometryRule) -> list[Mistake]:
    wanted = _FIELDS_OF_FORM[rule.form]
    if len(rule.fields) == wanted:
        return []
    message = f"form {rule.form!r} takes {wanted} field names, found {len(rule.fields)}"
    return [("geometry.fields", message, "name the fields that hold the coordinates")]


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
