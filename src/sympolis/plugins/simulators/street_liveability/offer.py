"""The measures that residents may build with, each with its parameters, their ranges and where these come from."""

from __future__ import annotations

from sympolis.plugins.simulator import Measure, Parameter
from sympolis.plugins.simulators.street_liveability.declaring import number, texts

TARGETS = ("segments", "area", "polygon")
KINDS = ("garden", "school", "fountain", "seats", "worship", "shops", "stop", "car_park", "health", "library")
CHOSEN = "Decision of the planner"

PEDESTRIANISE = Measure(
    "pedestrianise",
    texts("Leave streets to people on foot", "Pedonalizzare", "Straßen den Menschen zu Fuß überlassen"),
    texts(
        "Cars leave, but for residents and deliveries at walking pace; the whole width is to walk on. Most traffic "
        "appears on streets within 500 m.",
        "Le auto escono, salvo residenti e consegne a passo d'uomo; si cammina su tutta la larghezza. Gran parte del "
        "traffico ricompare nelle strade entro 500 m.",
        "Autos bleiben draußen, außer Anwohnenden und Lieferungen im Schritttempo; man geht auf der ganzen Breite. "
        "Der meiste Verkehr taucht in Straßen bis 500 m wieder auf.",
    ),
    TARGETS,
    (
        number(
            "residual",
            texts("Traffic that stays", "Traffico che resta", "Verkehr, der bleibt"),
            "1",
            0.05,
            (0.0, 0.5),
            (0.02, 0.15),
            "Assumption: residents and deliveries",
        ),
        number(
            "displaced",
            texts(
                "Removed traffic that drives elsewhere",
                "Traffico tolto che va altrove",
                "Verlagerter Verkehr",
            ),
            "1",
            0.85,
            (0.0, 1.2),
            (0.7, 1.0),
            "Cairns, Atkins and Goodwin 2002, DOI 10.1680/muen.2002.151.1.13: over some 60 places, 22 % of the "
            "traffic was not found again in the mean, 11 % in the median, in some cases none vanished",
        ),
    ),
)
LIMIT = Measure(
    "limit_speed",
    texts("Lower the speed limit", "Abbassare il limite di velocità", "Tempolimit senken"),
    texts(
        "A lower limit. Streets that are already slower stay as they are.",
        "Un limite più basso. Le strade già più lente restano come sono.",
        "Ein niedrigeres Limit. Bereits langsamere Straßen bleiben, wie sie sind.",
    ),
    TARGETS,
    (
        number(
            "speed",
            texts("New limit", "Nuovo limite", "Neues Limit"),
            "km/h",
            30.0,
            (5.0, 90.0),
            None,
            CHOSEN,
        ),
        number(
            "compliance",
            texts(
                "Share of the reduction that drivers make",
                "Quota della riduzione attuata da chi guida",
                "Anteil der Senkung, den Fahrende umsetzen",
            ),
            "1",
            0.5,
            (0.0, 1.0),
            (0.25, 0.75),
            "Bornioli et al. 2018, J. Transport & Health 11, 47-55 (0.27-0.47 by signs alone); upper end assumes "
            "enforcement",
        ),
    ),
)
PLANT_TREES = Measure(
    "plant_trees",
    texts("Plant trees", "Piantare alberi", "Bäume pflanzen"),
    texts(
        "Street trees at full size, spread evenly over the streets; they shade what was in the sun.",
        "Alberi stradali a pieno sviluppo, distribuiti sulle strade; ombreggiano ciò che era al sole.",
        "Straßenbäume in voller Größe, gleichmäßig verteilt; sie beschatten, was in der Sonne lag.",
    ),
    TARGETS,
    (
        Parameter("trees", texts("Trees", "Alberi", "Bäume"), "integer", "trees", 20, 1, 5000, source=CHOSEN),
        number(
            "crown",
            texts(
                "Ground shaded by a crown", "Suolo ombreggiato da una chioma", "Beschatteter Boden je Krone"
            ),
            "m2",
            30.0,
            (1.0, 150.0),
            (18.0, 45.0),
            "Assumption: crowns 5 to 7.5 m wide, as in the heat model",
        ),
    ),
)
SHADE = Measure(
    "shade",
    texts("Put up shade sails", "Installare vele ombreggianti", "Sonnensegel aufspannen"),
    texts(
        "Sails or pergolas, spread evenly over the streets; they shade what was in the sun.",
        "Vele o pergole distribuite sulle strade; ombreggiano ciò che era al sole.",
        "Segel oder Pergolen, gleichmäßig verteilt; sie beschatten, was in der Sonne lag.",
    ),
    TARGETS,
    (
        number("square_metres", texts("Sails", "Vele", "Segel"), "m2", 200.0, (1.0, 100_000.0), None, CHOSEN),
        number(
            "cover",
            texts(
                "Ground in the sail's shade, of its size",
                "Suolo in ombra per m² di vela",
                "Schatten je m² Segel",
            ),
            "1",
            0.85,
            (0.1, 1.0),
            (0.7, 0.95),
            "Assumption: woven fabrics let 5 to 30 % of the sun through",
        ),
    ),
)
ADD_SERVICE = Measure(
    "add_bench_or_service",
    texts(
        "Add seats or a service", "Aggiungere panchine o un servizio", "Sitzplätze oder ein Angebot schaffen"
    ),
    texts(
        "One place of a kind on every street named, or one in the middle of an area.",
        "Un luogo di un tipo su ogni strada indicata, o uno al centro di un'area.",
        "Ein Ort einer Art an jeder genannten Straße oder einer in der Mitte eines Gebiets.",
    ),
    TARGETS,
    (
        Parameter(
            "kind",
            texts("Kind", "Tipo", "Art"),
            "choice",
            default="seats",
            choices=KINDS,
            source=CHOSEN,
        ),
    ),
)
MEASURES = (PEDESTRIANISE, LIMIT, PLANT_TREES, SHADE, ADD_SERVICE)
MOST_PLACES = 20
