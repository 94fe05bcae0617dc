"""What the model declares about itself: needs, parameters, indicators and fields, with unit and source."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import PLANNER, column, figure, number, texts
from sympolis.plugins.simulator import Measure, Need

NEEDS = (
    Need("buildings", "BuildingTable", ("file", "rows"), table=True),
    Need("blocks", "BuildingBlock", ("name", "location", "landArea", "statisticalArea"), units={"landArea": "MTK"}),
    Need("weather", "ReferenceWeather", ("temperature", "directRadiation", "diffuseRadiation"), history=True,
         units={"temperature": "CEL"}),
    Need("areas", "StatisticalArea", ("population",), minimum=0,
         without=texts("heat from sewage is not computed", "il calore delle acque reflue non è calcolato",
                       "Wärme aus Abwasser wird nicht gerechnet")),
)  # fmt: skip

_OWN = "Assumption of this project, to be replaced by the city's own figure"

PARAMETERS = (
    number("open_share", texts("Share of open ground where probes may be sunk", "Quota di suolo libero per sonde",
                               "Anteil freier Fläche, auf der Sonden möglich sind"), "1", 0.25, (0.0, 1.0),
           _OWN + "; streets, trees and water protection are not known by block", (0.15, 0.35)),
    number("ground_yield", texts("Heat from a square metre of such ground", "Calore per metro quadro di tale suolo",
                                 "Wärme je Quadratmeter solcher Fläche"), "kWh/(m²·a)", 60.0, (0.0, 200.0),
           "Probes of 100 m, 35 to 50 W/m over 1,900 h (VDI 4640 part 2), 8 to 14 m apart; not regenerated",
           (35.0, 90.0)),
    number("roof_share", texts("Share of a roof for collectors", "Quota di tetto per collettori",
                               "Anteil des Dachs für Kollektoren"), "1", 0.25, (0.0, 1.0),
           _OWN + "; instead of photovoltaics, not beside it", (0.15, 0.35)),
    number("collector", texts("Collector's heat per radiation", "Calore per radiazione",
                              "Kollektorertrag je Einstrahlung"), "1", 0.35, (0.0, 0.8),
           "Flat collectors in Germany, 350 to 450 kWh/(m²·a) of some 1,100; range of this project", (0.28, 0.42)),
    number("sewage", texts("Sewage of a person", "Acque reflue per persona", "Abwasser je Person"), "l/d", 160.0,
           (0.0, 600.0), "Usual dry-weather flow in Germany, DWA-A 118: 120 to 200 litres a day", (120.0, 200.0)),
    number("sewage_cooled", texts("By how much it may be cooled", "Raffreddamento ammesso", "Zulässige Abkühlung"), "K",
           3.0, (0.0, 10.0), "DWA-M 114: the plant's biology allows 2 to 4 K", (2.0, 4.0)),
    number("sewage_share", texts("Share of it that can be reached", "Quota raggiungibile", "Erreichbarer Anteil"), "1",
           0.5, (0.0, 1.0), _OWN, (0.3, 0.7)),
)  # fmt: skip

MEASURES = (
    Measure(
        "no_probes",
        texts("No ground probes", "Nessuna sonda geotermica", "Keine Erdsonden"),
        texts("Water protection or the like forbids them.", "La tutela delle acque o simili le vieta.",
              "Wasserschutz oder Ähnliches verbietet sie."),
        ("features", "area", "polygon"),
        (number("share", texts("Share of the ground", "Quota di suolo", "Anteil der Fläche"), "%", 100.0,
                (0.0, 100.0), PLANNER),),
    ),
)  # fmt: skip

INDICATORS = (
    figure("ground_heat", texts("Heat of the near ground", "Calore del sottosuolo superficiale",
                                "Oberflächennahe Erdwärme"), "GWh/a", Direction.HIGHER),
    figure("solar_heat", texts("Solar heat from roofs (instead of photovoltaics)",
                               "Calore solare dai tetti (in luogo del fotovoltaico)",
                               "Solarwärme von Dächern (statt Photovoltaik)"), "GWh/a", Direction.HIGHER),
    figure("sewage_heat", texts("Heat of sewage", "Calore delle acque reflue", "Abwasserwärme"), "GWh/a",
           Direction.HIGHER),
    figure("open_ground", texts("Open ground in the blocks", "Suolo libero negli isolati",
                                "Freie Fläche in den Blöcken"), "ha"),
    figure("roofs", texts("Roofs", "Tetti", "Dachfläche"), "ha"),
    figure("radiation", texts("Radiation on the level in the typical year", "Radiazione orizzontale nell'anno tipico",
                              "Globalstrahlung im Referenzjahr"), "kWh/(m²·a)"),
    figure("heating_hours", texts("Hours below 15 °C", "Ore sotto i 15 °C", "Stunden unter 15 °C"), "h/a"),
    figure("heating_temperature", texts("Air in those hours", "Aria in quelle ore", "Luft in diesen Stunden"), "°C",
           decimals=1),
)  # fmt: skip

FIELDS = (
    column("ground_heat", texts("Heat of the near ground", "Calore del sottosuolo", "Erdwärme"), "MWh/a", "sum",
           Direction.HIGHER),
    column("solar_heat", texts("Solar heat from roofs", "Calore solare dai tetti", "Solarwärme von Dächern"), "MWh/a",
           "sum", Direction.HIGHER),
    column("open_ground", texts("Open ground", "Suolo libero", "Freie Fläche"), "ha", "sum"),
    column("roofs", texts("Roofs", "Tetti", "Dachfläche"), "m²", "sum"),
)  # fmt: skip

VALIDITY = texts(
    "What ground, roofs and sewage could give under the stated assumptions: a technical potential, not what pays. "
    "Water protection, geology, statics and monuments are not known. River, deep ground and industry are not guessed.",
    "Ciò che suolo, tetti e acque reflue potrebbero dare con queste ipotesi: un potenziale tecnico. "
    "Tutela delle acque, geologia, statica e vincoli non sono noti. Fiume, geotermia profonda e industria non stimati.",
    "Was Boden, Dächer und Abwasser unter den genannten Annahmen geben könnten: ein technisches Potenzial. "
    "Wasserschutz, Geologie, Statik und Denkmale sind nicht bekannt. Fluss, tiefe Geothermie und Industrie werden "
    "nicht geschätzt.",
)

PERIOD = texts("a year of usual weather", "un anno di clima usuale", "ein Jahr mit üblichem Wetter")
