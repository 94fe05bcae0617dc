"""What the model declares about itself: needs, parameters, the period it stands for and its limits."""

from __future__ import annotations

from sympolis.plugins.declaring import PLANNER, number, texts
from sympolis.plugins.simulator import Need, Parameter
from sympolis.plugins.simulators.facility_network import travel

AREAS, SITES, SQUARES, STOPS, DEMAND = "areas", "sites", "squares", "stops", "demand"

NEEDS = (
    Need(AREAS, "StatisticalArea", ("name", "location", "code", "populationUnder15", "childPoverty")),
    Need(SITES, "CareFacility", ("name", "location", "capacity"), minimum=1),
    Need(
        SQUARES,
        "PopulationSquare",
        ("location", "areaCode", "residentShare"),
        minimum=0,
        without=texts(
            "each area is a single point: ways within it are not measured",
            "ogni area è un solo punto: i percorsi al suo interno non si misurano",
            "jedes Gebiet ist ein einziger Punkt: Wege darin werden nicht gemessen",
        ),
        proxies={"residentShare": ("surfaceShare",)},
    ),
    Need(
        STOPS,
        "PublicTransportStop",
        ("location",),
        minimum=0,
        without=texts(
            "nobody rides: ways by public transport are not counted",
            "nessuno usa i mezzi: i percorsi con il trasporto pubblico non contano",
            "niemand fährt: Wege mit Bus und Bahn zählen nicht",
        ),
    ),
    Need(
        DEMAND,
        "StatisticalArea",
        ("young", "older"),
        linked=True,
        units={"young": "1", "older": "1"},
    ),
)

ASSUMED = "Assumption, to be replaced with the city's own figure"

MODE = Parameter(
    "mode",
    texts("How children get there", "Come ci si va", "Womit man hinkommt"),
    "choice",
    default=travel.TRANSIT,
    choices=travel.MODES,
    source="The legal entitlement names no mode. Straight lines with a detour: no road network or timetable is read",
)
LIMIT = number(
    "limit_min",
    texts("Longest acceptable way", "Tragitto massimo accettabile", "Längster zumutbarer Weg"),
    "min",
    30.0,
    (5.0, 90.0),
    "Target of a city of Connected Urban Twins: places within 30 minutes (Kitanetzplanung); the law (SGB VIII "
    "§ 24) names no "
    "minutes",
)
WALK = number(
    "walk_kmh",
    texts("Walking with a small child", "A piedi con un bambino piccolo", "Gehen mit kleinem Kind"),
    "km/h",
    4.0,
    (2.0, 6.0),
    ASSUMED + ": adults walk 4.5 to 5 km/h, with a child slower",
    (3.5, 4.5),
)
DETOUR = number(
    "detour",
    texts("Way per straight line", "Percorso rispetto alla linea d'aria", "Weg je Luftlinie"),
    "1",
    1.3,
    (1.0, 2.0),
    "1.2 to 1.4 in towns; 1.42 as a mean of roads (Boscoe et al. 2012, DOI 10.1080/00330124.2011.583586)",
    (1.2, 1.42),
)
RIDE = number(
    "ride_kmh",
    texts("Bus and tram, stops included", "Autobus e tram, fermate incluse", "Bus und Bahn mit Halten"),
    "km/h",
    18.0,
    (8.0, 40.0),
    ASSUMED + ": usual commercial speed of trams and buses in cities; no timetable is in the twin",
    (14.0, 21.0),
)
WAIT = number(
    "wait_min",
    texts("Waiting and boarding", "Attesa e salita", "Warten und Einsteigen"),
    "min",
    5.0,
    (0.0, 30.0),
    ASSUMED + ": half a headway of ten minutes; changes are not counted",
    (4.0, 9.0),
)
CAR = number(
    "car_kmh",
    texts("Car, door to door", "Auto, da porta a porta", "Auto, von Tür zu Tür"),
    "km/h",
    24.0,
    (5.0, 60.0),
    ASSUMED,
    (18.0, 30.0),
)
PARKING = number(
    "parking_min",
    texts("Parking and buckling up", "Parcheggio e seggiolino", "Parken und Anschnallen"),
    "min",
    4.0,
    (0.0, 20.0),
    ASSUMED,
    (3.0, 6.0),
)
KNOWN_TOTAL = number(
    "known_total",
    texts(
        "Places of the whole network, where published (0: unknown)",
        "Posti dell'intera rete, se pubblicati (0: ignoti)",
        "Plätze des ganzen Netzes, wo veröffentlicht (0: unbekannt)",
    ),
    "1",
    0.0,
    (0.0, 1_000_000.0),
    "The city's own figure; what it leaves for sites without a figure is shared among them",
)
TOTAL_ERROR = number(
    "total_error",
    texts("That figure is off by", "Scarto di quel totale", "Abweichung dieser Zahl"),
    "%",
    0.0,
    (-30.0, 30.0),
    ASSUMED + ": places licensed, run and open to this age differ by a few per cent",
    (-4.0, 4.0),
)
PLACES_UNKNOWN = number(
    "places_unknown",
    texts(
        "Places of a site without a figure, if no total is known",
        "Posti di una sede senza dato, se il totale è ignoto",
        "Plätze einer Einrichtung ohne Angabe, wenn keine Summe bekannt ist",
    ),
    "1",
    95.0,
    (5.0, 600.0),
    ASSUMED + ": a large city, 2025: 32,731 places less those of 71 sites with a figure, over the other 240",
    (75.0, 120.0),
)
SPREAD = number(
    "spread",
    texts(
        "How much such sites differ (log standard deviation)",
        "Quanto differiscono tali sedi (dev. std. log)",
        "Wie sehr sich solche Einrichtungen unterscheiden (log. Streuung)",
    ),
    "1",
    0.45,
    (0.0, 1.5),
    "71 sites of a large city with a figure in OpenStreetMap: 0.44",
)
MISSING_PLACE = number(
    "missing_place_eur",
    texts(
        "A child without a place costs, per year",
        "Costo annuo di un bambino senza posto",
        "Ein Kind ohne Platz kostet im Jahr",
    ),
    "EUR/a",
    12_000.0,
    (0.0, 60_000.0),
    ASSUMED + ": a parent's part-time earnings, for which a municipality can be liable (BGH, III ZR 278/15)",
)
IDLE_PLACE = number(
    "idle_place_eur",
    texts(
        "A place that nobody needs costs, per year",
        "Costo annuo di un posto inutilizzato",
        "Ein Platz, den niemand braucht, kostet im Jahr",
    ),
    "EUR/a",
    5_000.0,
    (0.0, 40_000.0),
    ASSUMED + ": staff and rooms that cannot be given up at once",
)
DEMAND_SPREAD = number(
    "demand_spread",
    texts(
        "How far an area's children may be off",
        "Incertezza sui bambini di un'area",
        "Unsicherheit der Kinderzahl eines Gebiets",
    ),
    "1",
    0.13,
    (0.0, 1.0),
    "Forecasts five years ahead for a large city's areas, back-test: city 0.10, area 0.08 (log standard deviations)",
)
LARGE = number(
    "large_places",
    texts("A site counts as large from", "Una sede è grande da", "Eine Einrichtung gilt als groß ab"),
    "1",
    150.0,
    (20.0, 500.0),
    PLANNER,
)
NEAR = number(
    "near_min",
    texts("A site is near within", "Una sede è vicina entro", "Eine Einrichtung ist nah bis"),
    "min",
    15.0,
    (3.0, 30.0),
    PLANNER + "; on foot, as in a city of 15 minutes",
)
PARAMETERS = (
    MODE,
    LIMIT,
    WALK,
    DETOUR,
    RIDE,
    WAIT,
    CAR,
    PARKING,
    KNOWN_TOTAL,
    TOTAL_ERROR,
    PLACES_UNKNOWN,
    SPREAD,
    MISSING_PLACE,
    IDLE_PLACE,
    DEMAND_SPREAD,
    LARGE,
    NEAR,
)

