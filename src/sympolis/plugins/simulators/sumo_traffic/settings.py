"""What the model declares about itself: needs, parameters, measures, indicators and fields, with "
"unit and source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import texts
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Measure, Need, Parameter
from sympolis.plugins.simulators.sumo_traffic.fleet import CLASSES, EURO_CLASSES
from sympolis.plugins.simulators.sumo_traffic.simulation import Queues

NEEDS = (
    Need(
        "roads",
        "RoadSegment",
        (
            "name",
            "location",
            "totalLaneNumber",
            "length",
            "maximumAllowedSpeed",
            "startNode",
            "endNode",
            "lanes",
            "laneConnections",
            "laneSpread",
            "priority",
            "simulated",
        ),
        optional=("name", "laneSpread", "priority", "simulated"),
    ),
    Need(
        "nodes",
        "RoadNode",
        ("location", "junctionType", "refTrafficSignal", "rightOfWay", "prohibitions"),
        optional=("rightOfWay", "prohibitions"),
    ),
    Need(
        "signals",
        "TrafficSignal",
        ("program",),
        minimum=0,
        without=texts(
            "signals run usual programmes, not the city’s",
            "i semafori seguono programmi usuali, non quelli della città",
            "Ampeln laufen mit üblichen Programmen, nicht denen der Stadt",
        ),
    ),
    Need(
        "demand",
        "TravelDemand",
        ("vehicleClass", "route", "startTime", "timeZone", "intervalMinutes", "departures", "stops"),
        optional=("stops",),
    ),
    Need(
        "counts",
        "ItemFlowObserved",
        ("intensity", "refRoadSegment"),
        minimum=0,
        history=True,
        without=texts(
            "the model is not fitted: how well it meets real traffic is not known",
            "il modello non è calibrato: non si sa quanto corrisponda al traffico reale",
            "das Modell ist nicht angepasst: Wie gut es den wirklichen Verkehr trifft, ist nicht bekannt",
        ),
    ),
)

DEMAND_SCALE = Parameter(
    "demand_scale",
    {
        "en": "Traffic against an average working day",
        "it": "Traffico rispetto a un giorno feriale medio",
        "de": "Verkehr gegenüber einem mittleren Werktag",
    },
    unit="1",
    default=1.0,
    low=0.2,
    high=1.5,
    plausible=(0.93, 1.07),
    source="Day-to-day spread of the city's loops: 5th-95th percentile of ordinary working days, "
    "January-April 2024, 08-09 (standard deviation 0.04), measured by this model's calibration",
)
INFORMED_SHARE = Parameter(
    "informed_share",
    {
        "en": "Drivers who choose a detour by live traffic",
        "it": "Conducenti che scelgono la deviazione in base al traffico",
        "de": "Fahrende, die Umwege nach Verkehrslage wählen",
    },
    unit="1",
    default=0.6,
    low=0.0,
    high=1.0,
    plausible=(0.3, 0.9),
    source="Assumption: no survey for the city; the wide range says so. The others take the shortest "
    "detour in free flow",
)
QUEUE_SOURCE = (
    "Measured against vehicle-by-vehicle runs on a whole city's network, 08-09, calibrated demand: with the three "
    "queue parameters drawn together, the quick mode's intervals enclose the thorough time lost, and its change for "
    "two of three measures on both days compared (model card). Ignored by the thorough mode"
)
TLS_FLOW_PENALTY = Parameter(
    "tls_flow_penalty",
    {
        "en": "Capacity lost at signals (quick mode)",
        "it": "Capacità persa ai semafori (modalità rapida)",
        "de": "Kapazitätsverlust an Signalen (schneller Modus)",
    },
    unit="1",
    default=1.15,
    low=0.0,
    high=2.0,
    plausible=(1.0, 1.35),
    source="SUMO's option meso-tls-flow-penalty (1: capacity falls with the green share). " + QUEUE_SOURCE,
)
TLS_PENALTY = Parameter(
    "tls_penalty",
    {
        "en": "Waiting at red (quick mode)",
        "it": "Attesa al rosso (modalità rapida)",
        "de": "Warten bei Rot (schneller Modus)",
    },
    unit="1",
    default=0.6,
    low=0.0,
    high=2.0,
    plausible=(0.45, 0.7),
    source="SUMO's option meso-tls-penalty. " + QUEUE_SOURCE,
)
JAM_THRESHOLD = Parameter(
    "jam_threshold",
    {
        "en": "How full a street is before it jams (quick mode)",
        "it": "Occupazione oltre la quale una strada si blocca (modalità rapida)",
        "de": "Belegung, ab der sich eine Straße staut (schneller Modus)",
    },
    unit="1",
    default=-0.45,
    low=-1.0,
    high=-0.1,
    plausible=(-0.8, -0.4),
    source="SUMO's option meso-jam-threshold; negative: relative to the density of free flow, nearer to zero jams "
    "later. " + QUEUE_SOURCE,
)
QUEUE_PARAMETERS = (TLS_PENALTY, TLS_FLOW_PENALTY, JAM_THRESHOLD)
PARAMETERS = (DEMAND_SCALE, INFORMED_SHARE, *QUEUE_PARAMETERS)


def queues(given: Mapping[str, Any]) -> Queues:
    """The quick mode's queue model: what is ``given``, defaults for the rest."""
    return Queues(**{p.name: float(given.get(p.name, p.default)) for p in QUEUE_PARAMETERS})


