"""What the model declares about itself: needs, parameters, measures, indicators and fields, with unit and source."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins import households
from sympolis.plugins.declaring import PLANNER, column, figure, number, texts
from sympolis.plugins.simulator import Measure, Need, Parameter

AREAS, RECORD, BIRTHS = "areas", "record", "births"

NEEDS = (
    Need(AREAS, "StatisticalArea", ("name", "location", "population"), minimum=1),
    Need(
        RECORD,
        "StatisticalArea",
        ("population", "populationUnder15", "populationOver65"),
        minimum=1,
        history=True,
        coverage=0.9,
    ),
    Need(
        BIRTHS,
        "VitalStatistics",
        ("births", "birthsEstimate"),
        minimum=0,
        history=True,
        without=texts(
            "a usual number of births per adult stands in for counted ones",
            "un numero usuale di nascite per adulto sostituisce quelle contate",
            "eine übliche Zahl von Geburten je Erwachsenem steht für die gezählten",
        ),
    ),
)

YEARS_AHEAD = Parameter(
    "years_ahead",
    texts("Years ahead", "Anni in avanti", "Jahre voraus"),
    "integer",
    "a",
    5,
    0,
    15,
    source=PLANNER
    + "; counted from the last year whose ages are known. A back-test covers ten years at most",
)
TAKE_UP_YOUNG = number(
    "take_up_young",
    texts(
        "Of those aged 1 and 2, asking for a place",
        "Bambini di 1 e 2 anni che chiedono un posto",
        "Von den Ein- und Zweijährigen: fragen einen Platz nach",
    ),
    "1",
    0.70,
    (0.0, 1.0),
    "Saxony 2022: 53 % of all under 3 in day care (Statistisches Landesamt, 2023-09), hardly any under 1: "
    "some 78 % of "
    "those aged 1 and 2. A large city there, 16 May 2025: 9,383 places for them, 73.1 % taken, some 65 % of that age",
    (0.62, 0.78),
)
TAKE_UP_OLDER = number(
    "take_up_older",
    texts(
        "Of those from 3 until school, asking for a place",
        "Bambini da 3 anni alla scuola che chiedono un posto",
        "Von den Kindern ab 3 bis zur Schule: fragen einen Platz nach",
    ),
    "1",
    0.95,
    (0.0, 1.0),
    "Saxony 2022: nearly 95 % of those aged 3 to 6 in day care (Statistisches Landesamt, 2023-09)",
    (0.92, 0.98),
)
SCHOOL_AGE = number(
    "school_age",
    texts("Mean age at school entry", "Età media di ingresso a scuola", "Mittleres Alter bei Schuleintritt"),
    "a",
    6.6,
    (5.0, 8.0),
    "Saxony: children who are 6 by 30 June start school in August, mean age between 6 and 7 (SächsSchulG § 27)",
)
PARAMETERS = (YEARS_AHEAD, TAKE_UP_YOUNG, TAKE_UP_OLDER, SCHOOL_AGE)

BUILD = Measure(
    "build_homes",
    texts("Build homes", "Costruire abitazioni", "Wohnungen bauen"),
    texts(
        "New homes in an area; whoever moves in brings children, and they grow older until the year asked "
        "about.",
        "Nuove abitazioni in un'area; chi vi si trasferisce porta bambini, che crescono fino all'anno "
        "richiesto.",
        "Neue Wohnungen in einem Gebiet; wer einzieht, bringt Kinder mit, und sie werden bis zum Zieljahr "
        "älter.",
    ),
    ("features", "area"),
    households.PARAMETERS,
)
BIRTHS_CHANGE = Measure(
    "change_births",
    texts("More or fewer births", "Più o meno nascite", "Mehr oder weniger Geburten"),
    texts(
        "Births per adult from next year on, in per cent of those of the last year known.",
        "Nascite per adulto dal prossimo anno, in percentuale di quelle dell'ultimo anno noto.",
        "Geburten je Erwachsenem ab dem nächsten Jahr, in Prozent des letzten bekannten Jahres.",
    ),
    (),
    (number("percent", texts("Change", "Variazione", "Änderung"), "%", -10.0, (-60.0, 60.0), PLANNER),),
)
MIGRATION_CHANGE = Measure(
    "change_migration",
    texts("More or fewer people moving in", "Più o meno arrivi", "Mehr oder weniger Zuzug"),
    texts(
        "How fast the number of adults changes by people moving, in per cent of the last years.",
        "Quanto cambia il numero di adulti per migrazione, in percentuale degli ultimi anni.",
        "Wie schnell sich die Zahl der Erwachsenen durch Umzüge ändert, in Prozent der letzten Jahre.",
    ),
    (),
    (number("percent", texts("Change", "Variazione", "Änderung"), "%", -50.0, (-200.0, 200.0), PLANNER),),
)
MEASURES = (BUILD, BIRTHS_CHANGE, MIGRATION_CHANGE)

CHILDREN = "1"
INDICATORS = (
    figure("children", texts("Children under 15", "Bambini sotto i 15 anni", "Kinder unter 15"), CHILDREN),
    figure(
        "born",
        texts("Children in their first year", "Bambini nel primo anno", "Kinder im ersten Jahr"),
        CHILDREN,
    ),
    figure(
        "asking_young",
        texts(
            "Aged 1 and 2, asking for a place",
            "Di 1 e 2 anni che chiedono un posto",
            "Ein- und Zweijährige, die einen Platz nachfragen",
        ),
        CHILDREN,
    ),
    figure(
        "asking_older",
        texts(
            "From 3 until school, asking for a place",
            "Da 3 anni alla scuola che chiedono un posto",
            "Ab 3 bis zur Schule, die einen Platz nachfragen",
        ),
        CHILDREN,
    ),
    figure(
        "asking",
        texts(
            "Children asking for a place",
            "Bambini che chiedono un posto",
            "Kinder, die einen Platz nachfragen",
        ),
        CHILDREN,
    ),
    figure(
        "asking_change",
        texts(
            "Against the last year known",
            "Rispetto all'ultimo anno noto",
            "Gegenüber dem letzten bekannten Jahr",
        ),
        "%",
        Direction.NEUTRAL,
        1,
    ),
)
FIELDS = (
    column(
        "children", texts("Children under 15", "Bambini sotto i 15 anni", "Kinder unter 15"), CHILDREN, "sum"
    ),
    column(
        "young",
        texts("Children aged 1 and 2", "Bambini di 1 e 2 anni", "Ein- und Zweijährige"),
        CHILDREN,
        "sum",
    ),
    column(
        "older", texts("From 3 until school", "Da 3 anni alla scuola", "Ab 3 bis zur Schule"), CHILDREN, "sum"
    ),
    column(
        "asking_young",
        texts(
            "Aged 1 and 2, asking for a place",
            "Di 1 e 2 anni che chiedono un posto",
            "Ein- und Zweijährige, die einen Platz nachfragen",
        ),
        CHILDREN,
        "sum",
    ),
    column(
        "asking_older",
        texts(
            "From 3 until school, asking for a place",
            "Da 3 anni alla scuola che chiedono un posto",
            "Ab 3 bis zur Schule, die einen Platz nachfragen",
        ),
        CHILDREN,
        "sum",
    ),
)

PERIOD = texts(
    "31 December of a year to come", "31 dicembre di un anno a venire", "31. Dezember eines kommenden Jahres"
)
VALIDITY = texts(
    "Numbers of small children by area some years ahead, to compare places and plans. Ages are rebuilt from "
    "totals, births "
    "and ageing, not counted; an area's children are surest where many live. Not for single schools or "
    "months, not beyond "
    "ten years, and no reason to expect: it carries the past on.",
    "Numero di bambini piccoli per area fra alcuni anni, per confrontare luoghi e piani. Le età sono "
    "ricostruite da totali, "
    "nascite e invecchiamento, non contate; il numero è più sicuro dove i bambini sono molti. Non per singole "
    "scuole o mesi, "
    "non oltre dieci anni; non spiega, prosegue il passato.",
    "Zahl kleiner Kinder je Gebiet in einigen Jahren, um Orte und Pläne zu vergleichen. Die Jahrgänge sind "
    "aus Summen, "
    "Geburten und Älterwerden rekonstruiert, nicht gezählt; am sichersten, wo viele Kinder leben. Nicht für "
    "einzelne Schulen "
    "oder Monate, nicht über zehn Jahre; das Modell erklärt nichts, es schreibt fort.",
)
