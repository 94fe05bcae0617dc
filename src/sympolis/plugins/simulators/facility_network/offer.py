"""What planners may change: sites, places, mergers, and homes from which children come."""

from __future__ import annotations

from sympolis.plugins import households
from sympolis.plugins.declaring import PLANNER, amount, number, texts
from sympolis.plugins.simulator import Measure

PLACES = amount("places", texts("Places", "Posti", "Plätze"), "1", 100, (5, 600))
INVEST = number(
    "invest_eur",
    texts("Building a place costs", "Costruire un posto costa", "Ein Platz kostet im Bau"),
    "EUR",
    45_000.0,
    (0.0, 200_000.0),
    "Assumption: recent new buildings of German cities, 35,000 to 60,000 EUR a place; to be replaced with the "
    "city's own",
    (35_000.0, 60_000.0),
)
RUNNING = number(
    "running_eur",
    texts(
        "Running a place costs, per year",
        "Gestire un posto costa, all'anno",
        "Ein Platz kostet im Betrieb, im Jahr",
    ),
    "EUR/a",
    9_000.0,
    (0.0, 40_000.0),
    "Assumption: the yearly notices of running costs under SächsKitaG § 14 lie between some 6,000 "
    "(kindergarten) and 15,000 "
    "EUR (nursery) a place; to be replaced with the city's own",
    (7_000.0, 12_000.0),
)

OPEN = Measure(
    "open_site",
    texts("Open a new site", "Aprire una nuova sede", "Neue Einrichtung eröffnen"),
    texts(
        "A new site with so many places: in the middle of a drawn place, or where an area's people have the "
        "shortest way.",
        "Una nuova sede con tanti posti: al centro del luogo disegnato, o dove chi abita l'area ha il "
        "tragitto più breve.",
        "Eine neue Einrichtung mit so vielen Plätzen: in der Mitte des gezeichneten Orts, oder wo die "
        "Menschen des Gebiets den "
        "kürzesten Weg haben.",
    ),
    ("features", "area", "polygon"),
    (PLACES, INVEST, RUNNING),
)
LOCATE = Measure(
    "locate_sites",
    texts(
        "Find the best places for new sites",
        "Trovare i luoghi migliori per nuove sedi",
        "Beste Orte für neue Einrichtungen finden",
    ),
    texts(
        "Where in the city so many new sites would do most good, on today's children: fewest without a place, "
        "then the "
        "shortest ways.",
        "Dove in città tante nuove sedi servirebbero di più ai bambini di oggi: meno bambini senza posto, poi "
        "tragitti "
        "più brevi.",
        "Wo in der Stadt so viele neue Einrichtungen den Kindern von heute am meisten nützen: wenigste ohne "
        "Platz, dann "
        "kürzeste Wege.",
    ),
    (),
    (
        amount("sites", texts("New sites", "Nuove sedi", "Neue Einrichtungen"), "1", 3, (1, 12)),
        PLACES,
        INVEST,
        RUNNING,
    ),
)
CHANGE = Measure(
    "change_places",
    texts("More or fewer places", "Più o meno posti", "Mehr oder weniger Plätze"),
    texts(
        "So many places more (or fewer) at each of these sites, never below none.",
        "Tanti posti in più (o in meno) in ciascuna di queste sedi, mai sotto zero.",
        "So viele Plätze mehr (oder weniger) an jeder dieser Einrichtungen, nie unter null.",
    ),
    ("features",),
    (
        amount(
            "places", texts("Places, each", "Posti, ciascuna", "Plätze, je Einrichtung"), "1", 20, (-300, 300)
        ),
        INVEST,
        RUNNING,
    ),
)
MERGE = Measure(
    "merge_sites",
    texts("Merge sites", "Unire sedi", "Einrichtungen zusammenlegen"),
    texts(
        "All become part of the one with most places, which keeps this share of the others' places; the "
        "others close.",
        "Tutte confluiscono in quella con più posti, che mantiene questa quota dei posti delle altre; le "
        "altre chiudono.",
        "Alle gehen in der mit den meisten Plätzen auf, die diesen Anteil der Plätze der anderen behält; die "
        "anderen schließen.",
    ),
    ("features",),
    (
        number(
            "kept_share",
            texts("Places kept", "Posti mantenuti", "Erhaltene Plätze"),
            "1",
            1.0,
            (0.0, 1.0),
            PLANNER,
        ),
        number(
            "saved_eur",
            texts(
                "A closed site saves, per year",
                "Una sede chiusa fa risparmiare, all'anno",
                "Eine geschlossene Einrichtung spart im Jahr",
            ),
            "EUR/a",
            120_000.0,
            (0.0, 2_000_000.0),
            "Assumption: rooms, management and caretaking of one house; to be replaced with the city's own",
            (60_000.0, 200_000.0),
        ),
        RUNNING,
    ),
)
HOMES = Measure(
    "new_homes",
    texts(
        "New homes from urban planning",
        "Nuove abitazioni dal piano urbanistico",
        "Neue Wohnungen aus der Stadtplanung",
    ),
    texts(
        "Children who move in with new homes, in an area or at a drawn place, as they are on moving in.",
        "Bambini che arrivano con nuove abitazioni, in un'area o in un luogo disegnato, all'arrivo.",
        "Kinder, die mit neuen Wohnungen kommen, in einem Gebiet oder an einem gezeichneten Ort, wie beim "
        "Einzug.",
    ),
    ("features", "area", "polygon"),
    households.PARAMETERS,
)
MEASURES = (OPEN, LOCATE, CHANGE, MERGE, HOMES)
