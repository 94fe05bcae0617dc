"""What the model declares about itself: needs, parameters, indicators and fields, with unit and source."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import PLANNER, column, figure, number, texts
from sympolis.plugins.simulator import Measure, Need

NEEDS = (
    Need("blocks", "BuildingBlock", ("name", "location"), minimum=2),
    Need(
        "supply", "BuildingBlock", ("network_demand",), linked=True, units={"network_demand": "MWh/a"}
    ),
)  # fmt: skip

_OWN = "Assumption of this project, to be replaced by the utility's figure"

PARAMETERS = (
    number("reach", texts("How far neighbours on a network may lie apart", "Distanza massima tra vicini in rete",
                          "Höchster Abstand von Nachbarn am Netz"), "m", 300.0, (50.0, 3000.0), PLANNER),
    number("plant_heat", texts("Heat that one feed-in point supplies", "Calore fornito da un punto di immissione",
                               "Wärme, die eine Einspeisung liefert"), "GWh/a", 250.0, (10.0, 5000.0),
           "Assumption of this project: where plants stand and will stand is not open data"),
    number("full_load", texts("Full-load hours of heat", "Ore di pieno carico", "Volllaststunden der Wärme"), "h/a",
           1900.0, (800.0, 5000.0), "Usual for space heat and hot water in Germany, 1,700 to 2,100", (1700.0, 2100.0)),
    number("simultaneity", texts("Share of the peaks that coincide", "Quota di picchi contemporanei",
                                 "Gleichzeitigkeit"), "1", 0.7, (0.3, 1.0),
           "Winter et al. 2001 (Euroheat & Power 30): 0.47 to 0.7 for many buildings, higher between blocks",
           (0.6, 0.8)),
    number("supply", texts("Supply temperature", "Temperatura di mandata", "Vorlauftemperatur"), "°C", 90.0,
           (50.0, 140.0), PLANNER, (80.0, 100.0)),
    number("spread", texts("Cooling at the consumer", "Raffreddamento all'utenza", "Spreizung"), "K", 35.0,
           (10.0, 70.0), PLANNER, (30.0, 40.0)),
    number("detour", texts("Trench per straight line", "Scavo per linea retta", "Trasse je Luftlinie"), "1", 1.3,
           (1.0, 2.0), "Street grids: 1.2 to 1.4 times the straight line; streets are not open data here", (1.2, 1.4)),
    number("velocity", texts("Velocity that pipes are laid out for", "Velocità di progetto",
                             "Auslegungsgeschwindigkeit"),
           "m/s", 1.5, (0.3, 4.0), "AGFW FW 401 practice: 1 to 3 m/s in mains"),
    number("lift", texts("Pressure that pumps add", "Prevalenza delle pompe", "Förderdruck"), "bar", 8.0, (0.5, 20.0),
           PLANNER),
    number("least_difference", texts("Pressure a station needs", "Pressione necessaria in sottostazione",
                                     "Nötige Druckdifferenz der Station"), "bar", 0.6, (0.1, 3.0),
           "Usual technical connection conditions: 0.5 to 0.8 bar"),
    number("heat_loss", texts("Heat-transfer coefficient of the pipe wall", "Trasmittanza della parete del tubo",
                              "Wärmedurchgang der Rohrwand"), "W/(m²·K)", 0.7, (0.05, 5.0), _OWN + "; insulation "
           "series 2, referred to the inner surface", (0.5, 0.9)),
    number("ground", texts("Temperature of the ground", "Temperatura del suolo", "Bodentemperatur"), "°C", 10.0,
           (-5.0, 25.0), _OWN),
)  # fmt: skip

MEASURES = (
    Measure(
        "lower_supply",
        texts("Lower supply temperature", "Abbassare la mandata", "Vorlauf senken"),
        texts("By so many kelvin, with the same cooling at the consumer.",
              "Di tanti kelvin, a parità di raffreddamento all'utenza.",
              "Um so viele Kelvin, bei gleicher Spreizung."),
        ("features", "area", "polygon"),
        (number("kelvin", texts("By", "Di", "Um"), "K", 15.0, (0.0, 60.0), PLANNER),),
    ),
)  # fmt: skip

INDICATORS = (
    figure("subnetworks", texts("Networks checked", "Reti verificate", "Geprüfte Netze"), "1"),
    figure("mains", texts("Mains", "Dorsali", "Hauptleitungen"), "km", Direction.LOWER),
    figure("velocity", texts("Highest velocity", "Velocità massima", "Höchste Geschwindigkeit"), "m/s", decimals=2),
    figure("least_difference", texts("Least pressure difference at a block", "Minima differenza di pressione",
                                     "Kleinste Druckdifferenz an einem Block"), "bar", Direction.HIGHER, 2),
    figure("too_little", texts("Blocks with too little pressure", "Isolati con pressione insufficiente",
                               "Blöcke mit zu wenig Druck"), "1", Direction.LOWER),
    figure("coldest", texts("Lowest supply temperature at a block", "Mandata più bassa a un isolato",
                            "Niedrigste Vorlauftemperatur an einem Block"), "°C", Direction.HIGHER, 1),
    figure("losses", texts("Losses of the mains", "Perdite delle dorsali", "Verluste der Hauptleitungen"), "GWh/a",
           Direction.LOWER),
    figure("pumping", texts("Electricity of pumps at full load", "Elettricità delle pompe a pieno carico",
                            "Pumpstrom bei Volllast"), "MW", Direction.LOWER, 2),
    figure("unchecked", texts("Blocks in networks too small to check", "Isolati in reti troppo piccole",
                              "Blöcke in Netzen, die zu klein zum Prüfen sind"), "1"),
)  # fmt: skip

FIELDS = (
    column("difference", texts("Pressure difference", "Differenza di pressione", "Druckdifferenz"), "bar", "mean",
           Direction.HIGHER),
    column("temperature", texts("Supply temperature", "Temperatura di mandata", "Vorlauftemperatur"), "°C", "mean"),
    column("velocity", texts("Velocity in the pipe to it", "Velocità nel tubo", "Geschwindigkeit im Rohr dorthin"),
           "m/s", "mean"),
    column("diameter", texts("Inner diameter of the pipe to it", "Diametro interno del tubo",
                             "Innendurchmesser des Rohrs dorthin"), "mm", "mean"),
)  # fmt: skip

VALIDITY = texts(
    "A check whether mains of usual size could carry a proposed supply: pressure, velocity and losses at full load on "
    "trees between blocks. Not a design: streets, existing pipes, plants and heights are not known.",
    "Verifica se dorsali di taglia usuale possano portare la fornitura proposta: pressione, velocità e perdite a "
    "pieno carico su alberi tra isolati. Non un progetto: vie, tubi esistenti, centrali e quote non sono noti.",
    "Prüft, ob Hauptleitungen üblicher Größe eine vorgeschlagene Versorgung tragen: Druck, Geschwindigkeit und "
    "Verluste bei Volllast auf Bäumen zwischen Blöcken. Kein Entwurf: Straßen, vorhandene Rohre, Werke und Höhen sind "
    "unbekannt.",
)

PERIOD = texts("a year of usual weather", "un anno di clima usuale", "ein Jahr mit üblichem Wetter")