_EXEMPT_TITLE = {
    "en": "Exempt vehicle classes",
    "it": "Classi di veicoli esenti",
    "de": "Ausgenommene Fahrzeugklassen",
}


def _exempt(*default: str) -> Parameter:
    return Parameter(
        "exempt",
        _EXEMPT_TITLE,
        kind="choices",
        default=list(default),
        choices=tuple(CLASSES),
        source="Decision of the planner",
    )


CLOSE_STREET = Measure(
    "close_street",
    {
        "en": "Close to through traffic",
        "it": "Chiudere al traffico di attraversamento",
        "de": "Für den Durchgangsverkehr sperren",
    },
    {
        "en": "Only trips that start or end on the closed streets, and exempt classes, may still drive "
        "there; all others find another way.",
        "it": "Nelle strade chiuse passano solo i viaggi che vi iniziano o finiscono e le classi "
        "esenti; gli altri cercano un altro percorso.",
        "de": "Nur Fahrten, die dort beginnen oder enden, und ausgenommene Klassen dürfen hinein; alle "
        "anderen suchen einen anderen Weg.",
    },
    ("segments", "area", "polygon"),
    (
        Parameter(
            "evaporation",
            {
                "en": "Detouring trips that disappear",
                "it": "Viaggi deviati che scompaiono",
                "de": "Umfahrende Fahrten, die verschwinden",
            },
            unit="1",
            default=0.15,
            low=0.0,
            high=0.6,
            plausible=(0.05, 0.25),
            source="Of traffic that used a street before its capacity was cut, 11 % (median) to 22 % "
            "(mean of some 70 cases) was found nowhere nearby afterwards: Cairns, Atkins & Goodwin "
            "2002, Disappearing traffic? The story so far, Municipal Engineer 151(1), 13-22, DOI "
            "10.1680/muen.2002.151.1.13",
        ),
        _exempt("bus", "authorised"),
    ),
)
LIMIT_SPEED = Measure(
    "limit_speed",
    {"en": "Lower the speed limit", "it": "Abbassare il limite di velocità", "de": "Tempolimit senken"},
    {
        "en": "A lower limit on streets or in an area. Streets that are already slower stay as they are.",
        "it": "Un limite più basso su strade o in un'area. Le strade già più lente restano come sono.",
        "de": "Ein niedrigeres Limit auf Straßen oder in einem Gebiet. Bereits langsamere Straßen "
        "bleiben, wie sie sind.",
    },
    ("segments", "area", "polygon"),
    (
        Parameter(
            "speed",
            {"en": "New limit", "it": "Nuovo limite", "de": "Neues Limit"},
            unit="km/h",
            default=30.0,
            low=10.0,
            high=50.0,
            source="Decision of the planner",
        ),
        Parameter(
            "compliance",
            {
                "en": "Share of the reduction that drivers make",
                "it": "Quota della riduzione attuata da chi guida",
                "de": "Anteil der Senkung, den Fahrende umsetzen",
            },
            unit="1",
            default=0.5,
            low=0.0,
            high=1.0,
            plausible=(0.25, 0.75),
            source="Signs alone lower speeds by 4.3 km/h (adjusted) to 7.6 km/h (unadjusted) where the "
            "limit falls by 16: Bornioli et al. 2018, J. Transport & Health 11, 47-55, i.e. 0.27-0.47; "
            "upper end assumes enforcement",
        ),
    ),
)
PRICE_SOURCE = (
    "Elasticity of car trips across a cordon to their money cost, 0.70-0.85 in absolute value in "
    "Stockholm: Börjesson et al. 2012, Transport Policy 20, 1-12; lower where a charge is raised: "
    "Börjesson & Kristoffersson 2018, Transportation Research A 107, 35-51. With the default trip cost, "
    "5 EUR give -18 to -36 %; Milan's Area C (5 EUR) had about -30 %"
)
CHARGE_ENTRY = Measure(
    "charge_entry",
    {
        "en": "Charge for entering an area",
        "it": "Ticket d'ingresso a un'area",
        "de": "Gebühr für die Einfahrt in ein Gebiet",
    },
    {
        "en": "Who drives into the area pays. Some give up the trip or change mode; through traffic may "
        "also drive around it. Trips that start inside do not pay.",
        "it": "Chi entra nell'area paga. Alcuni rinunciano al viaggio o cambiano mezzo; chi attraversa "
        "può anche aggirarla. I viaggi che iniziano dentro non pagano.",
        "de": "Wer in das Gebiet fährt, zahlt. Manche verzichten auf die Fahrt oder wechseln das "
        "Verkehrsmittel; Durchgangsverkehr kann auch außen herum fahren. Fahrten mit Beginn im Gebiet "
        "zahlen nicht.",
    },
    ("area", "polygon"),
    (
        Parameter(
            "charge",
            {"en": "Charge per entry", "it": "Tariffa per ingresso", "de": "Gebühr je Einfahrt"},
            unit="EUR",
            default=5.0,
            low=0.5,
            high=50.0,
            source="Decision of the planner",
        ),
        Parameter(
            "elasticity",
            {
                "en": "Price elasticity of trips",
                "it": "Elasticità dei viaggi al prezzo",
                "de": "Preiselastizität der Fahrten",
            },
            unit="1",
            default=-0.65,
            low=-2.0,
            high=0.0,
            plausible=(-0.85, -0.4),
            source=PRICE_SOURCE,
        ),
        Parameter(
            "trip_cost",
            {
                "en": "Money cost of a trip today",
                "it": "Costo monetario di un viaggio oggi",
                "de": "Geldkosten einer Fahrt heute",
            },
            unit="EUR",
            default=7.0,
            low=1.0,
            high=30.0,
            source="Assumption: running cost and parking of a car trip into a city centre",
        ),
        Parameter(
            "detour_share",
            {
                "en": "Through trips not paying that drive around the area",
                "it": "Viaggi di attraversamento non paganti che aggirano l'area",
                "de": "Nicht zahlende Durchfahrten, die außen herum fahren",
            },
            unit="1",
            default=0.7,
            low=0.0,
            high=1.0,
            plausible=(0.5, 0.9),
            source="Assumption: for a trip with both ends outside, the way round costs minutes and the "
            "charge euros",
        ),
        Parameter(
            "exempt_share",
            {
                "en": "Exempt among entering cars (residents, disabled people)",
                "it": "Quota esente tra le auto in ingresso (residenti, disabili)",
                "de": "Befreite unter einfahrenden Autos (Anwohnende, Behinderte)",
            },
            unit="1",
            default=0.15,
            low=0.0,
            high=0.9,
            plausible=(0.1, 0.25),
            source="Assumption: to be replaced with the city's permit register",
        ),
        _exempt("bus", "authorised", "motorcycle"),
    ),
)
EXAMPLE_SOURCE = (
    "Mobility example of the public civic-digital-twins project (FBK, Apache-2.0), as in the model mobility_policy: an "
    "assumption about behaviour, no survey"
)