PERIOD = texts(
    "31 December of a year to come", "31 dicembre di un anno a venire", "31. Dezember eines kommenden Jahres"
)
VALIDITY = texts(
    "Compares networks of sites: who can have a place within reach, how far, where places are missing or "
    "idle. Children are "
    "allocated as well as they could be; families choose otherwise, so that coverage is an upper and travel a "
    "lower bound. "
    "Ways are straight lines with a detour. Places of sites without a figure are drawn, not known. One kind "
    "of place: not for "
    "age groups within a site, opening hours, staff, or single applications.",
    "Confronta reti di sedi: chi può avere un posto raggiungibile, quanto lontano, dove i posti mancano o "
    "avanzano. I bambini "
    "sono assegnati nel modo migliore possibile; le famiglie scelgono diversamente: la copertura è un limite "
    "superiore, il "
    "tragitto uno inferiore. I percorsi sono linee d'aria con una deviazione. I posti delle sedi senza dato "
    "sono estratti, non "
    "noti. Un solo tipo di posto: non per fasce d'età, orari, personale o singole domande.",
    "Vergleicht Netze von Einrichtungen: wer einen erreichbaren Platz haben kann, wie weit, wo Plätze fehlen "
    "oder leer stehen. "
    "Kinder werden so gut verteilt, wie es ginge; Familien wählen anders: Abdeckung ist eine Ober-, Weg eine "
    "Untergrenze. Wege "
    "sind Luftlinien mit Umweg. Plätze von Einrichtungen ohne Angabe sind gezogen, nicht bekannt. Eine Art "
    "Platz: nicht für "
    "Altersgruppen, Öffnungszeiten, Personal oder einzelne Anmeldungen.",
)
