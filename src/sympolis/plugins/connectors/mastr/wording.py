"""The register's fields under one name each, whichever export they come from, and what their texts mean."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

NAMES: Final = {
    "MaStR-Nr. der Einheit": "EinheitMastrNummer",
    "Anzeige-Name der Einheit": "NameStromerzeugungseinheit",
    "Betriebs-Status": "EinheitBetriebsstatus",
    "Energieträger": "Energietraeger",
    "Bruttoleistung der Einheit": "Bruttoleistung",
    "Nettonennleistung der Einheit": "Nettonennleistung",
    "Inbetriebnahmedatum der Einheit": "Inbetriebnahmedatum",
    "Registrierungsdatum der Einheit": "Registrierungsdatum",
    "Bundesland": "Bundesland",
    "Postleitzahl": "Postleitzahl",
    "Ort": "Ort",
    "Straße": "Strasse",
    "Hausnummer": "Hausnummer",
    "Gemarkung": "Gemarkung",
    "Flurstück": "FlurFlurstuecknummern",
    "Gemeindeschlüssel": "Gemeindeschluessel",
    "Gemeinde": "Gemeinde",
    "Landkreis": "Landkreis",
    "Koordinate: Breitengrad (WGS84)": "Breitengrad",
    "Koordinate: Längengrad (WGS84)": "Laengengrad",
    "Technologie der Stromerzeugung": "Technologie",
    "Lage der Einheit": "Lage",
    "Anzahl der Solar-Module": "AnzahlModule",
    "Hauptausrichtung der Solar-Module": "Hauptausrichtung",
    "Name des Windparks": "NameWindpark",
    "Nabenhöhe der Windenergieanlage": "Nabenhoehe",
    "Rotordurchmesser der Windenergieanlage": "Rotordurchmesser",
    "Hersteller der Windenergieanlage": "Hersteller",
    "Typenbezeichnung": "Typenbezeichnung",
    "Hauptbrennstoff der Einheit": "Hauptbrennstoff",
    "Nutzbare Speicherkapazität in kWh": "NutzbareSpeicherkapazitaet",
    "Letzte Aktualisierung": "DatumLetzteAktualisierung",
    "Datum der endgültigen Stilllegung": "DatumEndgueltigeStilllegung",
    "Datum der geplanten Inbetriebnahme": "GeplantesInbetriebnahmedatum",
    "MaStR-Nr. des Anlagenbetreibers": "AnlagenbetreiberMastrNummer",
    "Volleinspeisung oder Teileinspeisung": "Einspeisungsart",
    "Netzbetreiberprüfung": "NetzbetreiberpruefungStatus",
    "Spannungsebene": "Spannungsebene",
    "MaStR-Nr. der Lokation": "LokationMaStRNummer",
    "MaStR-Nr. der EEG-Anlage": "EegMaStRNummer",
}
"""Headings of the web export → names of the bulk export; others keep their heading."""

CODED: Final = frozenset({
    "EinheitBetriebsstatus", "EinheitSystemstatus", "Energietraeger", "Bundesland", "Land", "Technologie", "Lage",
    "Hauptausrichtung", "HauptausrichtungNeigungswinkel", "Nebenausrichtung", "Leistungsbegrenzung",
    "Nutzungsbereich", "Einspeisungsart", "Hersteller", "Hauptbrennstoff", "Spannungsebene",
    "NetzbetreiberpruefungStatus", "Batterietechnologie", "WindAnLandOderAufSee", "ArtDerSolaranlage",
})  # fmt: skip
"""Fields that hold a number of the catalogue in the bulk export, and the word in the web export."""

NUMBERS: Final = frozenset({
    "Bruttoleistung", "Nettonennleistung", "Breitengrad", "Laengengrad", "AnzahlModule", "Nabenhoehe",
    "Rotordurchmesser", "NutzbareSpeicherkapazitaet", "ZugeordneteWirkleistungWechselrichter",
})  # fmt: skip
"""Powers in kW, capacities in kWh, lengths in m, coordinates in degrees (WGS84)."""

_GROUPED: Final = re.compile(r"\d{1,3}(\.\d{3})+(,\d+)?")
_GERMAN_DATE: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


class Words:
    """The cells of one unit, understood. ``comma``: the decimal sign."""

    def __init__(self, cells: dict[str, Any], *, comma: bool) -> None:
        self.faults: list[str] = []
        self.fields = {name: self._value(name, cell, comma=comma) for name, cell in cells.items()}

    def point(self) -> dict[str, Any] | None:
        """Where the unit is; the register hides where small ones are."""
        longitude, latitude = self.fields.get("Laengengrad"), self.fields.get("Breitengrad")
        if isinstance(longitude, float) and isinstance(latitude, float):
            return {"type": "Point", "coordinates": [longitude, latitude]}
        return None

    def _value(self, name: str, cell: str | None, *, comma: bool) -> Any:
        if cell is None or cell == "":
            return None
        if name in NUMBERS:
            return self._number(name, cell, comma=comma)
        if match := _GERMAN_DATE.fullmatch(cell):
            day, month, year = (int(part) for part in match.groups())
            return self._date(name, cell, year, month, day)
        return cell

    def _number(self, name: str, cell: str, *, comma: bool) -> Any:
        plain = cell.replace(",", ".") if comma else cell
        if comma and _GROUPED.fullmatch(cell):
            plain = cell.replace(".", "").replace(",", ".")
        elif comma and "." in cell:
            self.faults.append(f"{name}: {cell!r} has a point where the register writes a comma")
            return cell
        try:
            return float(plain)
        except ValueError:
            self.faults.append(f"{name}: {cell!r} is not a number")
            return cell

    def _date(self, name: str, cell: str, year: int, month: int, day: int) -> str:
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            self.faults.append(f"{name}: {cell!r} is not a date")
            return cell