def _hours(
    name: str, title: tuple[str, str, str], default: float, low: float, high: float, source: str
) -> Parameter:
    en, it, de = title
    texts = {"en": en, "it": it, "de": de}
    return Parameter(name, texts, unit="h", default=default, low=low, high=high, source=source)


def _price(euro: int) -> Parameter:
    return Parameter(
        f"euro_{euro}",
        {"en": f"Charge for Euro {euro}", "it": f"Tariffa per Euro {euro}", "de": f"Gebühr für Euro {euro}"},
        unit="EUR",
        default=5.0 - 0.25 * euro,
        low=0.0,
        high=100.0,
        source="Decision of the planner",
    )


CHARGE_BY_CLASS = Measure(
    "charge_by_class",
    {
        "en": "Charge entry by emission class",
        "it": "Ticket d'ingresso per classe di emissione",
        "de": "Einfahrtgebühr nach Schadstoffklasse",
    },
    {
        "en": "Who drives into the area within the hours pays by the Euro class of the vehicle; electric "
        "vehicles do not. Some come earlier or later, drive around, take another mode or give up.",
        "it": "Chi entra nell'area nelle ore indicate paga secondo la classe Euro; i veicoli elettrici non "
        "pagano. Alcuni anticipano o posticipano, aggirano l'area, cambiano mezzo o rinunciano.",
        "de": "Wer in den Stunden in das Gebiet fährt, zahlt nach der Euro-Klasse; Elektrofahrzeuge zahlen "
        "nicht. Manche kommen früher oder später, fahren außen herum, steigen um oder verzichten.",
    },
    ("area", "polygon"),
    (
        *(_price(euro) for euro in range(EURO_CLASSES)),
        _hours(
            "start",
            ("From", "Dalle", "Von"),
            7.5,
            0.0,
            23.5,
            "Decision of the planner; 7.5 is half past seven",
        ),
        _hours("end", ("Until", "Alle", "Bis"), 19.5, 0.5, 24.0, "Decision of the planner"),
        Parameter(
            "p50_cost",
            {
                "en": "Charge at which half of the drivers give in",
                "it": "Tariffa alla quale cede metà di chi guida",
                "de": "Gebühr, bei der die Hälfte nachgibt",
            },
            unit="EUR",
            default=7.5,
            low=0.5,
            high=50.0,
            plausible=(4.0, 11.0),
            source=EXAMPLE_SOURCE,
        ),
        _hours(
            "p50_anticipating",
            (
                "Hours after the start at which half would come before it",
                "Ore dopo l'inizio entro cui metà anticiperebbe",
                "Stunden nach Beginn, bei denen die Hälfte früher käme",
            ),
            0.5,
            0.05,
            6.0,
            EXAMPLE_SOURCE,
        ),
        _hours(
            "p50_anticipation",
            (
                "How early half of them come",
                "Di quanto anticipa metà di loro",
                "Wie viel früher die Hälfte kommt",
            ),
            0.25,
            0.05,
            6.0,
            EXAMPLE_SOURCE,
        ),
        _hours(
            "p50_postponing",
            (
                "Hours before the end at which half would come after it",
                "Ore prima della fine entro cui metà posticiperebbe",
                "Stunden vor Ende, bei denen die Hälfte später käme",
            ),
            0.8,
            0.05,
            6.0,
            EXAMPLE_SOURCE,
        ),
        _hours(
            "p50_postponement",
            (
                "How late half of them come",
                "Di quanto posticipa metà di loro",
                "Wie viel später die Hälfte kommt",
            ),
            0.5,
            0.05,
            6.0,
            EXAMPLE_SOURCE,
        ),
        *(p for p in CHARGE_ENTRY.parameters if p.name in ("detour_share", "exempt_share", "exempt")),
    ),
)
RESTRICT_ENTRY = Measure(
    "restrict_entry",
    {
        "en": "Allow entry for permit holders only",
        "it": "Consentire l'ingresso solo agli autorizzati",
        "de": "Einfahrt nur mit Berechtigung",
    },
    {
        "en": "Only exempt classes and permit holders may drive into the area. Through traffic drives "
        "around it, trips that end inside are not made by car.",
        "it": "Entrano solo le classi esenti e gli autorizzati. Chi attraversa aggira l'area, i viaggi "
        "diretti all'interno non si fanno in auto.",
        "de": "Nur ausgenommene Klassen und Berechtigte dürfen einfahren. Durchgangsverkehr fährt außen "
        "herum, Fahrten mit Ziel im Gebiet werden nicht mit dem Auto gemacht.",
    },
    ("area", "polygon"),
    (
        Parameter(
            "permit_share",
            {
                "en": "Permit holders among entering cars",
                "it": "Autorizzati tra le auto in ingresso",
                "de": "Berechtigte unter einfahrenden Autos",
            },
            unit="1",
            default=0.3,
            low=0.0,
            high=1.0,
            plausible=(0.2, 0.45),
            source="Assumption: to be replaced with the city's permit register",
        ),
        _exempt("bus", "authorised", "motorcycle"),
    ),
)
MEASURES = (CLOSE_STREET, LIMIT_SPEED, CHARGE_ENTRY, CHARGE_BY_CLASS, RESTRICT_ENTRY)

