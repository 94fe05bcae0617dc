"""Reads the network of public transport in the form that European law asks for: stops, lines, operators (NeTEx).

A publication is one XML file or a zip of several; each is read element by element.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Final
from xml.etree.ElementTree import Element

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.netex.settings import NetexSettings
from sympolis.plugins.xml import elements, file_elements, file_root, root, text

Fields = dict[str, Any]
_ROOT: Final = "PublicationTimestamp"
_ZIP: Final = b"PK\x03\x04"


class NetexConnector:
    """Objects of one kind, numbered from 1 in the publication's order (files of a zip by name)."""

    id: ClassVar[str] = "netex"
    settings_type: ClassVar[type] = NetexSettings

    def read(self, origin: Origin, settings: NetexSettings) -> Iterator[Record]:
        """Yield every object. Raises ``SourceFailed``; also where the document is none of NeTEx."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
        names, rows = _KINDS[settings.objects]
        number, published = 0, False
        for element in _elements(origin.path, (_ROOT, *names), settings):
            published = published or element.tag == _ROOT
            for fields in rows(element) if element.tag != _ROOT else ():
                number += 1
                point, faults = _point(fields.pop("place", None))
                missing = () if fields["id"] else ("has no id",)
                yield Record(number, fields, point, (*missing, *faults))
        if not published and number == 0:
            hint = "expected a PublicationDelivery of NeTEx"
            raise errors.SourceFailed("is no NeTEx publication", where=str(origin.path), hint=hint)

    def recognise(self, sample: Path) -> Recognised:
        """By the document's namespace, or that of the first document in the zip."""
        found = file_root(sample)[0] or _packed_root(sample)
        return Recognised(1.0, {}, "a NeTEx document") if "netex.org.uk/netex" in found else Recognised(0.0)


def _packed_root(sample: Path) -> str:
    """The namespace of the first document in a zip; '' where it is none."""
    try:
        with zipfile.ZipFile(sample) as archive:
            name = next((one for one in archive.namelist() if one.lower().endswith(".xml")), None)
            return "" if name is None else _namespace(archive, name)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        return ""


def _namespace(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as stream:
        return root(stream.read(1 << 16))[0]


def _elements(path: Path, names: tuple[str, ...], settings: NetexSettings) -> Iterator[Element]:
    most_bytes = settings.most_mb * 1_000_000
    try:
        with path.open("rb") as stream:
            packed = stream.read(4) == _ZIP
    except OSError as cause:
        raise errors.SourceFailed(f"cannot be read: {cause.strerror}", where=str(path)) from cause
    if not packed:
        yield from file_elements(path, names, most_bytes=most_bytes)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(one for one in archive.namelist() if one.lower().endswith(".xml")):
                with archive.open(name) as stream:
                    yield from elements(stream, names, str(path), most_bytes=most_bytes)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as cause:
        raise errors.SourceFailed(
            f"cannot be unpacked: {cause}", where=str(path), hint="is it cut off?"
        ) from cause


def _common(element: Element) -> Fields:
    return {
        "id": element.get("id"),
        "version": element.get("version"),
        "name": text(element, "Name"),
        "short_name": text(element, "ShortName"),
        "private_code": text(element, "PrivateCode"),
        "mode": text(element, "TransportMode"),
    }


def _stop_places(element: Element) -> Iterator[Fields]:
    yield {
        **_common(element),
        "kind": text(element, "StopPlaceType"),
        "weighting": text(element, "Weighting"),
        "parent": _reference(element, "ParentSiteRef"),
        "quays": [one.get("id") for one in element.findall("quays/Quay")],
        "wheelchair": text(element, "AccessibilityAssessment", "MobilityImpairedAccess"),
        "place": element.find("Centroid/Location"),
    }


def _quays(element: Element) -> Iterator[Fields]:
    """Those in a stop place with its id, and those that stand alone."""
    found = [element] if element.tag == "Quay" else element.findall("quays/Quay")
    for quay in found:
        yield {
            **_common(quay),
            "public_code": text(quay, "PublicCode"),
            "stop_place": element.get("id") if quay is not element else _reference(quay, "SiteRef"),
            "place": quay.find("Centroid/Location"),
        }


def _stop_points(element: Element) -> Iterator[Fields]:
    yield {**_common(element), "public_code": text(element, "PublicCode"), "place": element.find("Location")}


def _lines(element: Element) -> Iterator[Fields]:
    yield {
        **_common(element),
        "public_code": text(element, "PublicCode"),
        "operator": _reference(element, "OperatorRef"),
        "colour": text(element, "Presentation", "Colour"),
    }


def _operators(element: Element) -> Iterator[Fields]:
    yield {
        **_common(element),
        "legal_name": text(element, "LegalName"),
        "url": text(element, "ContactDetails", "Url"),
    }


def _reference(element: Element, name: str) -> str | None:
    found = element.find(name)
    return None if found is None else found.get("ref")


def _point(location: Element | None) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    if location is None:
        return None, ()
    longitude, latitude = text(location, "Longitude"), text(location, "Latitude")
    if longitude is None and latitude is None:  # a place in another reference system
        return None, ()
    try:
        return {"type": "Point", "coordinates": [float(longitude or ""), float(latitude or "")]}, ()
    except ValueError:
        return None, (f"has no coordinates: {latitude!r}, {longitude!r}",)


_KINDS: Final[dict[str, tuple[tuple[str, ...], Callable[[Element], Iterator[Fields]]]]] = {
    "stop_places": (("StopPlace",), _stop_places),
    "quays": (("StopPlace", "Quay"), _quays),
    "stop_points": (("ScheduledStopPoint",), _stop_points),
    "lines": (("Line",), _lines),
    "operators": (("Operator",), _operators),
}
