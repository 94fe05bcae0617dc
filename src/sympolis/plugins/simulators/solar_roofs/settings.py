"""What the model declares about itself: needs, parameters, measure, indicators and fields, with unit and source."""

from __future__ import annotations

from typing import Final

from sympolis.domain.measure import Direction
from sympolis.plugins import sunlight
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Measure, Need, Parameter

COLUMNS: Final = ("id", "area", "use", "footprint_m2", "roof", "listed", "geometry")
"""Of the table of buildings; ``geometry`` is well-known binary in WGS84."""
NEEDS = (
    Need("areas", "StatisticalArea", ("name", "location", "code")),
    Need("buildings", "BuildingTable", ("rows",), table=True),
    Need("weather", "ReferenceWeather", (*sunlight.SERIES, "location", "altitude"), history=True,
         units={"temperature": "CEL", "windSpeed": "MTS", "directRadiation": "D54", "diffuseRadiation": "D54"}),
)  # fmt: skip


def _texts(en: str, it: str, de: str) -> dict[str, str]:
    return {"en": en, "it": it, "de": de}


PARAMETERS = (
    Parameter(
        "usable_pitched",
        _texts(
            "Share of a pitched face that modules cover",
            "Quota di falda coperta dai moduli",
            "Anteil der geneigten Dachfläche mit Modulen",
        ),
        unit="1", default=0.6, low=0.1, high=1.0, plausible=(0.45, 0.75),
        source="Assumption: windows, chimneys, dormers and edges; roof forms are not known in such detail",
    ),
    Parameter(
        "usable_flat",
        _texts(
            "Share of a flat roof that modules cover",
            "Quota di tetto piano coperta dai moduli",
            "Anteil des Flachdachs mit Modulen",
        ),
        unit="1", default=0.5, low=0.1, high=1.0, plausible=(0.35, 0.65),
        source="Assumption: east-west rows at 10° with paths and superstructures",
    ),
    Parameter(
        "tilt",
        _texts("Tilt of pitched roofs", "Inclinazione dei tetti a falda", "Neigung geneigter Dächer"),
        unit="°", default=38.0, low=25.0, high=45.0, plausible=(32.0, 44.0),
        source="Assumption: usual tiled roofs in Germany; outlines do not say it",
    ),
    Parameter(
        "module_power",
        _texts("Power of modules", "Potenza dei moduli", "Leistung der Module"),
        unit="kW/m²", default=0.21, low=0.1, high=0.3, plausible=(0.2, 0.225),
        source="Data sheets of 2023-2025: 400-450 W on 1.95-2.0 m²",
    ),
    Parameter(
        "losses",
        _texts("Losses of the system", "Perdite dell'impianto", "Systemverluste"),
        unit="1", default=0.14, low=0.0, high=0.5, plausible=(0.1, 0.2),
        source="PVWatts: 14 % (NREL/TP-6A20-62641); shading by trees and neighbours is in the upper end only",
    ),
    Parameter(
        "least_yield",
        _texts("Least yield that pays", "Resa minima conveniente", "Geringster lohnender Ertrag"),
        unit="kWh/kW", default=700.0, low=0.0, high=1_200.0,
        source="Assumption: faces below (north sides) are left out",
    ),
    Parameter(
        "least_area",
        _texts("Smallest roof", "Tetto più piccolo", "Kleinstes Dach"),
        unit="m²", default=20.0, low=0.0, high=1_000.0,
        source="Assumption: smaller outlines are sheds and garages that carry no plant",
    ),
    Parameter(
        "with_listed",
        _texts("Listed buildings, too", "Anche edifici tutelati", "Auch Denkmale"),
        kind="boolean", default=False, source="A listed building needs the consent of the monument authority",
    ),
)  # fmt: skip

SHARE = Parameter(
    "share",
    _texts("Share of the roofs in use", "Quota di tetti utilizzati", "Genutzter Anteil der Dächer"),
    unit="1", default=0.5, low=0.0, high=1.0,
)  # fmt: skip
MEASURES = (
    Measure(
        "use_share",
        _texts("Use part of the roofs", "Utilizzare parte dei tetti", "Einen Teil der Dächer nutzen"),
        _texts(
            "Of the suitable roofs of these areas only a share carries modules.",
            "Dei tetti adatti di queste aree solo una quota porta moduli.",
            "Von den geeigneten Dächern dieser Gebiete trägt nur ein Teil Module.",
        ),
        ("features", "area"),
        (SHARE,),
    ),
)
INDICATORS = (
    IndicatorSpec(
        "capacity",
        _texts("Power that fits on roofs", "Potenza installabile sui tetti", "Leistung, die auf Dächer passt"),
        "MW", Direction.HIGHER, 0,
    ),
    IndicatorSpec(
        "yield", _texts("Yield in a typical year", "Resa in un anno tipico", "Ertrag in einem typischen Jahr"),
        "GWh", Direction.HIGHER, 0,
    ),
    IndicatorSpec(
        "suitable_roofs", _texts("Suitable roofs", "Tetti adatti", "Geeignete Dächer"), "1", Direction.HIGHER, 0
    ),
)  # fmt: skip
FIELDS = (
    FieldSpec(
        "yield", _texts("Solar yield", "Resa solare", "Solarertrag"), "GWh", Direction.HIGHER, over_area="sum"
    ),
    FieldSpec(
        "capacity",
        _texts("Solar power", "Potenza solare", "Solarleistung"),
        "MW",
        Direction.HIGHER,
        over_area="sum",
    ),
)
VALIDITY = _texts(
    "A first estimate of what is technically possible, for areas and to find large roofs. Not a design: tilt, "
    "superstructures and shade of a single roof are not known, statics and grid connection are not asked.",
    "Una prima stima del possibile tecnico, per aree e per trovare grandi tetti. Non un progetto: inclinazione, "
    "ostacoli e ombre del singolo tetto non sono noti, statica e allacciamento non sono considerati.",
    "Eine erste Schätzung des technisch Möglichen, für Gebiete und um große Dächer zu finden. Keine Planung: Neigung, "
    "Aufbauten und Schatten eines einzelnen Dachs sind unbekannt, Statik und Netzanschluss nicht gefragt.",
)
PERIOD = _texts("a typical year", "un anno tipico", "ein typisches Jahr")