INDICATORS = (
    IndicatorSpec(
        "vehicle_km",
        {"en": "Distance driven", "it": "Distanza percorsa", "de": "Gefahrene Strecke"},
        "km",
        Direction.NEUTRAL,
    ),
    IndicatorSpec(
        "vehicles_entered",
        {"en": "Vehicles under way", "it": "Veicoli in viaggio", "de": "Fahrzeuge unterwegs"},
        "veh",
        Direction.NEUTRAL,
    ),
    IndicatorSpec(
        "mean_speed",
        {"en": "Mean speed", "it": "Velocità media", "de": "Mittlere Geschwindigkeit"},
        "km/h",
        Direction.NEUTRAL,
        1,
    ),
    IndicatorSpec(
        "total_delay",
        {
            "en": "Time lost by all vehicles",
            "it": "Tempo perso da tutti i veicoli",
            "de": "Zeitverlust aller Fahrzeuge",
        },
        "veh·h",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "delay_per_vehicle",
        {"en": "Time lost per vehicle", "it": "Tempo perso per veicolo", "de": "Zeitverlust je Fahrzeug"},
        "s",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "reach",
        {
            "en": "Streets within five minutes by car, on average",
            "it": "Strade entro cinque minuti d'auto, in media",
            "de": "Straßen in fünf Autominuten, im Mittel",
        },
        "km",
        Direction.HIGHER,
        2,
    ),
    IndicatorSpec(
        "co2", {"en": "CO₂ emitted", "it": "CO₂ emessa", "de": "CO₂-Ausstoß"}, "kg", Direction.LOWER
    ),
    IndicatorSpec(
        "nox",
        {"en": "Nitrogen oxides emitted", "it": "Ossidi di azoto emessi", "de": "Stickoxid-Ausstoß"},
        "kg",
        Direction.LOWER,
        2,
    ),
    IndicatorSpec(
        "trips_rerouted",
        {
            "en": "Trips on another route",
            "it": "Viaggi su un altro percorso",
            "de": "Fahrten auf anderem Weg",
        },
        "veh",
        Direction.NEUTRAL,
    ),
    IndicatorSpec(
        "trips_not_made",
        {
            "en": "Car trips given up or driven elsewhere",
            "it": "Viaggi in auto rinunciati o fatti altrove",
            "de": "Autofahrten unterlassen oder anderswo",
        },
        "veh",
        Direction.NEUTRAL,
    ),
    IndicatorSpec(
        "trips_shifted",
        {"en": "Trips at another time", "it": "Viaggi in altro orario", "de": "Fahrten zu anderer Zeit"},
        "veh",
        Direction.NEUTRAL,
    ),
    IndicatorSpec(
        "revenue",
        {"en": "Public revenue", "it": "Entrate pubbliche", "de": "Öffentliche Einnahmen"},
        "EUR",
        Direction.HIGHER,
    ),
)

