"""What the model declares about itself: needs, parameters, measures, indicators and fields, with unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.domain.measure import Direction
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Measure, Need, Parameter

_CELL = ("variable", "validFrom", "validTo", "uncertainty")


def _layer(name: str, variable: str, minimum: int = 0) -> Need:
    return Need(
        name, "Coverage", _CELL, minimum=minimum, where={"variable": variable}, resolution_m=120.0, grid=True
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
    Need("roads", "Road", ("name", "location"), minimum=0),
    _layer("surface", "landSurfaceTemperature", minimum=1),
    _layer("trees", "publicTrees"),
    _layer("albedo", "albedo"),
    _layer("wood", "woodShare"),
    _layer("grass", "grassShare"),
    _layer("farm", "farmShare"),
    _layer("industry", "industryShare"),
    _layer("residential", "residentialShare"),
    _layer("streets", "streetDensity"),
    Need(
        "weather",
        "WeatherObserved",
        ("temperatureMax", "temperatureMin", "relativeHumidity", "solarRadiation"),
        history=True,
    ),
)

Texts = Mapping[str, str]


def _texts(en: str, it: str, de: str) -> Texts:
    return {"en": en, "it": it, "de": de}


def _number(
    name: str,
    title: Texts,
    unit: str,
    default: float,
    bounds: tuple[float, float],
    plausible: tuple[float, float] | None,
    source: str,
) -> Parameter:
    low, high = bounds
    return Parameter(
        name, title, unit=unit, default=default, low=low, high=high, plausible=plausible, source=source
    )


def _amount(name: str, title: Texts, unit: str, default: int, most: int) -> Parameter:
    source = "Decision of the planner"
    return Parameter(name, title, "integer", unit, default, 1, most, source=source)


PARAMETERS = (
    _number(
        "hotter_by",
        _texts(
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
    _number(
        "air_per_surface",
        _texts(
            "Warmer air per kelvin of warmer surface",
            "Aria più calda per kelvin di superficie",
            "Wärmere Luft je Kelvin wärmerer Oberfläche",
        ),
        "K/K",
        0.15,
        (0.0, 0.6),
        (0.05, 0.25),
        "Assumption: by day the link between surface and air is weak (Schwarz et al. 2012, DOI "
        "10.1016/j.ecolind.2012.01.001); no network of air temperatures is in the twin to fit it",
    ),
    _number(
        "wind",
        _texts("Wind at 10 m", "Vento a 10 m", "Wind in 10 m Höhe"),
        "m/s",
        1.8,
        (0.5, 17.0),
        (1.0, 3.0),
        "Assumption: light winds of summer afternoons under high pressure, sheltered streets below it",
    ),
    _number(
        "sky_view",
        _texts("Share of sky seen", "Quota di cielo visibile", "Sichtbarer Himmelsanteil"),
        "1",
        0.6,
        (0.1, 1.0),
        (0.4, 0.8),
        "Assumption: streets and squares; heights of buildings are not in the twin",
    ),
    _number(
        "outdoors",
        _texts("Residents outdoors by day", "Residenti all'aperto di giorno", "Menschen im Freien am Tag"),
        "1",
        0.08,
        (0.0, 1.0),
        (0.04, 0.14),
        "Assumption: 0.6 to 2.1 hours outdoors between 7 and 22; to be replaced with a count or survey",
    ),
    _number(
        "public_space",
        _texts(
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
    _number(
        "age_weight",
        _texts(
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
    _number(
        "utc_offset",
        _texts("Clock ahead of UTC in summer", "Orologio avanti su UTC d'estate", "Uhr vor UTC im Sommer"),
        "h",
        2.0,
        (-12.0, 14.0),
        None,
        "Central European Summer Time",
    ),
    _number(
        "interest",
        _texts("Interest rate", "Tasso d'interesse", "Zinssatz"),
        "1",
        0.03,
        (0.0, 0.1),
        None,
        "Social discount rate of the European Commission's guide to cost-benefit analysis, 2014: 3 %",
    ),
)

TENDERS = "Assumption, to be replaced with the city's price list"
_TARGETS = ("features", "area", "polygon")

PLANT_TREES = Measure(
    "plant_trees",
    _texts("Plant trees", "Piantare alberi", "Bäume pflanzen"),
    _texts(
        "Street and park trees at full size. They shade people and, as far as the model of surface temperature shows "
        "it, cool the ground around.",
        "Alberi stradali e di parco a pieno sviluppo. Fanno ombra e, per quanto il modello della temperatura del suolo "
        "lo mostra, raffrescano il suolo intorno.",
        "Straßen- und Parkbäume in voller Größe. Sie beschatten und kühlen, soweit das Modell der "
        "Oberflächentemperatur es zeigt, den Boden ringsum.",
    ),
    _TARGETS,
    (
        _amount("trees", _texts("Trees", "Alberi", "Bäume"), "trees", 100, 100_000),
        _number(
            "crown",
            _texts(
                "Ground shaded by a crown", "Suolo ombreggiato da una chioma", "Beschatteter Boden je Krone"
            ),
            "m2",
            30.0,
            (1.0, 150.0),
            (18.0, 45.0),
            "Assumption: crowns 5 to 7.5 m wide",
        ),
        _number(
            "transmitted",
            _texts("Sun through the crown", "Sole attraverso la chioma", "Sonne durch die Krone"),
            "1",
            0.04,
            (0.0, 0.6),
            (0.01, 0.08),
            "Direct radiation through foliated crowns of seven trees, 1.3–5.3 %: Konarska et al. "
            "2014, DOI 10.1007/s00704-013-1000-3, widened",
        ),
        _number(
            "price",
            _texts("Planting one tree", "Messa a dimora di un albero", "Pflanzung eines Baums"),
            "EUR",
            1200.0,
            (50.0, 20000.0),
            (600.0, 2500.0),
            TENDERS,
        ),
        _number(
            "upkeep",
            _texts("Care a year", "Cura annua", "Pflege im Jahr"),
            "EUR/a",
            35.0,
            (0.0, 1000.0),
            (20.0, 70.0),
            TENDERS,
        ),
        _number(
            "lifetime",
            _texts("Years of service", "Anni di vita", "Nutzungsjahre"),
            "a",
            40.0,
            (5.0, 150.0),
            (25.0, 60.0),
            TENDERS,
        ),
    ),
)
SHADE_SAILS = Measure(
    "shade_sails",
    _texts("Put up shade sails", "Installare vele ombreggianti", "Sonnensegel aufspannen"),
    _texts(
        "Sails or pergolas over streets, squares and bus stops.",
        "Vele o pergole su strade, piazze e fermate.",
        "Segel oder Pergolen über Straßen, Plätzen und Haltestellen.",
    ),
    _TARGETS,
    (
        _amount("square_metres", _texts("Sails", "Vele", "Segel"), "m2", 500, 1_000_000),
        _number(
            "transmitted",
            _texts("Sun through the sail", "Sole attraverso la vela", "Sonne durch das Segel"),
            "1",
            0.15,
            (0.0, 0.6),
            (0.05, 0.3),
            "Assumption: woven fabrics; how much shade changes what is felt: Middel et al. 2021, DOI "
            "10.1175/BAMS-D-20-0193.1",
        ),
        _number(
            "price",
            _texts("Price", "Prezzo", "Preis"),
            "EUR/m2",
            150.0,
            (10.0, 2000.0),
            (80.0, 300.0),
            TENDERS,
        ),
        _number(
            "upkeep",
            _texts("Care a year", "Cura annua", "Pflege im Jahr"),
            "EUR/(m2.a)",
            8.0,
            (0.0, 100.0),
            (4.0, 15.0),
            TENDERS,
        ),
        _number(
            "lifetime",
            _texts("Years of service", "Anni di vita", "Nutzungsjahre"),
            "a",
            12.0,
            (1.0, 50.0),
            (8.0, 15.0),
            TENDERS,
        ),
    ),
)
COOL_ROOFS = Measure(
    "cool_roofs",
    _texts("Make roofs reflect", "Tetti riflettenti", "Dächer hell machen"),
    _texts(
        "White or reflecting roofs. Effect on the air from published simulations: this city's own temperatures show "
        "none of albedo (model card).",
        "Tetti bianchi o riflettenti. Effetto sull'aria da simulazioni pubblicate: le temperature di questa città non "
        "mostrano un effetto dell'albedo (scheda del modello).",
        "Weiße oder spiegelnde Dächer. Wirkung auf die Luft aus veröffentlichten Simulationen: die Temperaturen "
        "dieser Stadt zeigen keine der Albedo (Modellkarte).",
    ),
    _TARGETS,
    (
        _number(
            "roof_share",
            _texts("Share of the roofs", "Quota dei tetti", "Anteil der Dächer"),
            "1",
            0.5,
            (0.01, 1.0),
            None,
            "Decision of the planner",
        ),
        _number(
            "built",
            _texts("Ground under roofs", "Suolo coperto da tetti", "Überbauter Boden"),
            "1",
            0.25,
            (0.01, 0.9),
            (0.15, 0.35),
            "Assumption: no footprints of buildings are in the twin",
        ),
        _number(
            "brighter",
            _texts("Gain in albedo", "Aumento di albedo", "Gewinn an Albedo"),
            "1",
            0.35,
            (0.05, 0.8),
            (0.2, 0.5),
            "From tiles or membrane to white coating, aged: Santamouris 2014, DOI 10.1016/j.solener.2012.07.003",
        ),
        _number(
            "cooling",
            _texts(
                "Cooler air per 0.1 of albedo",
                "Aria più fresca per 0,1 di albedo",
                "Kühlere Luft je 0,1 Albedo",
            ),
            "K",
            0.35,
            (0.0, 1.0),
            (0.1, 0.6),
            "Midday, neighbourhood-wide, 0.2–0.6 K: Krayenhoff et al. 2021, DOI "
            "10.1088/1748-9326/abdcf1; lower end halved, for roofs lie above the street",
        ),
        _number(
            "price", _texts("Price", "Prezzo", "Preis"), "EUR/m2", 25.0, (1.0, 500.0), (12.0, 45.0), TENDERS
        ),
        _number(
            "lifetime",
            _texts("Years of service", "Anni di vita", "Nutzungsjahre"),
            "a",
            15.0,
            (1.0, 50.0),
            (10.0, 20.0),
            TENDERS,
        ),
    ),
)
MISTING = Measure(
    "install_misting",
    _texts("Install misting points", "Installare nebulizzatori", "Nebelduschen aufstellen"),
    _texts(
        "Fine water spray where people walk and wait.",
        "Acqua nebulizzata dove si cammina e si aspetta.",
        "Feiner Wassernebel, wo Menschen gehen und warten.",
    ),
    _TARGETS,
    (
        _amount("points", _texts("Points", "Punti", "Stellen"), "points", 10, 10_000),
        _number(
            "reach",
            _texts("Ground reached by one", "Suolo raggiunto", "Erreichter Boden"),
            "m2",
            40.0,
            (1.0, 400.0),
            (20.0, 70.0),
            "Assumption: one group of nozzles",
        ),
        _number(
            "cooling",
            _texts("Feels cooler within", "Sollievo percepito", "Gefühlte Abkühlung"),
            "K",
            4.0,
            (0.0, 15.0),
            (1.5, 7.0),
            "Assumption, taken from measured air temperatures under spray collected by Ulpiani 2019, DOI "
            "10.1016/j.apenergy.2019.113647",
        ),
        _number(
            "price",
            _texts("Price", "Prezzo", "Preis"),
            "EUR",
            4000.0,
            (100.0, 50000.0),
            (2000.0, 8000.0),
            TENDERS,
        ),
        _number(
            "upkeep",
            _texts("Water and care a year", "Acqua e cura annue", "Wasser und Pflege im Jahr"),
            "EUR/a",
            600.0,
            (0.0, 10000.0),
            (300.0, 1200.0),
            TENDERS,
        ),
        _number(
            "lifetime",
            _texts("Years of service", "Anni di vita", "Nutzungsjahre"),
            "a",
            10.0,
            (1.0, 50.0),
            (7.0, 15.0),
            TENDERS,
        ),
    ),
)
SHELTERS = Measure(
    "open_shelters",
    _texts("Open climate shelters", "Aprire rifugi climatici", "Kühle Räume öffnen"),
    _texts(
        "Cool public rooms that are open on heat-wave days, or open longer.",
        "Spazi pubblici freschi aperti, o aperti più a lungo, nei giorni di ondata di calore.",
        "Kühle öffentliche Räume, an Hitzetagen offen oder länger offen.",
    ),
    _TARGETS,
    (
        _amount("shelters", _texts("Rooms", "Rifugi", "Räume"), "rooms", 1, 1000),
        _number(
            "hours",
            _texts("More hours open a day", "Ore di apertura in più", "Zusätzliche Stunden offen"),
            "h",
            6.0,
            (1.0, 24.0),
            None,
            "Decision of the planner; counted in the hottest hours from noon on",
        ),
        _number(
            "places",
            _texts("Places in a room", "Posti per rifugio", "Plätze je Raum"),
            "persons",
            50.0,
            (1.0, 2000.0),
            (30.0, 90.0),
            "Assumption: libraries and community houses",
        ),
        _number(
            "used",
            _texts("Places used", "Posti occupati", "Genutzte Plätze"),
            "1",
            0.4,
            (0.0, 1.0),
            (0.15, 0.65),
            "Assumption: few cities count visitors; the wide range says so",
        ),
        _number(
            "hourly_cost",
            _texts("Cost an hour", "Costo orario", "Kosten je Stunde"),
            "EUR/h",
            45.0,
            (0.0, 1000.0),
            (25.0, 90.0),
            TENDERS,
        ),
    ),
)
SHIFT_HOURS = Measure(
    "shift_hours",
    _texts(
        "Move opening hours out of the heat",
        "Spostare gli orari fuori dal caldo",
        "Zeiten aus der Hitze verlegen",
    ),
    _texts(
        "Markets, offices, works and play move from noon–18 to the morning and the evening.",
        "Mercati, sportelli, cantieri e gioco si spostano dalle 12–18 alla mattina e alla sera.",
        "Märkte, Ämter, Baustellen und Spiel ziehen von 12–18 Uhr in den Morgen und Abend.",
    ),
    _TARGETS,
    (
        _number(
            "share",
            _texts(
                "Share of people outdoors who follow",
                "Quota di persone che si adegua",
                "Anteil der Menschen, die folgen",
            ),
            "1",
            0.15,
            (0.0, 1.0),
            (0.05, 0.25),
            "Assumption: no trial in a comparable city is known to us",
        ),
        _number(
            "yearly_cost",
            _texts("Cost a year", "Costo annuo", "Kosten im Jahr"),
            "EUR/a",
            20000.0,
            (0.0, 1e7),
            (5000.0, 60000.0),
            TENDERS,
        ),
    ),
)
MEASURES = (PLANT_TREES, SHADE_SAILS, COOL_ROOFS, MISTING, SHELTERS, SHIFT_HOURS)

INDICATORS = (
    IndicatorSpec(
        "heat_hours",
        _texts(
            "Hours people spend outdoors in strong heat stress",
            "Ore di persone all'aperto con forte stress da caldo",
            "Stunden von Menschen im Freien bei starker Hitzebelastung",
        ),
        "person·h/d",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "severe_hours",
        _texts(
            "… in very strong heat stress", "… con stress molto forte", "… bei sehr starker Hitzebelastung"
        ),
        "person·h/d",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "vulnerable_hours",
        _texts(
            "Hours of people over 65 in strong heat stress",
            "Ore di over 65 con forte stress da caldo",
            "Stunden von Menschen über 65 bei starker Hitzebelastung",
        ),
        "person·h/d",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "felt_temperature",
        _texts(
            "Felt temperature of people outdoors, 12–18 (UTCI)",
            "Temperatura percepita all'aperto, 12–18 (UTCI)",
            "Gefühlte Temperatur im Freien, 12–18 (UTCI)",
        ),
        "°C",
        Direction.LOWER,
        2,
    ),
    IndicatorSpec(
        "relief",
        _texts(
            "Relief: hours out of very strong heat stress",
            "Sollievo: ore fuori dallo stress da caldo molto forte",
            "Entlastung: Stunden ohne sehr starke Hitzebelastung",
        ),
        "person·h/d",
        Direction.HIGHER,
    ),
    IndicatorSpec(
        "fair_relief",
        _texts(
            "Relief, weighted by vulnerability",
            "Sollievo, pesato per vulnerabilità",
            "Entlastung, nach Verletzlichkeit gewichtet",
        ),
        "person·h/d",
        Direction.HIGHER,
    ),
    IndicatorSpec("investment", _texts("Investment", "Investimento", "Investition"), "EUR", Direction.LOWER),
    IndicatorSpec(
        "yearly_cost", _texts("Cost a year", "Costo annuo", "Kosten im Jahr"), "EUR/a", Direction.LOWER
    ),
    IndicatorSpec(
        "relief_per_1000_eur",
        _texts("Relief in a year per 1,000 €", "Sollievo annuo per 1.000 €", "Entlastung im Jahr je 1.000 €"),
        "person·h",
        Direction.HIGHER,
        1,
    ),
    IndicatorSpec(
        "hot_days",
        _texts(
            "Heat-wave days a year, last ten summers",
            "Giorni di ondata di calore l'anno, ultime dieci estati",
            "Hitzewellentage im Jahr, letzte zehn Sommer",
        ),
        "d/a",
        Direction.LOWER,
        1,
    ),
)

FIELDS = (
    FieldSpec(
        "utci",
        _texts(
            "Felt temperature, 12–18 (UTCI)",
            "Temperatura percepita, 12–18 (UTCI)",
            "Gefühlte Temperatur, 12–18 (UTCI)",
        ),
        "°C",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "stress",
        _texts(
            "Hours of strong heat stress in the day",
            "Ore di forte stress da caldo nel giorno",
            "Stunden starker Hitzebelastung am Tag",
        ),
        "h",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "air_temperature",
        _texts("Air temperature, 12–18", "Temperatura dell'aria, 12–18", "Lufttemperatur, 12–18"),
        "°C",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "surface_temperature",
        _texts(
            "Surface temperature, summer mean",
            "Temperatura del suolo, media estiva",
            "Oberflächentemperatur, Sommermittel",
        ),
        "°C",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "heat_hours",
        _texts(
            "Hours people spend in strong heat stress",
            "Ore di persone con forte stress da caldo",
            "Stunden von Menschen bei starker Hitzebelastung",
        ),
        "person·h/d",
        Direction.LOWER,
        "sum",
    ),
    FieldSpec(
        "vulnerable_hours",
        _texts("Hours of people over 65 in it", "Ore di over 65", "Stunden von Menschen über 65"),
        "person·h/d",
        Direction.LOWER,
        "sum",
    ),
    FieldSpec(
        "risk",
        _texts(
            "Risk (100: the city's mean)", "Rischio (100: media della città)", "Risiko (100: Stadtmittel)"
        ),
        "1",
        Direction.LOWER,
    ),
)

PERIOD = _texts("a heat-wave day", "un giorno di ondata di calore", "ein Hitzewellentag")

VALIDITY = _texts(
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
