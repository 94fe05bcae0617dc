"""The measures that a planner may choose, each with its parameters, their ranges and where these come from."""

from __future__ import annotations

from sympolis.plugins.simulator import Measure
from sympolis.plugins.simulators.heat_exposure.declaring import amount, number, texts

TENDERS = "Assumption, to be replaced with the city's price list"
_TARGETS = ("features", "area", "polygon")

PLANT_TREES = Measure(
    "plant_trees",
    texts("Plant trees", "Piantare alberi", "Bäume pflanzen"),
    texts(
        "Street and park trees at full size. They shade people and, as far as the model of surface temperature shows "
        "it, cool the ground around.",
        "Alberi stradali e di parco a pieno sviluppo. Fanno ombra e, per quanto il modello della temperatura del suolo "
        "lo mostra, raffrescano il suolo intorno.",
        "Straßen- und Parkbäume in voller Größe. Sie beschatten und kühlen, soweit das Modell der "
        "Oberflächentemperatur es zeigt, den Boden ringsum.",
    ),
    _TARGETS,
    (
        amount("trees", texts("Trees", "Alberi", "Bäume"), "trees", 100, 100_000),
        number(
            "crown",
            texts(
                "Ground shaded by a crown", "Suolo ombreggiato da una chioma", "Beschatteter Boden je Krone"
            ),
            "m2",
            30.0,
            (1.0, 150.0),
            (18.0, 45.0),
            "Assumption: crowns 5 to 7.5 m wide",
        ),
        number(
            "transmitted",
            texts("Sun through the crown", "Sole attraverso la chioma", "Sonne durch die Krone"),
            "1",
            0.04,
            (0.0, 0.6),
            (0.01, 0.08),
            "Direct radiation through foliated crowns of seven trees, 1.3–5.3 %: Konarska et al. "
            "2014, DOI 10.1007/s00704-013-1000-3, widened",
        ),
        number(
            "price",
            texts("Planting one tree", "Messa a dimora di un albero", "Pflanzung eines Baums"),
            "EUR",
            1200.0,
            (50.0, 20000.0),
            (600.0, 2500.0),
            TENDERS,
        ),
        number(
            "upkeep",
            texts("Care a year", "Cura annua", "Pflege im Jahr"),
            "EUR/a",
            35.0,
            (0.0, 1000.0),
            (20.0, 70.0),
            TENDERS,
        ),
        number(
            "lifetime",
            texts("Years of service", "Anni di vita", "Nutzungsjahre"),
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
    texts("Put up shade sails", "Installare vele ombreggianti", "Sonnensegel aufspannen"),
    texts(
        "Sails or pergolas over streets, squares and bus stops.",
        "Vele o pergole su strade, piazze e fermate.",
        "Segel oder Pergolen über Straßen, Plätzen und Haltestellen.",
    ),
    _TARGETS,
    (
        amount("square_metres", texts("Sails", "Vele", "Segel"), "m2", 500, 1_000_000),
        number(
            "transmitted",
            texts("Sun through the sail", "Sole attraverso la vela", "Sonne durch das Segel"),
            "1",
            0.15,
            (0.0, 0.6),
            (0.05, 0.3),
            "Assumption: woven fabrics; how much shade changes what is felt: Middel et al. 2021, DOI "
            "10.1175/BAMS-D-20-0193.1",
        ),
        number(
            "price",
            texts("Price", "Prezzo", "Preis"),
            "EUR/m2",
            150.0,
            (10.0, 2000.0),
            (80.0, 300.0),
            TENDERS,
        ),
        number(
            "upkeep",
            texts("Care a year", "Cura annua", "Pflege im Jahr"),
            "EUR/(m2.a)",
            8.0,
            (0.0, 100.0),
            (4.0, 15.0),
            TENDERS,
        ),
        number(
            "lifetime",
            texts("Years of service", "Anni di vita", "Nutzungsjahre"),
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
    texts("Make roofs reflect", "Tetti riflettenti", "Dächer hell machen"),
    texts(
        "White or reflecting roofs. Effect on the air from published simulations: this city's own temperatures show "
        "none of albedo (model card).",
        "Tetti bianchi o riflettenti. Effetto sull'aria da simulazioni pubblicate: le temperature di questa città non "
        "mostrano un effetto dell'albedo (scheda del modello).",
        "Weiße oder spiegelnde Dächer. Wirkung auf die Luft aus veröffentlichten Simulationen: die Temperaturen "
        "dieser Stadt zeigen keine der Albedo (Modellkarte).",
    ),
    _TARGETS,
    (
        number(
            "roof_share",
            texts("Share of the roofs", "Quota dei tetti", "Anteil der Dächer"),
            "1",
            0.5,
            (0.01, 1.0),
            None,
            "Decision of the planner",
        ),
        number(
            "built",
            texts("Ground under roofs", "Suolo coperto da tetti", "Überbauter Boden"),
            "1",
            0.25,
            (0.01, 0.9),
            (0.15, 0.35),
            "Assumption: no footprints of buildings are in the twin",
        ),
        number(
            "brighter",
            texts("Gain in albedo", "Aumento di albedo", "Gewinn an Albedo"),
            "1",
            0.35,
            (0.05, 0.8),
            (0.2, 0.5),
            "From tiles or membrane to white coating, aged: Santamouris 2014, DOI 10.1016/j.solener.2012.07.003",
        ),
        number(
            "cooling",
            texts(
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
        number(
            "price", texts("Price", "Prezzo", "Preis"), "EUR/m2", 25.0, (1.0, 500.0), (12.0, 45.0), TENDERS
        ),
        number(
            "lifetime",
            texts("Years of service", "Anni di vita", "Nutzungsjahre"),
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
    texts("Install misting points", "Installare nebulizzatori", "Nebelduschen aufstellen"),
    texts(
        "Fine water spray where people walk and wait.",
        "Acqua nebulizzata dove si cammina e si aspetta.",
        "Feiner Wassernebel, wo Menschen gehen und warten.",
    ),
    _TARGETS,
    (
        amount("points", texts("Points", "Punti", "Stellen"), "points", 10, 10_000),
        number(
            "reach",
            texts("Ground reached by one", "Suolo raggiunto", "Erreichter Boden"),
            "m2",
            40.0,
            (1.0, 400.0),
            (20.0, 70.0),
            "Assumption: one group of nozzles",
        ),
        number(
            "cooling",
            texts("Feels cooler within", "Sollievo percepito", "Gefühlte Abkühlung"),
            "K",
            4.0,
            (0.0, 15.0),
            (1.5, 7.0),
            "Assumption, taken from measured air temperatures under spray collected by Ulpiani 2019, DOI "
            "10.1016/j.apenergy.2019.113647",
        ),
        number(
            "price",
            texts("Price", "Prezzo", "Preis"),
            "EUR",
            4000.0,
            (100.0, 50000.0),
            (2000.0, 8000.0),
            TENDERS,
        ),
        number(
            "upkeep",
            texts("Water and care a year", "Acqua e cura annue", "Wasser und Pflege im Jahr"),
            "EUR/a",
            600.0,
            (0.0, 10000.0),
            (300.0, 1200.0),
            TENDERS,
        ),
        number(
            "lifetime",
            texts("Years of service", "Anni di vita", "Nutzungsjahre"),
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
    texts("Open climate shelters", "Aprire rifugi climatici", "Kühle Räume öffnen"),
    texts(
        "Cool public rooms that are open on heat-wave days, or open longer.",
        "Spazi pubblici freschi aperti, o aperti più a lungo, nei giorni di ondata di calore.",
        "Kühle öffentliche Räume, an Hitzetagen offen oder länger offen.",
    ),
    _TARGETS,
    (
        amount("shelters", texts("Rooms", "Rifugi", "Räume"), "rooms", 1, 1000),
        number(
            "hours",
            texts("More hours open a day", "Ore di apertura in più", "Zusätzliche Stunden offen"),
            "h",
            6.0,
            (1.0, 24.0),
            None,
            "Decision of the planner; counted in the hottest hours from noon on",
        ),
        number(
            "places",
            texts("Places in a room", "Posti per rifugio", "Plätze je Raum"),
            "persons",
            50.0,
            (1.0, 2000.0),
            (30.0, 90.0),
            "Assumption: libraries and community houses",
        ),
        number(
            "used",
            texts("Places used", "Posti occupati", "Genutzte Plätze"),
            "1",
            0.4,
            (0.0, 1.0),
            (0.15, 0.65),
            "Assumption: few cities count visitors; the wide range says so",
        ),
        number(
            "hourly_cost",
            texts("Cost an hour", "Costo orario", "Kosten je Stunde"),
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
    texts(
        "Move opening hours out of the heat",
        "Spostare gli orari fuori dal caldo",
        "Zeiten aus der Hitze verlegen",
    ),
    texts(
        "Markets, offices, works and play move from noon–18 to the morning and the evening.",
        "Mercati, sportelli, cantieri e gioco si spostano dalle 12–18 alla mattina e alla sera.",
        "Märkte, Ämter, Baustellen und Spiel ziehen von 12–18 Uhr in den Morgen und Abend.",
    ),
    _TARGETS,
    (
        number(
            "share",
            texts(
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
        number(
            "yearly_cost",
            texts("Cost a year", "Costo annuo", "Kosten im Jahr"),
            "EUR/a",
            20000.0,
            (0.0, 1e7),
            (5000.0, 60000.0),
            TENDERS,
        ),
    ),
)
MEASURES = (PLANT_TREES, SHADE_SAILS, COOL_ROOFS, MISTING, SHELTERS, SHIFT_HOURS)
