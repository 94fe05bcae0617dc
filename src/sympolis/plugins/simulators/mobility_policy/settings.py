"""What the model declares about itself: needs, parameters, measures, indicators and fields, with unit and source."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import texts
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec, Measure, Need, Parameter

CLASSES = 7
"""Euro 0 to Euro 6, the classes by which entry is charged."""

NEEDS = (
    Need("cordon", "TrafficCordon", ("name", "hourlyInflow", "hourlyStarting", "timeZone")),
    Need(
        "zones",
        "TrafficZone",
        ("name", "location", "hourlyInflow", "hourlyInflowFromOutside", "hourlyStarting", "hourlyVehicles"),
        minimum=2,
    ),
    Need(
        "counts",
        "ItemFlowObserved",
        ("intensity",),
        minimum=0,
        history=True,
        without=texts(
            "the model is not fitted: how well it meets real traffic is not known",
            "il modello non è calibrato: non si sa quanto corrisponda al traffico reale",
            "das Modell ist nicht angepasst: Wie gut es den wirklichen Verkehr trifft, ist nicht bekannt",
        ),
    ),
    Need("fleet", "FleetClass", ("euroClass", "fleetShare", "noxPerKm"), minimum=1),
)

EXAMPLE = (
    "Mobility example of the public civic-digital-twins project (FBK, Apache-2.0): an assumption about "
    "behaviour, no survey"
)


def _number(
    name: str,
    title: tuple[str, str, str],
    unit: str,
    default: float,
    bounds: tuple[float, float],
    source: str,
) -> Parameter:
    return Parameter(
        name, _texts(*title), unit=unit, default=default, low=bounds[0], high=bounds[1], source=source
    )


def _texts(en: str, it: str, de: str) -> dict[str, str]:
    return {"en": en, "it": it, "de": de}


P50_COST = Parameter(
    "p50_cost",
    _texts(
        "Charge at which half of the drivers give in",
        "Tariffa alla quale cede metà di chi guida",
        "Gebühr, bei der die Hälfte nachgibt",
    ),
    unit="EUR",
    default=7.5,
    low=0.5,
    high=50.0,
    plausible=(4.0, 11.0),
    source=EXAMPLE
    + "; uniform between 4 and 11 EUR. At 5 EUR that is 27 to 58 % giving in; Milan's Area C (5 EUR) "
    "had about 30 % fewer vehicles",
)
P50_ANTICIPATING = _number(
    "p50_anticipating",
    (
        "Hours after the start at which half would come before it",
        "Ore dopo l'inizio entro cui metà anticiperebbe",
        "Stunden nach Beginn, bei denen die Hälfte früher käme",
    ),
    "h",
    0.5,
    (0.05, 6.0),
    EXAMPLE,
)
P50_ANTICIPATION = _number(
    "p50_anticipation",
    (
        "How early half of them come",
        "Di quanto anticipa metà di loro",
        "Wie viel früher die Hälfte davon kommt",
    ),
    "h",
    0.25,
    (0.05, 6.0),
    EXAMPLE,
)
P50_POSTPONING = _number(
    "p50_postponing",
    (
        "Hours before the end at which half would come after it",
        "Ore prima della fine entro cui metà posticiperebbe",
        "Stunden vor Ende, bei denen die Hälfte später käme",
    ),
    "h",
    0.8,
    (0.05, 6.0),
    EXAMPLE,
)
P50_POSTPONEMENT = _number(
    "p50_postponement",
    (
        "How late half of them come",
        "Di quanto posticipa metà di loro",
        "Wie viel später die Hälfte davon kommt",
    ),
    "h",
    0.5,
    (0.05, 6.0),
    EXAMPLE,
)
MODE_SHARE = Parameter(
    "mode_share",
    _texts(
        "Of those who stay away by car: taking another mode",
        "Di chi non entra in auto: passa a un altro mezzo",
        "Von denen, die nicht mehr mit dem Auto kommen: steigen um",
    ),
    unit="1",
    default=0.45,
    low=0.0,
    high=0.7,
    plausible=(0.3, 0.6),
    source="Assumption for want of a local survey. Stockholm's trial of 2006 saw suppressed work trips go "
    "mostly to public transport, other trips hardly: Eliasson et al. 2009, Transportation Research A "
    "43, 240-250, DOI 10.1016/j.tra.2008.09.007",
)
AROUND_SHARE = Parameter(
    "around_share",
    _texts(
        "Of those who stay away by car: driving around the area",
        "Di chi non entra in auto: aggira l'area",
        "Von denen, die nicht mehr mit dem Auto kommen: fahren außen herum",
    ),
    unit="1",
    default=0.15,
    low=0.0,
    high=0.3,
    plausible=(0.05, 0.25),
    source="Assumption: only through traffic can. The traffic model (SUMO) finds out which streets they take",
)
STAY = Parameter(
    "stay",
    _texts(
        "Mean time a car is under way inside today",
        "Tempo medio di percorrenza di un'auto nell'area oggi",
        "Mittlere Fahrzeit eines Autos im Gebiet heute",
    ),
    unit="min",
    default=20.0,
    low=6.0,
    high=60.0,
    source=EXAMPLE + ", its constant 3 in μ = 1 + 3·S/S₀ read as a mean of four steps of five minutes",
)
SPEED = Parameter(
    "speed",
    _texts("Mean speed inside", "Velocità media nell'area", "Mittlere Geschwindigkeit im Gebiet"),
    unit="km/h",
    default=30.0,
    low=5.0,
    high=70.0,
    plausible=(22.0, 32.0),
    source=EXAMPLE
    + ": 2.5 km in five minutes; the lower end is what the traffic model finds on a city's streets",
)
HABIT_PARAMETERS = (
    P50_COST,
    P50_ANTICIPATING,
    P50_ANTICIPATION,
    P50_POSTPONING,
    P50_POSTPONEMENT,
    MODE_SHARE,
    AROUND_SHARE,
)
PARAMETERS = (*HABIT_PARAMETERS, STAY, SPEED)

PLANNER = "Decision of the planner"


def _price(euro: int) -> Parameter:
    title = (f"Charge for Euro {euro}", f"Tariffa per Euro {euro}", f"Gebühr für Euro {euro}")
    return _number(f"euro_{euro}", title, "EUR", 5.0 - 0.25 * euro, (0.0, 100.0), PLANNER)


START = _number(
    "start",
    ("From", "Dalle", "Von"),
    "h",
    7.5,
    (0.0, 23.5),
    PLANNER + "; hours of the day, 7.5 is half past seven",
)
END = _number("end", ("Until", "Alle", "Bis"), "h", 19.5, (0.5, 24.0), PLANNER)

CHARGE = Measure(
    "charge_by_class",
    _texts(
        "Charge entry by emission class",
        "Ticket d'ingresso per classe di emissione",
        "Einfahrtgebühr nach Schadstoffklasse",
    ),
    _texts(
        "Who drives into the area within the hours pays by the Euro class of the vehicle. Some pay, some come"
        " earlier or later, take another mode, drive around or give the trip up. Trips that start inside do "
        "not pay.",
        "Chi entra in auto nell'area nelle ore indicate paga secondo la classe Euro. Alcuni pagano, altri "
        "anticipano o posticipano, cambiano mezzo, aggirano l'area o rinunciano. I viaggi che iniziano dentro"
        " non pagano.",
        "Wer in den Stunden in das Gebiet fährt, zahlt nach der Euro-Klasse des Fahrzeugs. Manche zahlen, "
        "andere kommen früher oder später, steigen um, fahren außen herum oder verzichten. Fahrten mit Beginn"
        " im Gebiet zahlen nicht.",
    ),
    ("area", "polygon", "features"),
    (
        *(_price(euro) for euro in range(CLASSES)),
        START,
        END,
        _number(
            "exempt_share",
            (
                "Exempt among the vehicles entering",
                "Quota esente tra i veicoli in ingresso",
                "Anteil der Befreiten",
            ),
            "1",
            0.15,
            (0.0, 0.95),
            EXAMPLE + "; to be replaced with the city's permit register",
        ),
    ),
)
RESTRICT = Measure(
    "restrict_entry",
    _texts(
        "Extend the low-traffic zone: entry for permit holders only",
        "Estendere la ZTL: ingresso solo agli autorizzati",
        "Verkehrsarme Zone ausweiten: Einfahrt nur mit Berechtigung",
    ),
    _texts(
        "Within the hours only permit holders may drive in. The others come earlier or later, take another "
        "mode, drive around or give the trip up. Trips that start inside are allowed.",
        "Nelle ore indicate entrano solo gli autorizzati. Gli altri anticipano o posticipano, cambiano mezzo,"
        " aggirano l'area o rinunciano. I viaggi che iniziano dentro sono ammessi.",
        "In den Stunden dürfen nur Berechtigte hinein. Die anderen kommen früher oder später, steigen um, "
        "fahren außen herum oder verzichten. Fahrten mit Beginn im Gebiet sind erlaubt.",
    ),
    ("area", "polygon", "features"),
    (
        Parameter(
            "permit_share",
            _texts(
                "Permit holders among the vehicles entering",
                "Quota di autorizzati",
                "Anteil der Berechtigten",
            ),
            unit="1",
            default=0.3,
            low=0.0,
            high=1.0,
            plausible=(0.2, 0.45),
            source="Assumption, as in the traffic model: to be replaced with the city's permit register",
        ),
        _number(
            "start",
            ("From", "Dalle", "Von"),
            "h",
            7.0,
            (0.0, 23.5),
            PLANNER + "; the example's zone begins at 7",
        ),
        _number(
            "end",
            ("Until", "Alle", "Bis"),
            "h",
            20.0,
            (0.5, 24.0),
            PLANNER + "; the example's zone ends at 20",
        ),
    ),
)
MEASURES = (CHARGE, RESTRICT)


def _figure(
    name: str,
    title: tuple[str, str, str],
    unit: str,
    direction: Direction = Direction.NEUTRAL,
    decimals: int = 0,
) -> IndicatorSpec:
    return IndicatorSpec(name, _texts(*title), unit, direction, decimals)


INDICATORS = (
    _figure("entering", ("Vehicles driving in", "Veicoli in ingresso", "Einfahrende Fahrzeuge"), "veh"),
    _figure("paying", ("Vehicles paying", "Veicoli paganti", "Zahlende Fahrzeuge"), "veh"),
    _figure(
        "trips_shifted",
        ("Entries at another time", "Ingressi in altro orario", "Einfahrten zu anderer Zeit"),
        "veh",
    ),
    _figure(
        "trips_other_mode",
        ("Car trips by another mode", "Viaggi passati ad altro mezzo", "Umgestiegen"),
        "veh",
    ),
    _figure(
        "trips_rerouted",
        ("Trips around the area", "Viaggi che aggirano l'area", "Fahrten außen herum"),
        "veh",
    ),
    _figure("trips_given_up", ("Trips given up", "Viaggi a cui si rinuncia", "Unterlassene Fahrten"), "veh"),
    _figure(
        "revenue", ("Public revenue", "Entrate pubbliche", "Öffentliche Einnahmen"), "EUR", Direction.HIGHER
    ),
    _figure(
        "burden",
        (
            "What it takes from drivers, paid or not",
            "Onere per chi guida, pagato o no",
            "Last der Fahrenden, gezahlt oder nicht",
        ),
        "EUR",
        Direction.LOWER,
    ),
    _figure(
        "nox",
        ("Nitrogen oxides emitted", "Ossidi di azoto emessi", "Stickoxid-Ausstoß"),
        "kg",
        Direction.LOWER,
        1,
    ),
    _figure("vehicle_km", ("Distance driven", "Distanza percorsa", "Gefahrene Strecke"), "km"),
    _figure(
        "time_under_way",
        ("Mean time a car is under way", "Tempo medio di percorrenza in auto", "Mittlere Fahrzeit im Auto"),
        "min",
        Direction.LOWER,
        1,
    ),
)

FIELDS = (
    FieldSpec(
        "vehicles",
        _texts("Cars under way", "Auto in circolazione", "Autos unterwegs"),
        "veh",
        Direction.LOWER,
        over_area="sum",
    ),
    FieldSpec(
        "older",
        _texts(
            "Cars under way, Euro 0 to 3", "Auto in circolazione, Euro 0-3", "Autos unterwegs, Euro 0 bis 3"
        ),
        "veh",
        Direction.LOWER,
        over_area="sum",
    ),
    FieldSpec(
        "nox",
        _texts("Nitrogen oxides emitted", "Ossidi di azoto emessi", "Stickoxid-Ausstoß"),
        "g/h",
        Direction.LOWER,
        over_area="sum",
    ),
)

VALIDITY = _texts(
    "Compares charges and zones for cars on an ordinary working day, hour by hour and zone by zone. How "
    "drivers answer a charge is an assumption with a wide range, not a survey; no gate or charge in this city"
    " was observed. Not for single streets (the traffic model does that), freight, fleet renewal in answer to"
    " the charge, or effects after the first months.",
    "Confronta tariffe e zone per le auto in un giorno feriale ordinario, ora per ora e zona per zona. La "
    "risposta alla tariffa è un'ipotesi con un ampio intervallo, non un'indagine; nessun varco o ticket è "
    "stato osservato in questa città. Non adatto a singole strade (lo fa il modello di traffico), merci, "
    "rinnovo del parco in risposta alla tariffa o effetti oltre i primi mesi.",
    "Vergleicht Gebühren und Zonen für Pkw an einem gewöhnlichen Werktag, Stunde für Stunde und Zone für "
    "Zone. Wie Fahrende auf eine Gebühr antworten, ist eine Annahme mit weiter Spanne, keine Befragung; kein "
    "Tor und keine Gebühr in dieser Stadt wurde beobachtet. Nicht für einzelne Straßen (das kann das "
    "Verkehrsmodell), Güterverkehr, Flottenerneuerung als Antwort auf die Gebühr oder Wirkungen nach den "
    "ersten Monaten.",
)
