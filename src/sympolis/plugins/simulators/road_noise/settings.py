"""What the model declares about itself: needs, parameters, measures, indicators and fields, with unit and source."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import texts
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Measure, Need, Parameter

FED = Need(
    "traffic",
    "RoadSegment",
    ("flow", "speed"),
    minimum=0,
    linked=True,
    units={"flow": "veh/h", "speed": "km/h"},
)
"""Another model's traffic, where a service chains one before this; without it, the demand's own."""
NEEDS = (
    FED,
    Need(
        "roads", "RoadSegment", ("name", "location", "length", "maximumAllowedSpeed", "startNode", "endNode")
    ),
    Need(
        "nodes",
        "RoadNode",
        ("location", "refTrafficSignal"),
        minimum=0,
        without=texts(
            "braking and starting at signals is not heard",
            "frenate e ripartenze ai semafori non si sentono",
            "Bremsen und Anfahren an Ampeln ist nicht zu hören",
        ),
    ),
    Need(
        "demand",
        "TravelDemand",
        ("vehicleClass", "route", "startTime", "timeZone", "intervalMinutes", "departures"),
    ),
    Need(
        "counts",
        "ItemFlowObserved",
        ("intensity", "refRoadSegment"),
        minimum=0,
        history=True,
        without=texts(
            "the course of the day is a usual one, not the city’s",
            "l’andamento del giorno è quello usuale, non della città",
            "der Tagesgang ist ein üblicher, nicht der der Stadt",
        ),
    ),
    Need(
        "areas",
        "StatisticalArea",
        ("location", "population"),
        minimum=0,
        without=texts(
            "how many residents hear it is not known",
            "non si sa quanti residenti lo sentano",
            "wie viele Menschen es hören, ist nicht bekannt",
        ),
    ),
)


def _texts(en: str, it: str, de: str) -> dict[str, str]:
    return {"en": en, "it": it, "de": de}


DEMAND_SCALE = Parameter(
    "demand_scale",
    _texts(
        "Traffic against an average working day",
        "Traffico rispetto a un giorno feriale medio",
        "Verkehr gegenüber einem mittleren Werktag",
    ),
    unit="1",
    default=1.0,
    low=0.2,
    high=2.0,
    plausible=(0.93, 1.07),
    source="Day-to-day spread of a city's counting loops, January-April 2024 (model card of sumo_traffic)",
)
DRIVEN = Parameter(
    "driven_share",
    _texts(
        "Speed driven against the limit, until 50 km/h",
        "Velocità effettiva rispetto al limite",
        "Gefahrene Geschwindigkeit gegenüber dem Limit",
    ),
    unit="1",
    default=0.75,
    low=0.3,
    high=1.1,
    plausible=(0.55, 0.95),
    source="Assumption: between the traffic model's mean in the morning peak (15-27 km/h on streets limited "
    "to 50) and free flow; streets of 30 km/h are driven closer to the limit, see the model card",
)
DISTANCE = Parameter(
    "facade_distance",
    _texts("Street axis to façade", "Dall'asse stradale alla facciata", "Straßenachse bis Fassade"),
    unit="m",
    default=10.0,
    low=3.0,
    high=60.0,
    plausible=(6.0, 16.0),
    source="Assumption for want of building footprints: streets 12 to 32 m wide between façades",
)
CANYON = Parameter(
    "canyon",
    _texts("Reflections between façades", "Riflessioni tra le facciate", "Reflexionen zwischen den Fassaden"),
    unit="dB",
    default=2.0,
    low=0.0,
    high=6.0,
    plausible=(0.5, 3.5),
    source="Assumption: the opposite façade as a mirror adds up to 3 dB to a line source in a narrow street",
)
TEMPERATURE = Parameter(
    "temperature",
    _texts("Yearly mean temperature", "Temperatura media annua", "Jahresmitteltemperatur"),
    unit="°C",
    default=15.0,
    low=-10.0,
    high=35.0,
    source="Of the place; 0.08 dB less rolling noise of cars per kelvin (equation 2.2.10). 15 is that of "
    "the Po valley",
)


def _hour(name: str, title: dict[str, str], default: int) -> Parameter:
    source = "Directive 2002/49/EC, Annex I, default; member states may choose others (Italy 6, 20 and 22)"
    return Parameter(name, title, kind="integer", unit="h", default=default, low=0, high=23, source=source)


DAY = _hour("day_start", _texts("Day begins", "Inizio del giorno", "Tag beginnt"), 7)
EVENING = _hour("evening_start", _texts("Evening begins", "Inizio della sera", "Abend beginnt"), 19)
NIGHT = _hour("night_start", _texts("Night begins", "Inizio della notte", "Nacht beginnt"), 23)
DEPTH = Parameter(
    "inhabited_depth",
    _texts(
        "Depth behind the façade that is inhabited at the street",
        "Profondità abitata sul fronte strada",
        "Bewohnte Tiefe hinter der Fassade",
    ),
    unit="m",
    default=15.0,
    low=2.0,
    high=60.0,
    plausible=(10.0, 20.0),
    source="Assumption: one building's depth; people live as densely along the street as in their area on "
    "average",
)
WEIGHT = Parameter(
    "annoyance_weight",
    _texts(
        "Part of a healthy year that being highly annoyed takes",
        "Parte di un anno in salute persa da chi è molto disturbato",
        "Anteil eines gesunden Jahres, den starke Belästigung nimmt",
    ),
    unit="1",
    default=0.02,
    low=0.0,
    high=0.2,
    plausible=(0.01, 0.03),
    source="WHO 2011, Burden of disease from environmental noise: 0.02, in the literature 0.01 to 0.12; the range is "
    "kept symmetric about 0.02",
)
LIFE_YEAR = Parameter(
    "life_year_value",
    _texts("Value of a healthy year", "Valore di un anno in salute", "Wert eines gesunden Jahres"),
    unit="EUR",
    default=40000.0,
    low=0.0,
    high=500000.0,
    plausible=(25000.0, 100000.0),
    source="Asked in nine European countries: 40,000 recommended, at least 25,000 and at most 100,000 (Desaigues et "
    "al. 2011, Ecological Indicators 11, 902–910)",
)
PARAMETERS = (
    DEMAND_SCALE, DRIVEN, DISTANCE, CANYON, DEPTH, TEMPERATURE, DAY, EVENING, NIGHT, WEIGHT, LIFE_YEAR,
)  # fmt: skip

TARGETS = ("segments", "area", "polygon")
LIMIT = Measure(
    "limit_speed",
    _texts("Lower the speed limit", "Abbassare il limite di velocità", "Tempolimit senken"),
    _texts(
        "A lower limit on streets or in an area. Streets that are already slower stay as they are.",
        "Un limite più basso su strade o in un'area. Le strade già più lente restano come sono.",
        "Ein niedrigeres Limit auf Straßen oder in einem Gebiet. Bereits langsamere bleiben, wie sie sind.",
    ),
    TARGETS,
    (
        Parameter(
            "speed",
            _texts("New limit", "Nuovo limite", "Neues Limit"),
            unit="km/h",
            default=30.0,
            low=10.0,
            high=90.0,
            source="Decision of the planner",
        ),
        Parameter(
            "compliance",
            _texts(
                "Share of the reduction that drivers make",
                "Quota della riduzione attuata da chi guida",
                "Anteil der Senkung, den Fahrende umsetzen",
            ),
            unit="1",
            default=0.5,
            low=0.0,
            high=1.0,
            plausible=(0.25, 0.75),
            source="Bornioli et al. 2018, J. Transport & Health 11, 47-55 (0.27-0.47 by signs alone); upper "
            "end assumes enforcement",
        ),
    ),
)
TRAFFIC = Measure(
    "change_traffic",
    _texts("More or less car traffic", "Più o meno traffico di auto", "Mehr oder weniger Autoverkehr"),
    _texts(
        "What a charge, a closure or a zone does to the number of cars, as another model found it. Buses, "
        "lorries and motorcycles stay.",
        "L'effetto di un ticket, di una chiusura o di una zona sul numero di auto, trovato da un altro "
        "modello. Bus, camion e moto restano.",
        "Was eine Gebühr, eine Sperrung oder eine Zone an der Zahl der Autos ändert, wie ein anderes Modell "
        "es fand. Busse, Lkw und Motorräder bleiben.",
    ),
    TARGETS,
    (
        Parameter(
            "change",
            _texts("Change of car traffic", "Variazione del traffico", "Änderung des Autoverkehrs"),
            unit="%",
            default=-20.0,
            low=-100.0,
            high=200.0,
            source="Result of a traffic or behaviour model, or decision of the planner",
        ),
    ),
)
SURFACE = Measure(
    "quiet_surface",
    _texts("Lay a quiet surface", "Posare un asfalto silenzioso", "Leisen Asphalt einbauen"),
    _texts(
        "A thin quiet layer (type B of the Directive's table F-4), as new. Its figures hold from 40 km/h on; "
        "below it does less than this model says.",
        "Uno strato sottile silenzioso (tipo B della tabella F-4 della direttiva), come nuovo. I valori "
        "valgono da 40 km/h; sotto, l'effetto è minore di quanto dice il modello.",
        "Eine dünne leise Schicht (Typ B in Tabelle F-4 der Richtlinie), wie neu. Die Werte gelten ab 40 "
        "km/h; darunter bewirkt sie weniger, als dieses Modell sagt.",
    ),
    TARGETS,
)
MEASURES = (LIMIT, TRAFFIC, SURFACE)


def _people(name: str, title: dict[str, str]) -> IndicatorSpec:
    return IndicatorSpec(name, title, "persons", Direction.LOWER)


INDICATORS = (
    _people(
        "people_lden_55",
        _texts(
            "People at façades above Lden 55 dB",
            "Persone in facciata oltre 55 dB Lden",
            "Menschen an Fassaden über Lden 55 dB",
        ),
    ),
    _people(
        "people_lden_65",
        _texts(
            "People at façades above Lden 65 dB",
            "Persone in facciata oltre 65 dB Lden",
            "Menschen an Fassaden über Lden 65 dB",
        ),
    ),
    _people(
        "people_lnight_50",
        _texts(
            "People at façades above Lnight 50 dB",
            "Persone in facciata oltre 50 dB Lnight",
            "Menschen an Fassaden über Lnight 50 dB",
        ),
    ),
    _people(
        "highly_annoyed",
        _texts("People highly annoyed", "Persone molto disturbate", "Stark belästigte Menschen"),
    ),
    IndicatorSpec(
        "lden_mean",
        _texts(
            "Mean Lden where people live",
            "Lden medio dove si abita",
            "Mittlerer Lden, wo Menschen wohnen",
        ),
        "dB",
        Direction.LOWER,
        1,
    ),
    IndicatorSpec(
        "life_years",
        _texts(
            "Healthy years lost to annoyance in a year",
            "Anni in salute persi per disturbo in un anno",
            "Durch Belästigung verlorene gesunde Jahre im Jahr",
        ),
        "1",
        Direction.LOWER,
        1,
    ),
    IndicatorSpec(
        "health_cost",
        _texts(
            "Value of the healthy years lost",
            "Valore degli anni in salute persi",
            "Wert der verlorenen gesunden Jahre",
        ),
        "EUR/a",
        Direction.LOWER,
    ),
)
FIELDS = (
    FieldSpec(
        "sound_power",
        _texts("Sound power of the street", "Potenza sonora della strada", "Schallleistung der Straße"),
        "dB(A)/m",
        Direction.LOWER,
    ),
    FieldSpec(
        "level",
        _texts("Level at the façade", "Livello in facciata", "Pegel an der Fassade"),
        "dB(A)",
        Direction.LOWER,
        over_area="mean",
    ),
)

VALIDITY = _texts(
    "Compares measures along the modelled streets by the European source model; the level at the façade is a "
    "declared simplification (one distance, one reflection term, no screening, no other streets behind) and "
    "was compared with no measurement in this city: read differences, not absolute levels, and no single "
    "house. Not a strategic noise map, not for railways, aircraft or industry.",
    "Confronta misure lungo le strade modellate con il modello europeo di sorgente; il livello in facciata è "
    "una semplificazione dichiarata (una distanza, un termine di riflessione, nessuna schermatura, "
    "nessun'altra strada dietro) e non è stato confrontato con misure in questa città: leggere le differenze,"
    " non i livelli assoluti né la singola casa. Non è una mappa acustica strategica, né vale per ferrovie, "
    "aerei o industria.",
    "Vergleicht Maßnahmen entlang der modellierten Straßen mit dem europäischen Quellmodell; der Pegel an der"
    " Fassade ist eine erklärte Vereinfachung (ein Abstand, ein Reflexionsterm, keine Abschirmung, keine "
    "Straßen dahinter) und wurde in dieser Stadt mit keiner Messung verglichen: Unterschiede lesen, keine "
    "absoluten Pegel und kein einzelnes Haus. Keine strategische Lärmkarte, nicht für Bahn, Flugzeuge oder "
    "Gewerbe.",
)
