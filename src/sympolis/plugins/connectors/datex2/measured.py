"""Measurements and the sites they were taken at (MeasuredDataPublication, MeasurementSiteTablePublication)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element

from sympolis.plugins.connector import Record
from sympolis.plugins.connectors.datex2.places import place, words
from sympolis.plugins.connectors.datex2.settings import Datex2Settings
from sympolis.plugins.xml import flat, text

_VALUES: Final = ("measuredValue", "physicalQuantity")
"""Of version 2 and 3; each holds another of its name, with the data."""
_NUMBERS: Final = (int, float)


def by_site(element: Element, settings: Datex2Settings) -> Iterator[Record]:  # noqa: ARG001 - one signature
    """A row: the site, its time, and each value by its index: ``1.vehicleFlowRate``, ``2.speed``."""
    fields = _about(element)
    for value in _values(element):
        fields.update({f"{value['index']}.{name}": one for name, one in value.items() if name != "index"})
    yield Record(0, fields, faults=_faults(fields))


def by_value(element: Element, settings: Datex2Settings) -> Iterator[Record]:  # noqa: ARG001 - one signature
    """A row for each value of the site."""
    about = _about(element)
    for value in _values(element):
        yield Record(0, {**about, **value}, faults=_faults(about))


def sites(element: Element, settings: Datex2Settings) -> Iterator[Record]:
    """A row: the site with its name and place."""
    fields: dict[str, Any] = {
        "site": element.get("id"),
        "version": element.get("version"),
        "name": words(element.find("measurementSiteName"), settings.language),
        "identification": text(element, "measurementSiteIdentification"),
        "equipment": words(element.find("measurementEquipmentTypeUsed"), settings.language),
        "lanes": text(element, "measurementSiteNumberOfLanes"),
        "indexes": _indexes(element),
    }
    yield Record(0, fields, place(element), _faults(fields))


def _about(element: Element) -> dict[str, Any]:
    site = element.find("measurementSiteReference")
    time = element.find("measurementTimeDefault")
    return {
        "site": None if site is None else site.get("id"),
        "time": text(time) or text(time, "timeValue"),
    }


def _faults(fields: dict[str, Any]) -> tuple[str, ...]:
    return () if fields["site"] else ("names no measurement site",)


def _values(element: Element) -> Iterator[dict[str, Any]]:
    for outer in element:
        if outer.tag in _VALUES:
            inner = outer.find(outer.tag)
            data = (outer if inner is None else inner).find("basicData")
            if data is not None:
                kind = (data.get("type") or "").rpartition(":")[2]
                yield {"index": outer.get("index") or "0", "kind": kind or None, **_data(data)}


def _data(data: Element) -> dict[str, Any]:
    """The figures by their innermost name: ``vehicleFlowRate``, ``speed``; none where the sensor says it erred."""
    found: dict[str, Any] = {}
    for name, value in flat(data).items():
        path = name.split(".")
        if name.startswith("@") or "@" in name:
            continue
        if path[-1] == "dataError":
            found["data_error"] = value == "true"
            continue
        found[path[-1]] = _number(value)
    if found.get("data_error"):
        found = {name: None if isinstance(value, _NUMBERS) else value for name, value in found.items()}
        found["data_error"] = True
    return found


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _indexes(element: Element) -> dict[str, Any]:
    """What each index of the site's measurements is of."""
    found = {}
    for outer in element.findall("measurementSpecificCharacteristics"):
        inner = outer.find("measurementSpecificCharacteristics")
        if inner is not None:
            found[outer.get("index") or "0"] = {
                name: text(inner, name)
                for name in ("specificLane", "specificMeasurementValueType", "period")
                if text(inner, name)
            }
    return found