FIELDS = (
    FieldSpec("flow", {"en": "Flow", "it": "Flusso", "de": "Verkehrsstärke"}, "veh/h"),
    FieldSpec("speed", {"en": "Speed", "it": "Velocità", "de": "Geschwindigkeit"}, "km/h"),
    FieldSpec(
        "delay",
        {"en": "Time lost per vehicle", "it": "Tempo perso per veicolo", "de": "Zeitverlust je Fahrzeug"},
        "s",
        Direction.LOWER,
    ),
    FieldSpec(
        "reach",
        {
            "en": "Streets within five minutes by car",
            "it": "Strade entro cinque minuti d'auto",
            "de": "Straßen in fünf Autominuten",
        },
        "km",
        Direction.HIGHER,
        over_area="mean",
    ),
    FieldSpec(
        "vehicle_km",
        {"en": "Distance driven", "it": "Distanza percorsa", "de": "Gefahrene Strecke"},
        "veh·km/h",
    ),
    FieldSpec("co2", {"en": "CO₂ emitted", "it": "CO₂ emessa", "de": "CO₂-Ausstoß"}, "kg/h", Direction.LOWER),
    FieldSpec(
        "nox",
        {"en": "Nitrogen oxides emitted", "it": "Ossidi di azoto emessi", "de": "Stickoxid-Ausstoß"},
        "g/h",
        Direction.LOWER,
    ),
)

