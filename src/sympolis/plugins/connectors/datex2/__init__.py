"""Reads what road operators publish by European law: measurements, sites and situations in DATEX II, version 2 or 3.

Both versions give the same rows where they say the same. Read element by element: a national publication needs the
memory of one site.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Final
from xml.etree.ElementTree import Element

from sympolis.domain import errors
from sympolis.plugins.connector import Origin, Recognised, Record
from sympolis.plugins.connectors.datex2 import measured, situations
from sympolis.plugins.connectors.datex2.settings import Datex2Settings
from sympolis.plugins.xml import file_elements, file_root, text

Rows = Callable[[Element, Datex2Settings], Iterator[Record]]
_TIME: Final = "publicationTime"
_KINDS: Final[dict[str, tuple[tuple[str, ...], Rows]]] = {
    "measurements": (("siteMeasurements",), measured.by_site),
    "values": (("siteMeasurements",), measured.by_value),
    "sites": (("measurementSiteRecord", "measurementSite"), measured.sites),
    "situations": (("situation",), situations.records),
}


class Datex2Connector:
    """Rows of one publication, numbered from 1 in its order, each with ``publication_time``."""

    id: ClassVar[str] = "datex2"
    settings_type: ClassVar[type] = Datex2Settings

    def read(self, origin: Origin, settings: Datex2Settings) -> Iterator[Record]:
        """Yield every row. Raises ``SourceFailed``; also where the document is none of DATEX II."""
        if origin.path is None:
            raise errors.SourceFailed("nothing has been fetched yet", where=str(origin.url))
        names, rows = _KINDS[settings.publication]
        time, number = None, 0
        for element in file_elements(origin.path, (_TIME, *names), most_bytes=settings.most_mb * 1_000_000):
            if element.tag == _TIME:
                time = text(element)
                continue
            for record in rows(element, settings):
                number += 1
                fields = {**record.fields, "publication_time": time}
                yield Record(number, fields, record.geometry, record.faults)
        if time is None and number == 0:
            hint = "expected a publication with publicationTime; a SOAP or login page is none"
            raise errors.SourceFailed("is no DATEX II publication", where=str(origin.path), hint=hint)

    def recognise(self, sample: Path) -> Recognised:
        """By the document's namespace, and by what it publishes."""
        if "datex2.eu/schema" not in file_root(sample)[0]:
            return Recognised(0.0)
        kinds = {names: kind for kind, (names, _) in reversed(_KINDS.items())}
        every = frozenset(name for names in kinds for name in names)
        with suppress(errors.SourceFailed):
            first = next(file_elements(sample, every, most_bytes=Datex2Settings().most_mb * 1_000_000), None)
            found = (kind for names, kind in kinds.items() if first is not None and first.tag in names)
            return Recognised(1.0, {"publication": next(found, "measurements")}, "a DATEX II document")
        return Recognised(0.5, {}, "a DATEX II document that is not whole")
