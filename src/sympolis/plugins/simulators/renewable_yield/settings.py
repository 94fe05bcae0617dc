"""What the model declares about itself: needs, parameters, measure, indicators and fields, with unit and source."""

from __future__ import annotations

from typing import Final

from sympolis.domain.measure import Direction
from sympolis.plugins import sunlight
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Measure, Need, Parameter

CARRIERS: Final = ("pv", "wind")
NEEDS = (
    Need("weather", "ReferenceWeather", (*sunlight.SERIES, "location", "altitude"), history=True,
         units={"temperature": "CEL", "windSpeed": "MTS", "directRadiation": "D54", "diffuseRadiation": "D54"}),
    Need("carriers", "EnergyCarrier", ("installedCapacity",), units={"installedCapacity": "MAW"}),
)  # fmt: skip
TURBINES: Final = ("V80/2000", "V90/2000", "E-82/2300", "E-126/4200")
"""Types of which windpowerlib has the power curve (open_eGo, CC BY 4.0)."""


def _texts(en: str, it: str, de: str) -> dict[str, str]:
    return {"en": en, "it": it, "de": de}


PARAMETERS = (
    Parameter(
        "south_share",
        _texts("Modules that face south", "Moduli rivolti a sud", "Module nach Süden"),
        unit="1", default=0.5, low=0.0, high=1.0, plausible=(0.3, 0.7),
        source="Assumption: the rest faces east and west in equal parts; the register knows it of single plants only",
    ),
    Parameter(
        "pv_tilt",
        _texts("Tilt of modules", "Inclinazione dei moduli", "Neigung der Module"),
        unit="°", default=28.0, low=0.0, high=60.0, plausible=(18.0, 38.0),
        source="Assumption: between flat roofs (10°) and tiled roofs (38°)",
    ),
    Parameter(
        "pv_losses",
        _texts("Losses of photovoltaics", "Perdite del fotovoltaico", "Verluste der Photovoltaik"),
        unit="1", default=0.14, low=0.0, high=0.5, plausible=(0.1, 0.2),
        source="PVWatts: 14 % (NREL/TP-6A20-62641); shade and age are in the upper end",
    ),
    Parameter(
        "sun_year",
        _texts("Sun against a typical year", "Sole rispetto a un anno tipico", "Sonne gegenüber einem typischen Jahr"),
        unit="1", default=1.0, low=0.5, high=1.5, plausible=(0.93, 1.07),
        source="Assumption: yearly sums of global radiation in Germany mostly stay within 7 % of their mean",
    ),
    Parameter(
        "turbine",
        _texts("Type of turbine", "Tipo di turbina", "Anlagentyp"),
        kind="choice", choices=TURBINES, default="V90/2000",
        source="Assumption: a common type of the 2000s; single turbines of the city are not in public sources",
    ),
    Parameter(
        "hub_height",
        _texts("Height of hubs", "Altezza dei mozzi", "Nabenhöhe"),
        unit="m", default=100.0, low=30.0, high=200.0, plausible=(80.0, 125.0),
        source="Assumption: usual for that type",
    ),
    Parameter(
        "roughness",
        _texts("Roughness of the ground", "Rugosità del suolo", "Rauigkeit des Geländes"),
        unit="m", default=0.15, low=0.005, high=2.0, plausible=(0.05, 0.3),
        source="European Wind Atlas (1989): farmland with hedges and houses 0.05-0.3 m",
    ),
    Parameter(
        "wind_losses",
        _texts("Losses of wind power", "Perdite dell'eolico", "Verluste der Windkraft"),
        unit="1", default=0.13, low=0.0, high=0.5, plausible=(0.08, 0.18),
        source="Assumption: wake 5-10 %, availability 2-4 %, electrical 2 %",
    ),
    Parameter(
        "wind_year",
        _texts("Wind against a typical year", "Vento rispetto a un anno tipico", "Wind gegenüber einem typischen Jahr"),
        unit="1", default=1.0, low=0.5, high=1.5, plausible=(0.94, 1.06),
        source="Assumption: yearly mean wind speed varies by some 6 %, which the power curve makes 10-15 % of energy",
    ),
)  # fmt: skip

MEASURES = (
    Measure(
        "add_capacity",
        _texts("Add capacity", "Aggiungere potenza", "Leistung zubauen"),
        _texts(
            "So many megawatts more of sun or wind, like those that stand.",
            "Tanti megawatt in più di sole o vento, come quelli esistenti.",
            "So viele Megawatt mehr an Sonne oder Wind, wie die vorhandenen.",
        ),
        (),
        (
            Parameter(
                "carrier", _texts("Carrier", "Fonte", "Energieträger"),
                kind="choice", choices=CARRIERS, default="pv",
            ),
            Parameter(
                "megawatts", _texts("More capacity", "Potenza in più", "Mehr Leistung"), unit="MW",
                default=100.0, low=-1_000.0, high=10_000.0,
            ),
        ),
    ),
)  # fmt: skip
_SUN_POWER = _texts(
    "Solar power in a typical year",
    "Elettricità solare in un anno tipico",
    "Solarstrom in einem typischen Jahr",
)
_WIND_POWER = _texts(
    "Wind power in a typical year",
    "Elettricità eolica in un anno tipico",
    "Windstrom in einem typischen Jahr",
)
_SUN_HOURS = _texts("Full-load hours of sun", "Ore equivalenti del sole", "Volllaststunden der Sonne")
_WIND_HOURS = _texts("Full-load hours of wind", "Ore equivalenti del vento", "Volllaststunden des Winds")
INDICATORS = (
    IndicatorSpec("pv_production", _SUN_POWER, "GWh", Direction.HIGHER, 1),
    IndicatorSpec("wind_production", _WIND_POWER, "GWh", Direction.HIGHER, 1),
    IndicatorSpec("pv_hours", _SUN_HOURS, "h", Direction.HIGHER, 0),
    IndicatorSpec("wind_hours", _WIND_HOURS, "h", Direction.HIGHER, 0),
)
FIELDS = (
    FieldSpec("pv_hours", _SUN_HOURS, "h", Direction.HIGHER),
    FieldSpec("wind_hours", _WIND_HOURS, "h", Direction.HIGHER),
)
VALIDITY = _texts(
    "Yearly sums of a city's plants with declared mean properties, in a typical year at one place. Not for a single "
    "plant, not for a real year, not for hours of the grid.",
    "Somme annue degli impianti di una città con proprietà medie dichiarate, in un anno tipico e in un luogo. Non per "
    "un singolo impianto, non per un anno reale, non per le ore della rete.",
    "Jahressummen der Anlagen einer Stadt mit erklärten mittleren Eigenschaften, in einem typischen Jahr an einem Ort. "
    "Nicht für eine einzelne Anlage, kein wirkliches Jahr, keine Stunden des Netzes.",
)
PERIOD = _texts("a typical year", "un anno tipico", "ein typisches Jahr")