QUICK_ANSWER = (
    "quick answer, not confirmed vehicle by vehicle: where both were compared, thorough runs found about a quarter "
    "more time lost and half as much CO₂ again, and changes of time lost that differed by tens of percentage points on "
    "the same day; run it as a job before deciding"
)

VALIDITY = {
    "en": "Compares measures for motor traffic on the modelled streets on an ordinary working day. "
    "Calibrated for the demand's own hour; other hours follow the loops' day profile and are less "
    "certain. Not for single vehicles, junction design, crashes, noise, or traffic outside the modelled "
    "streets: drivers who would avoid the whole area are not modelled. In the quick mode, time lost and "
    "emissions are lower than in the thorough one (emissions by a third: vehicles do not accelerate "
    "there): compare, do not report. How queues grow at signals is not known well enough: the quick mode's "
    "intervals include that and often leave the sign of a change open. Run a proposal thoroughly before "
    "deciding.",
    "it": "Confronta misure per il traffico motorizzato nelle strade modellate in un giorno feriale "
    "ordinario. Calibrato per l'ora della domanda; le altre ore seguono il profilo delle spire e sono "
    "meno certe. Non adatto a singoli veicoli, progetto di incroci, incidenti, rumore o traffico fuori "
    "dalle strade modellate: chi eviterebbe l'intera area non è modellato. Nella modalità rapida il "
    "tempo perso e le emissioni sono più bassi che in quella approfondita (le emissioni di un terzo: i "
    "veicoli non accelerano): confrontare, non rendicontare. Come crescono le code ai semafori non è noto "
    "abbastanza bene: gli intervalli della modalità rapida ne tengono conto e spesso lasciano aperto il "
    "segno di una variazione. Prima di decidere, eseguire quella approfondita.",
    "de": "Vergleicht Maßnahmen für den Kfz-Verkehr auf den modellierten Straßen an einem gewöhnlichen "
    "Werktag. Kalibriert für die Stunde der Nachfrage; andere Stunden folgen dem Tagesgang der "
    "Zählschleifen und sind unsicherer. Nicht für einzelne Fahrzeuge, Knotenpunktentwurf, Unfälle, Lärm "
    "oder Verkehr außerhalb der modellierten Straßen: wer das ganze Gebiet meiden würde, kommt nicht "
    "vor. Im schnellen Modus sind Zeitverlust und Emissionen niedriger als im gründlichen (Emissionen um "
    "ein Drittel: Fahrzeuge beschleunigen dort nicht): vergleichen, nicht berichten. Wie Rückstaus an "
    "Signalen wachsen, ist nicht genau genug bekannt: Die Intervalle des schnellen Modus enthalten das und "
    "lassen das Vorzeichen einer Änderung oft offen. Vor einer Entscheidung gründlich rechnen.",
}
