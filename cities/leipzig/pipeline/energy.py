"""Energy: large solar units of the register in its own format, sums of the register for every German municipality,
the city's published figures beside them, and public charging stations.

Units of the city and of the county around it are kept, with the columns that say what a unit is; the connector takes
the city's. Headings, semicolons and decimal commas stay the register's, so that a fresh export is read the same way.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable
from pathlib import Path

from . import tables

CITY, COUNTY = "14713000", "14729"
UNIT_COLUMNS = (
    "MaStR-Nr. der Einheit",
    "Anzeige-Name der Einheit",
    "Betriebs-Status",
    "Energieträger",
    "Bruttoleistung der Einheit",
    "Nettonennleistung der Einheit",
    "Inbetriebnahmedatum der Einheit",
    "Registrierungsdatum der Einheit",
    "Gemeindeschlüssel",
    "Gemeinde",
    "Koordinate: Breitengrad (WGS84)",
    "Koordinate: Längengrad (WGS84)",
    "Anzahl der Solar-Module",
    "Hauptausrichtung der Solar-Module",
    "Letzte Aktualisierung",
    "Volleinspeisung oder Teileinspeisung",
    "Netzbetreiberprüfung",
    "Spannungsebene",
    "Datum der geplanten Inbetriebnahme",
    "Name des Anlagenbetreibers (nur Org.)",
)
CARRIERS = ("pv", "wind", "biomass", "hydro")
REGISTER_NAMES = ("pv", "wind_on", "biomass", "water")
PUBLISHED = {
    "pv": (182.25, 175.62),
    "wind": (20.80, 45.55),
    "biomass": (13.82, 96.83),
    "hydro": (0.10, 0.42),
    "conventional": (385.20, 2024.62),
}
"""The card of the city's Energy Transition Dashboard: installed MW (PV: MWp), yearly GWh."""

Municipality = tuple[str, str, float | None, float | None, float | None, float | None]
"""Key, date, megawatts of the four carriers."""


def build(pack: Path, out: Path) -> None:
    """Write energy/{units, municipalities, register, published, agreement, heat, charging}.csv below ``out``."""
    energy, target = pack / "energy", out / "energy"
    _units(energy / "mastr_webexport_sachsen_large_pv.csv", target / "units.csv")
    _municipalities(
        energy / "localzero_renewable_energy_2024_all_municipalities.csv.gz", target / "municipalities.csv"
    )
    city = json.loads((energy / f"localzero_leipzig_{CITY}.json").read_text(encoding="utf-8"))
    _register(city, target)
    _charging(energy / "ladesaeulen_leipzig_2019-07-19.csv", target / "charging.csv")


def _units(source: Path, target: Path) -> None:
    with source.open(encoding="utf-8-sig", newline="") as stream:
        rows = [
            [row[name] for name in UNIT_COLUMNS]
            for row in csv.DictReader(stream, delimiter=";")
            if row["Gemeindeschlüssel"].startswith((CITY, COUNTY))
        ]
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\n")
        writer.writerow(UNIT_COLUMNS)
        writer.writerows(sorted(rows))


def _municipalities(source: Path, target: Path) -> None:
    with gzip.open(source, "rt", encoding="utf-8") as stream:
        rows = [_municipality(row) for row in csv.DictReader(stream)]
    tables.write_rows(
        target, ("ags", "date", *(f"{name}_mw" for name in CARRIERS)), sorted(_municipal_only(rows))
    )


def _municipality(row: dict[str, str]) -> Municipality:
    pv, wind, biomass, hydro = (_megawatts(row[name]) for name in REGISTER_NAMES)
    return row["ags"], "2024-12-31", pv, wind, biomass, hydro


def _municipal_only(rows: list[Municipality]) -> Iterable[Municipality]:
    """Without the sums of Germany, states and counties that the table holds between the municipalities."""
    rows = [row for row in rows if row[0].isdigit()]
    keys = {row[0] for row in rows}
    larger = {key[:2] + "000000" for key in keys if not key.endswith("000000")}
    larger |= {key[:5] + "000" for key in keys if not key.endswith("000")}
    return (row for row in rows if row[0] not in larger)


def _megawatts(kilowatts: str) -> float | None:
    return round(float(kilowatts) / 1000, 4) if kilowatts else None


def _register(city: dict[str, dict[str, str]], target: Path) -> None:
    rows = []
    for year in (2021, 2024):
        sums = city[f"renewable_energy/{year}.csv"]
        for carrier, name in zip(CARRIERS, REGISTER_NAMES, strict=True):
            rows.append((carrier, f"{year}-12-31", _megawatts(sums[name])))
    tables.write_rows(target / "register.csv", ("carrier", "date", "installed_mw"), rows)
    latest = {carrier: mw for carrier, date, mw in rows if date.startswith("2024")}
    _published(latest, target)
    stock = city["buildings/2021.csv"]
    names = ("buildings_total", "buildings_heatnet", "flats_total", "flats_heatnet")
    tables.write_rows(
        target / "heat.csv", ("ags", *names), [(CITY, *(int(float(stock[name])) for name in names))]
    )


def _published(register: dict[str, float | None], target: Path) -> None:
    residuals = {carrier: _residual(register.get(carrier), mw) for carrier, (mw, _) in PUBLISHED.items()}
    rows = [(carrier, *figures, residuals[carrier][0]) for carrier, figures in PUBLISHED.items()]
    header = ("carrier", "published_mw", "published_gwh", "difference_mw")
    tables.write_rows(target / "published.csv", header, rows)
    compared = [(carrier, percent) for carrier, (_, percent) in residuals.items() if percent is not None]
    tables.write_rows(target / "agreement.csv", ("carrier", "difference_percent"), compared)


def _residual(register: float | None, published: float) -> tuple[float | None, float | None]:
    """Register sum minus published figure, in MW and in per cent of the published figure."""
    if register is None:
        return None, None
    return round(register - published, 3), round(100 * (register / published - 1), 1)


def _charging(source: Path, target: Path) -> None:
    """Stations at one address differ in operator or opening; a number behind the address tells them apart."""
    with source.open(encoding="utf-8", newline="") as stream:
        rows = sorted(
            (
                row["Adresse"].strip(),
                row["Inbetriebnahmedatum"][:10],
                row["Betreiber"].strip(),
                float(row["Längengrad [DG]"]),
                float(row["Breitengrad [DG]"]),
                float(row["Anschlussleistung [kW]"]),
                int(row["Anzahl Ladepunkte"]),
                "fast" if row["Art der Ladeeinrichtung"].startswith("Schnell") else "normal",
            )
            for row in csv.DictReader(stream)
        )
    header = ("id", "address", "opened", "operator", "lon", "lat", "power_kw", "points", "kind")
    tables.write_rows(target, header, ((f"s{number:03d}", *row) for number, row in enumerate(rows, 1)))
