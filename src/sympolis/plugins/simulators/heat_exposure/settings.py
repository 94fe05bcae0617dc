"""What the model declares about itself: needs, parameters with unit and source, the day a run stands for, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.plugins.simulator import Need
from sympolis.plugins.simulators.heat_exposure.declaring import Texts, number, texts

_CELL = ("variable", "validFrom", "validTo", "uncertainty")
_SAID = ("validFrom", "validTo", "uncertainty")
"""What a coverage says of itself: told on where it is there."""


_LAND = texts(
    "differences between kinds of land do not show: the map of heat is coarser",
    "le differenze tra usi del suolo non si vedono: la carta del calore è più grossolana",
    "Unterschiede zwischen Arten der Bodennutzung sind nicht zu sehen: Die Hitzekarte ist gröber",
)


def _layer(name: str, variable: str, without: Texts, minimum: int = 0) -> Need:
    return Need(
        name,
        "Coverage",
        _CELL,
        optional=_SAID,
        minimum=minimum,
        without=without,
        where={"variable": variable},
        resolution_m=120.0,
        grid=True,
    )


NEEDS = (
    Need(
        "areas",
        "StatisticalArea",
        (
            "name",
            "location",
            "population",
            "populationOver65",
            "fragilityIndex",
            "shadeShare",
            "streetShadeShare",
        ),
    ),
    Need(
        "roads",
        "Road",
        ("name", "location"),
        minimum=0,
        without=texts(
            "streets have no surface of their own: heat along them is smoothed over",
            "le vie non hanno una superficie propria: il calore lungo di esse è livellato",
            "Straßen haben keine eigene Oberfläche: Hitze entlang von ihnen ist geglättet",
        ),
    ),
    Need(
        "surface",
        "Coverage",
        _CELL,
        optional=_SAID,
        where={"variable": "landSurfaceTemperature"},
        instead={"variable": ("landSurfaceTemperatureEstimate",)},
        resolution_m=120.0,
        grid=True,
    ),
    _layer(
        "trees",
        "publicTrees",
        texts(
            "the cooling by trees is not in the surface model: effects of new trees rest on literature alone",
            "il raffrescamento degli alberi non è nel modello della superficie: l’effetto di nuovi alberi viene solo "
            "dalla letteratura",
            "die Kühlung durch Bäume fehlt im Oberflächenmodell: Wirkungen neuer Bäume stützen sich nur auf Literatur",
        ),
    ),
    _layer(
        "albedo",
        "albedo",
        texts(
            "bright and dark surfaces are not told apart: effects of bright roofs rest on literature alone",
            "superfici chiare e scure non si distinguono: l’effetto di tetti chiari viene solo dalla letteratura",
            "helle und dunkle Flächen werden nicht unterschieden: Wirkungen heller Dächer nur nach Literatur",
        ),
    ),
    _layer("wood", "woodShare", _LAND),
    _layer("grass", "grassShare", _LAND),
    _layer("farm", "farmShare", _LAND),
    _layer("industry", "industryShare", _LAND),
    _layer("residential", "residentialShare", _LAND),
    _layer("streets", "streetDensity", _LAND),
    Need(
        "weather",
        "WeatherObserved",
        ("temperatureMax", "temperatureMin", "relativeHumidity", "solarExposure"),
        proxies={
            "temperatureMax": ("referenceTemperatureMax",),
            "temperatureMin": ("referenceTemperatureMin",),
            "relativeHumidity": ("referenceHumidity",),
            "solarExposure": ("referenceExposure",),
        },
        history=True,
    ),
)

PARAMETERS = (
    number(
        "hotter_by",
        texts(
            "Hotter than today's heat-wave day",
            "Più caldo dell'attuale giorno di ondata",
            "Heißer als heutiger Hitzetag",
        ),
        "K",
        0.0,
        (-5.0, 8.0),
        (-1.0, 1.5),
        "The city's own heat-wave days of the last ten years differ from their median by about as much (model card); "
        "set 2 or 3 for a later climate",
    ),
    number(
        "air_per_surface",
        texts(
            "Warmer air per kelvin of warmer surface",
            "Aria più calda per kelvin di superficie",
            "Wärmere Luft je Kelvin wärmerer Oberfläche",
        ),
        "K/K",
        0.15,
        (0.0, 0.6),
        (0.05, 0.25),
        "Assumption: by day the link between surface and air is weak (Schwarz et al. 2012, "
        "Ecological Indicators 18, 693–704); no network of air temperatures is in the twin to fit it",
    ),
    number(
        "wind",
        texts("Wind at 10 m", "Vento a 10 m", "Wind in 10 m Höhe"),
        "m/s",
        1.8,
        (0.5, 17.0),
        (1.0, 3.0),
        "Assumption: light winds of summer afternoons under high pressure, sheltered streets below it",
    ),
    number(
        "sky_view",
        texts("Share of sky seen", "Quota di cielo visibile", "Sichtbarer Himmelsanteil"),
        "1",
        0.6,
        (0.1, 1.0),
        (0.4, 0.8),
        "Assumption: streets and squares; heights of buildings are not in the twin",
    ),
    number(
        "outdoors",
        texts("Residents outdoors by day", "Residenti all'aperto di giorno", "Menschen im Freien am Tag"),
        "1",
        0.08,
        (0.0, 1.0),
        (0.04, 0.14),
        "Assumption: 0.6 to 2.1 hours outdoors between 7 and 22; to be replaced with a count or survey",
    ),
    number(
        "public_space",
        texts(
            "Streets and squares, share of the ground",
            "Strade e piazze, quota del suolo",
            "Straßen und Plätze, Anteil am Boden",
        ),
        "1",
        0.25,
        (0.05, 0.8),
        (0.15, 0.35),
        "Assumption: no map of the public ground is in the twin",
    ),
    number(
        "age_weight",
        texts(
            "Weight of age in vulnerability",
            "Peso dell'età nella vulnerabilità",
            "Gewicht des Alters in der Verletzlichkeit",
        ),
        "1",
        0.5,
        (0.0, 1.0),
        (0.3, 0.7),
        "Value judgement, stated: the rest is the city's own fragility index; the range keeps it from deciding alone",
    ),
    number(
        "utc_offset",
        texts("Clock ahead of UTC in summer", "Orologio avanti su UTC d'estate", "Uhr vor UTC im Sommer"),
        "h",
        2.0,
        (-12.0, 14.0),
        None,
        "Central European Summer Time",
    ),
    number(
        "interest",
        texts("Interest rate", "Tasso d'interesse", "Zinssatz"),
        "1",
        0.03,
        (0.0, 0.1),
        None,
        "Social discount rate of the European Commission's guide to cost-benefit analysis, 2014: 3 %",
    ),
)

PERIOD = texts("a heat-wave day", "un giorno di ondata di calore", "ein Hitzewellentag")

VALIDITY = texts(
    "Compares areas, streets and measures outdoors on a cloudless heat-wave day. Differences between areas follow from "
    "satellite surface temperature, shade and people; the level from assumptions about wind, sky and time outdoors "
    "with wide ranges. Not for indoor heat (most heat deaths happen indoors), nights, forecasts of illness or death, "
    "single squares, or trees before they have grown. Costs are ranges to be replaced with the city's own.",
    "Confronta aree, strade e misure all'aperto in un giorno sereno di ondata di calore. Le differenze tra aree "
    "vengono da temperatura satellitare del suolo, ombra e persone; il livello da ipotesi su vento, cielo e tempo "
    "all'aperto con intervalli ampi. Non per il caldo in casa (dove avviene gran parte dei decessi), le notti, "
    "previsioni di malattia o morte, singole piazze o alberi non ancora cresciuti. I costi sono intervalli da "
    "sostituire con quelli della città.",
    "Vergleicht Gebiete, Straßen und Maßnahmen im Freien an einem wolkenlosen Hitzewellentag. Unterschiede folgen aus "
    "Oberflächentemperatur vom Satelliten, Schatten und Menschen; die Höhe aus Annahmen zu Wind, Himmel und Zeit im "
    "Freien mit weiten Spannen. Nicht für Hitze in Wohnungen (wo die meisten Hitzetoten sterben), Nächte, Vorhersagen "
    "von Krankheit oder Tod, einzelne Plätze oder junge Bäume. Kosten sind Spannen, durch eigene zu ersetzen.",
)


def value_of(name: str, parameters: Mapping[str, Any]) -> float:
    """A parameter's value: given, else its default."""
    found = parameters.get(name)
    return float(_DEFAULTS[name] if found is None else found)


_DEFAULTS: Mapping[str, Any] = {parameter.name: parameter.default for parameter in PARAMETERS}
