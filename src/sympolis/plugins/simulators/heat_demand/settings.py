"""What the model declares about itself: needs, parameters, measures, indicators and fields, with unit and source."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import PLANNER, column, figure, number, texts
from sympolis.plugins.simulator import Measure, Need

NEEDS = (
    Need("buildings", "BuildingTable", ("file", "rows"), table=True, proxies={"rows": ("estimatedRows",)}),
    Need("blocks", "BuildingBlock", ("name", "location", "landArea", "statisticalArea"), units={"landArea": "MTK"}),
    Need(
        "areas", "StatisticalArea",
        ("name", "builtUntil1918", "built1919To1948", "built1949To1990", "builtSince1991", "livingArea"),
        units={"livingArea": "MTK"},
    ),
)  # fmt: skip

_TABULA = (
    "IWU TABULA, German example buildings (Loga et al. 2015): space heat in the existing state against the "
    "usual refurbishment; range of this project"
)
_BENCHMARK = (
    "Between the reference values for energy certificates of non-residential buildings (Bekanntmachung of BMWi and "
    "BMI, 15 April 2021) and calculated needs; range of this project"
)
_OWN = "Assumption of this project, to be replaced by the city's own figure"

PARAMETERS = (
    number(
        "official_demand",
        texts("Official heat demand of the city", "Fabbisogno di calore ufficiale della città",
              "Amtlicher Wärmebedarf der Stadt"),
        "GWh/a", 0.0, (0.0, 1e6), "Stated by the city; 0: the model is not calibrated",
    ),
    number(
        "official_error",
        texts("Error of the official figure", "Errore del dato ufficiale", "Fehler der amtlichen Angabe"),
        "GWh/a", 0.0, (-500.0, 500.0), "Rounding of a figure given to 0.1 TWh", (-50.0, 50.0),
    ),
    number(
        "aimed_demand",
        texts("Heat demand that somebody else expects after the measures",
              "Fabbisogno atteso da altri dopo le misure", "Wärmebedarf, den andere nach den Maßnahmen erwarten"),
        "GWh/a", 0.0, (0.0, 1e6), "Stated by the city; 0: nothing is solved for",
    ),
    number(
        "living_per_gross",
        texts("Living area per gross floor area", "Superficie abitabile per superficie lorda",
              "Wohnfläche je Geschossfläche"),
        "1", 0.75, (0.4, 1.0), "Usual ratio under DIN 277 and the WoFlV; range of this project", (0.68, 0.82),
    ),
    number(
        "net_per_gross",
        texts("Heated area per gross floor area, other uses", "Superficie riscaldata per superficie lorda, altri usi",
              "Beheizte Fläche je Geschossfläche, andere Nutzungen"),
        "1", 0.85, (0.4, 1.0), "Usual ratio of net to gross floor area under DIN 277; range of this project",
        (0.78, 0.9),
    ),
    number(
        "typology",
        texts("Example buildings against the real stock", "Edifici tipo rispetto al patrimonio reale",
              "Typgebäude gegenüber dem wirklichen Bestand"),
        "1", 1.0, (0.5, 1.5), _OWN, (0.85, 1.15),
    ),
    number(
        "surplus",
        texts("What buildings left as they were need more", "Maggior fabbisogno degli edifici non risanati",
              "Mehrbedarf unsanierter Gebäude"),
        "1", 0.7, (0.0, 2.0), _TABULA, (0.5, 1.0),
    ),
    number(
        "refurbished_share",
        texts("Buildings from before 1991 that are refurbished", "Edifici anteriori al 1991 risanati",
              "Sanierte Gebäude unter denen von vor 1991"),
        "1", 0.45, (0.0, 1.0), "Order of magnitude of IWU, Datenbasis Gebäudebestand 2016; no figure for the city",
        (0.3, 0.6),
    ),
    number(
        "hot_water",
        texts("Hot water in dwellings", "Acqua calda nelle abitazioni", "Warmwasser in Wohnungen"),
        "kWh/(m²·a)", 12.5, (0.0, 60.0), "DIN V 18599-10:2018, table 4: 8.5 to 16.5 by size of dwelling", (8.5, 16.5),
    ),
    number(
        "commerce",
        texts("Shops, offices, hotels", "Negozi, uffici, alberghi", "Handel, Büros, Hotels"),
        "kWh/(m²·a)", 120.0, (0.0, 500.0), _BENCHMARK + "; dena: offices 133 used, 174 calculated", (80.0, 174.0),
    ),
    number(
        "public",
        texts("Schools, hospitals, public buildings", "Scuole, ospedali, edifici pubblici",
              "Schulen, Krankenhäuser, öffentliche Gebäude"),
        "kWh/(m²·a)", 110.0, (0.0, 500.0), _BENCHMARK, (85.0, 150.0),
    ),
    number(
        "industry",
        texts("Industry and warehouses, without process heat", "Industria e magazzini, senza calore di processo",
              "Industrie und Lager, ohne Prozesswärme"),
        "kWh/(m²·a)", 60.0, (0.0, 500.0), _BENCHMARK + "; part of the floor is not heated", (25.0, 120.0),
    ),
    number(
        "other",
        texts("Buildings of unknown use that are no dwellings", "Edifici di uso ignoto, non abitativi",
              "Gebäude unbekannter Nutzung, die keine Wohnungen sind"),
        "kWh/(m²·a)", 80.0, (0.0, 500.0), _OWN, (40.0, 120.0),
    ),
)  # fmt: skip

_RATE = (
    "Homes in Germany 0.67 % in 2025, 0.69 % in 2024 (B+L Marktdaten for BuVEG), other uses 0.92 %; 1.7 to 1.9 % are "
    "needed for 2045 (report for BMWK, 2022), about 2 % (IW)"
)
_YEARS = number(
    "years", texts("Years", "Anni", "Jahre"), "a", 14.0, (0.0, 50.0), PLANNER
)  # fmt: skip

MEASURES = (
    Measure(
        "refurbish",
        texts("Refurbish buildings", "Risanare edifici", "Gebäude sanieren"),
        texts(
            "So many per cent of the homes from before 1991 and of all other uses are refurbished every year.",
            "Ogni anno si risana una tale percentuale delle case anteriori al 1991 e di tutti gli altri usi.",
            "Jedes Jahr wird so viel Prozent der Wohngebäude von vor 1991 und aller anderen Nutzungen saniert.",
        ),
        ("features", "area", "polygon"),
        (
            number("rate", texts("Rate", "Tasso", "Rate"), "%/a", 1.5, (0.0, 10.0), _RATE, (0.7, 2.0)),
            _YEARS,
            number(
                "further", texts("Better than usual by", "Oltre il risanamento usuale di", "Besser als üblich um"),
                "1", 0.15, (0.0, 0.7), "Between TABULA's usual (0) and towards its advanced refurbishment; range of "
                "this project", (0.0, 0.35),
            ),
            number(
                "other_uses",
                texts("Heat that other uses save when refurbished", "Calore risparmiato dagli altri usi risanati",
                      "Ersparnis sanierter anderer Nutzungen"),
                "1", 0.3, (0.0, 0.8), "No typology of non-residential buildings is open; assumption of this project, "
                "with a range", (0.15, 0.45),
            ),
        ),
    ),
    Measure(
        "build_homes",
        texts("New homes", "Nuove abitazioni", "Neue Wohnungen"),
        texts(
            "New living area, spread over the blocks by their land.",
            "Nuova superficie abitabile, ripartita sugli isolati per superficie.",
            "Neue Wohnfläche, nach Fläche auf die Blöcke verteilt.",
        ),
        ("features", "area", "polygon"),
        (
            number(
                "living_area", texts("Living area", "Superficie", "Wohnfläche"), "m²", 100_000.0, (0.0, 2e7), PLANNER
            ),
            number(
                "specific", texts("Space heat", "Riscaldamento", "Raumwärme"), "kWh/(m²·a)", 35.0, (0.0, 120.0),
                "Between TABULA's classes since 2010 (28 to 48); to be decided by the planner", (28.0, 48.0),
            ),
        ),
    ),
    Measure(
        "milder_winters",
        texts("Milder winters", "Inverni più miti", "Mildere Winter"),
        texts(
            "Fewer degree days lower what space heating needs.",
            "Meno gradi giorno riducono il riscaldamento.",
            "Weniger Gradtage senken den Raumwärmebedarf.",
        ),
        ("features", "area", "polygon"),
        (
            number(
                "fewer_degree_days", texts("Fewer degree days", "Meno gradi giorno", "Weniger Gradtage"), "%", 5.0,
                (-20.0, 40.0), "DWD test reference years 2015 and 2045 differ by some 10 % in thirty years; range of "
                "this project until 2038", (2.0, 8.0),
            ),
        ),
    ),
)  # fmt: skip

INDICATORS = (
    figure("demand", texts("Heat demand", "Fabbisogno di calore", "Wärmebedarf"), "GWh/a", Direction.LOWER),
    figure("uncalibrated", texts("Heat demand as modelled, uncalibrated", "Fabbisogno modellato, non calibrato",
                                 "Wärmebedarf laut Modell, unkalibriert"), "GWh/a"),
    figure("residual", texts("As modelled less official", "Modello meno dato ufficiale", "Modell weniger amtlich"),
           "GWh/a", given="official_demand"),
    figure("calibration_factor", texts("Calibration factor", "Fattore di calibrazione", "Kalibrierfaktor"), "1",
           decimals=2, given="official_demand"),
    figure("homes", texts("of which dwellings", "di cui abitazioni", "davon Wohnen"), "GWh/a"),
    figure("commerce", texts("of which shops, offices, hotels", "di cui negozi, uffici, alberghi",
                             "davon Handel, Büros, Hotels"), "GWh/a"),
    figure("public", texts("of which public buildings", "di cui edifici pubblici", "davon öffentliche Gebäude"),
           "GWh/a"),
    figure("industry", texts("of which industry and warehouses", "di cui industria e magazzini",
                             "davon Industrie und Lager"), "GWh/a"),
    figure("other", texts("of which unknown use", "di cui uso ignoto", "davon unbekannte Nutzung"), "GWh/a"),
    figure("per_living_area", texts("Heat per living area", "Calore per superficie abitabile",
                                    "Wärme je Wohnfläche"), "kWh/(m²·a)", Direction.LOWER),
    figure("by_homes", texts("change by refurbishing homes", "variazione per risanamento delle case",
                             "Änderung durch Sanieren von Wohngebäuden"), "GWh/a", Direction.LOWER),
    figure("by_other_uses", texts("change by refurbishing other uses", "variazione per risanamento degli altri usi",
                                  "Änderung durch Sanieren anderer Nutzungen"), "GWh/a", Direction.LOWER),
    figure("by_winters", texts("change by milder winters", "variazione per inverni più miti",
                               "Änderung durch mildere Winter"), "GWh/a"),
    figure("by_new_homes", texts("change by new homes", "variazione per nuove abitazioni",
                                 "Änderung durch neue Wohnungen"), "GWh/a"),
    figure("implied_rate", texts("refurbishment rate that would meet the expected demand",
                                 "tasso di risanamento che darebbe il fabbisogno atteso",
                                 "Sanierungsrate, die den erwarteten Bedarf ergäbe"), "%/a", decimals=1,
           given="aimed_demand"),
    figure("unknown_homes", texts("Buildings of unknown use that must be dwellings",
                                  "Edifici di uso ignoto che devono essere abitazioni",
                                  "Gebäude unbekannter Nutzung, die Wohnungen sein müssen"), "%"),
)  # fmt: skip

FIELDS = (
    column("demand", texts("Heat demand", "Fabbisogno di calore", "Wärmebedarf"), "MWh/a", "sum", Direction.LOWER),
    column("density", texts("Heat density", "Densità di calore", "Wärmedichte"), "MWh/(ha·a)", "mean"),
    column("buildings", texts("Heated buildings", "Edifici riscaldati", "Beheizte Gebäude"), "1", "sum"),
    column("floor_area", texts("Heated floor area", "Superficie riscaldata", "Beheizte Fläche"), "m²", "sum"),
    column("land", texts("Land", "Superficie", "Grundfläche"), "ha", "sum"),
    column("homes_share", texts("Dwellings' share of the demand", "Quota delle abitazioni",
                                "Anteil des Wohnens am Bedarf"), "%", "mean"),
    column("before_1949", texts("Homes built before 1949", "Abitazioni anteriori al 1949",
                                "Wohngebäude von vor 1949"), "%", "mean"),
)  # fmt: skip

VALIDITY = texts(
    "Good for comparing blocks and areas and for the sum of a city. Not for a single building: age and refurbishment "
    "are known by area only, heights are mostly the usual ones. Process heat is not modelled.",
    "Buono per confrontare isolati e aree e per il totale cittadino. Non per un singolo edificio: epoca e risanamento "
    "sono noti solo per area, le altezze sono per lo più quelle usuali. Il calore di processo non è modellato.",
    "Gut zum Vergleich von Blöcken und Ortsteilen und für die Summe der Stadt. Nicht für ein einzelnes Gebäude: Alter "
    "und Sanierung sind nur je Ortsteil bekannt, Höhen meist die üblichen. Prozesswärme ist nicht modelliert.",
)

PERIOD = texts("a year of usual weather", "un anno di clima usuale", "ein Jahr mit üblichem Wetter")
