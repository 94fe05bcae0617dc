"""Reads the buildings of a city model in CityGML 2.0 or 3.0, levels of detail 0 to 2, building by building.

A file of gigabytes needs the memory of one building; document types are refused (``plugins.xml``). The rows are the
same as those of CityJSON: ``plugins.buildings`` says how footprint and heights follow from surfaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Final
from xml.etree.ElementTree import Element

from sympolis.domain import errors
from sympolis.plugins.buildings import Unshapely, described
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.citygml.fields import told
from sympolis.plugins.connectors.citygml.geometry import body, parts_of
from sympolis.plugins.connectors.citygml.settings import CityGmlSettings
from sympolis.plugins.xml import file_elements, file_root

_NAMESPACE: Final = "opengis.net/citygml/"
_VERSIONS: Final = ("2.0", "3.0")
_NAMES: Final = ("Building", "Envelope")


class CityGmlConnector:
    """Buildings, numbered from 1 in file order."""

    id: ClassVar[str] = "citygml"
    settings_type: ClassVar[type] = CityGmlSettings

    def read(self, origin: Origin, settings: CityGmlSettings) -> Iterator[Record]:
        """Yield every building. Raises ``SourceFailed`` where the file is not CityGML."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
        path, number, seen, known = origin.path, 0, not settings.srs, False
        for element in file_elements(path, _NAMES, most_bytes=settings.most_mb * 1_000_000):
            known = known or _check_root(path)
            seen = seen or _check_system(element, settings, str(path))
            for thing, parent in _things(element, settings) if element.tag == "Building" else ():
                number += 1
                yield _record(number, thing, parent, settings)
        if not known:
            _check_root(path)

    def recognise(self, sample: Path) -> Recognised:
        """By the document's root."""
        namespace, name = file_root(sample)
        fits = name == "CityModel" and _NAMESPACE in namespace and namespace.endswith(_VERSIONS)
        return Recognised(1.0, {}, "a CityGML document") if fits else Recognised(0.0)


def _check_root(path: Path) -> bool:
    namespace, name = file_root(path)
    if name != "CityModel" or _NAMESPACE not in namespace:
        hint = "expected a CityModel of CityGML"
        raise errors.SourceFailed("is no CityGML document", where=str(path), hint=hint)
    if not namespace.endswith(_VERSIONS):
        version = namespace.rpartition("/")[2]
        hint = f"known: {', '.join(_VERSIONS)}"
        raise errors.SourceFailed(f"is CityGML {version}, which is not read", where=str(path), hint=hint)
    return True


def _check_system(element: Element, settings: CityGmlSettings, where: str) -> bool:
    """The first reference system that is named counts. Raises ``SourceFailed`` where it is another, or missing."""
    named = next((name for one in element.iter() if (name := one.get("srsName"))), None)
    if named is None and element.tag == "Envelope":
        return False
    if named is None or settings.srs not in named:
        hint = "check the delivery, or the source's crs and srs"
        raise errors.SourceFailed(f"names {named}, not {settings.srs}", where=where, hint=hint)
    return True


def _things(building: Element, settings: CityGmlSettings) -> Iterator[tuple[Element, str | None]]:
    """The rows of a building: itself, or what has geometry of its own among it and its parts."""
    if settings.parts == "merged":
        yield building, None
        return
    if body(building, settings, with_parts=False).surfaces:
        yield building, None
    for part in parts_of(building):
        yield part, building.get("id")


def _record(number: int, thing: Element, parent: str | None, settings: CityGmlSettings) -> Record:
    fields: dict[str, Any] = {**told(thing), "parent": parent}
    missing = () if fields["id"] else ("has no id",)
    try:
        found, shape = described(body(thing, settings, with_parts=settings.parts == "merged"))
    except (Unshapely, ValueError) as cause:
        return Record(number, fields, None, (*missing, f"has a geometry that cannot be read: {cause}"))
    return Record(number, {**fields, **found}, shape, missing)
