"""What the model declares about itself: needs, parameters, measures, indicators and fields, with unit and source."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins.declaring import PLANNER, column, figure, number, texts
from sympolis.plugins.simulator import Measure, Need

NEEDS = (
    Need(
        "blocks", "BuildingBlock", ("name", "location", "landArea", "statisticalArea"), minimum=2,
        units={"landArea": "MTK"},
    ),
    Need(
        "heat", "BuildingBlock", ("demand", "buildings", "floor_area"), linked=True,
        units={"demand": "MWh/a", "buildings": "1", "floor_area": "m²"},
    ),
    Need("ground", "BuildingBlock", ("ground_heat",), linked=True, units={"ground_heat": "MWh/a"}),
)  # fmt: skip

_CATALOGUE = (
    "Order of magnitude of the technology catalogue for municipal heat planning (KWW/dena, BMWK 2024), price level "
    "2024; range of this project, to be replaced by the utility's figures"
)
_OWN = "Assumption of this project, to be replaced by the city's own figure"
_NO_DATA = _OWN + "; no open data"

PARAMETERS = (
    number("network_today", texts("Network heat today", "Calore di rete oggi", "Fernwärme heute"), "GWh/a", 0.0,
           (0.0, 1e5), "Stated by the city or its utility; 0: there is no network yet"),
    number("network_limit", texts("Most that networks can be fed", "Massimo immettibile nelle reti",
                                  "Höchstens in Netze einspeisbar"), "GWh/a", 1e5, (0.0, 1e6),
           "Stated by the utility; without it there is no limit"),
    number("network_price", texts("Network heat at the plant in the target year", "Calore di rete alla centrale",
                                  "Wärme ab Erzeuger im Zieljahr"), "EUR/MWh", 85.0, (10.0, 400.0), _CATALOGUE,
           (65.0, 105.0)),
    number("trench", texts("A metre of trench with both pipes", "Un metro di scavo con entrambi i tubi",
                           "Ein Meter Trasse mit beiden Rohren"), "EUR/m", 1500.0, (100.0, 10_000.0), _CATALOGUE,
           (1000.0, 2200.0)),
    number("station", texts("A transfer station", "Una sottostazione", "Eine Übergabestation"), "EUR/kW", 180.0,
           (10.0, 2000.0), _CATALOGUE, (120.0, 260.0)),
    number("pipe_loss", texts("Heat lost by a metre of trench", "Calore perso per metro di scavo",
                              "Wärmeverlust je Meter Trasse"), "MWh/(m·a)", 0.18, (0.0, 1.0),
           "20 W/m of pipe pair over the year (EN 13941 range of insulated pipes 15 to 28)", (0.13, 0.25)),
    number("reach", texts("How far a block may lie from the next on the network",
                          "Distanza massima dal prossimo isolato in rete",
                          "Höchste Entfernung zum nächsten Block am Netz"), "m", 300.0, (50.0, 3000.0), PLANNER),
    number("heat_pump", texts("Air heat pump", "Pompa di calore ad aria", "Luft-Wärmepumpe"), "EUR/kW", 1600.0,
           (200.0, 10_000.0), _CATALOGUE, (1200.0, 2100.0)),
    number("ground_pump", texts("Ground heat pump with probes", "Pompa di calore geotermica con sonde",
                                "Erdwärmepumpe mit Sonden"), "EUR/kW", 2500.0, (200.0, 10_000.0), _CATALOGUE,
           (1900.0, 3200.0)),
    number("dense_surplus", texts("Dearer where there is no room (plot ratio above 1)",
                                  "Sovraccosto dove manca spazio (rapporto di copertura oltre 1)",
                                  "Aufschlag bei Platzmangel (Geschossflächenzahl über 1)"), "1", 0.3, (0.0, 3.0),
           _OWN, (0.1, 0.6)),
    number("cop_air", texts("Heat per electricity, air", "Calore per elettricità, aria",
                            "Jahresarbeitszahl Luft"), "1", 2.9, (1.5, 6.0),
           "Field tests of heat pumps in existing buildings, Fraunhofer ISE (WPsmart im Bestand, 2020): 2.5 to 3.8, "
           "mean 3.1; lower for unrefurbished blocks of flats", (2.5, 3.3)),
    number("cop_ground", texts("Heat per electricity, ground", "Calore per elettricità, terreno",
                               "Jahresarbeitszahl Erdreich"), "1", 3.9, (1.5, 7.0),
           "The same field tests: 3.3 to 4.7, mean 4.1", (3.5, 4.4)),
    number("electricity_price", texts("Electricity for heat pumps", "Elettricità per pompe di calore",
                                      "Strom für Wärmepumpen"), "EUR/MWh", 220.0, (20.0, 800.0), _CATALOGUE,
           (180.0, 270.0)),
    number("boiler", texts("Biomass boiler", "Caldaia a biomassa", "Biomassekessel"), "EUR/kW", 900.0,
           (100.0, 5000.0), _CATALOGUE, (700.0, 1200.0)),
    number("biomass_price", texts("Biomass", "Biomassa", "Biomasse"), "EUR/MWh", 75.0, (10.0, 400.0), _CATALOGUE,
           (60.0, 100.0)),
    number("biomass_limit", texts("Biomass to be had for small boilers", "Biomassa disponibile per piccole caldaie",
                                  "Verfügbare Biomasse für kleine Kessel"), "GWh/a", 100.0, (0.0, 1e5), _NO_DATA,
           (50.0, 150.0)),
    number("size_exponent", texts("How a kilowatt's cost falls with a building's size",
                                  "Quanto cala il costo per kW con la taglia",
                                  "Wie die Kosten je kW mit der Größe fallen"),
           "1", -0.15, (-0.6, 0.0), "Catalogue figures for 10 to 100 kW lie on exponents of -0.1 to -0.3; range of "
           "this project", (-0.25, -0.05)),
    number("full_load", texts("Full-load hours of heat", "Ore di pieno carico", "Volllaststunden der Wärme"), "h/a",
           1900.0, (800.0, 5000.0), "Usual for space heat and hot water in Germany, 1,700 to 2,100", (1700.0, 2100.0)),
    number("interest", texts("Rate of interest", "Tasso d'interesse", "Zinssatz"), "%", 4.0, (0.0, 15.0), _OWN,
           (3.0, 5.0)),
    number("network_electricity", texts("Electricity for a unit of network heat",
                                        "Elettricità per unità di calore di rete",
                                        "Strom je Einheit Netzwärme"), "1", 0.15, (0.0, 1.0),
           "Large heat pumps for a good third of the heat at 2.8, and pumping; " + _NO_DATA, (0.08, 0.25)),
    number("electricity_today", texts("Electricity of the city today", "Elettricità della città oggi",
                                      "Strom der Stadt heute"), "GWh/a", 0.0, (0.0, 1e6),
           "Stated by the city or its utility; 0: only heat counts"),
    number("heating_today", texts("of which heats already", "di cui già riscalda", "davon heizt schon"), "GWh/a", 0.0,
           (0.0, 1e6), "Stated by the city; not counted twice", None),
    number("transport", texts("Electricity for transport, in addition", "Elettricità per i trasporti, in più",
                              "Strom für Verkehr, zusätzlich"), "GWh/a", 0.0, (0.0, 1e6),
           "Stated by the city; 0: transport is left out", None),
    number("other_growth", texts("Electricity for other new uses less savings",
                                 "Elettricità per altri nuovi usi meno risparmi",
                                 "Strom für andere neue Nutzungen abzüglich Einsparung"), "GWh/a", 0.0, (-1e6, 1e6),
           "Stated by the city; 0: everything else stays as it is", None),
    number("aimed_electricity", texts("Electricity that somebody else expects", "Elettricità attesa da altri",
                                      "Strombedarf, den jemand anderes erwartet"), "GWh/a", 0.0, (0.0, 1e6),
           "Stated by the city; 0: nothing is solved for"),
    number("electricity_emissions", texts("Emissions of electricity in the target year", "Emissioni dell'elettricità",
                                          "Emissionen des Stroms im Zieljahr"), "g/kWh", 30.0, (0.0, 1000.0),
           _OWN + "; a mostly renewable grid", (10.0, 60.0)),
    number("network_emissions", texts("Emissions of network heat, without its electricity",
                                      "Emissioni del calore di rete, senza elettricità",
                                      "Emissionen der Netzwärme, ohne ihren Strom"), "g/kWh", 10.0, (0.0, 400.0),
           _NO_DATA, (0.0, 30.0)),
)  # fmt: skip

_WHERE = ("features", "area", "polygon")
MEASURES = (
    Measure(
        "network_zone",
        texts("Heat network zone", "Zona a rete di calore", "Wärmenetzgebiet"),
        texts("These blocks are supplied by the network, whatever it costs.",
              "Questi isolati sono allacciati alla rete, a qualunque costo.",
              "Diese Blöcke werden über das Netz versorgt, was es auch kostet."),
        _WHERE,
    ),
    Measure(
        "decentral_zone",
        texts("Decentral zone", "Zona decentrata", "Dezentrales Gebiet"),
        texts("No network is built here.", "Qui non si costruisce rete.", "Hier wird kein Netz gebaut."),
        _WHERE,
    ),
    Measure(
        "network_at_least",
        texts("Network heat at least", "Calore di rete almeno", "Netzwärme mindestens"),
        texts("The networks deliver at least so much.", "Le reti forniscono almeno tanto.",
              "Die Netze liefern mindestens so viel."),
        _WHERE,
        (number("heat", texts("Heat", "Calore", "Wärme"), "GWh/a", 2500.0, (0.0, 1e5), PLANNER),),
    ),
    Measure(
        "subsidise_pipes",
        texts("Subsidise pipes", "Sovvenzionare i tubi", "Rohre fördern"),
        texts("A share of the trench is paid by others, as BEW does.",
              "Una quota dello scavo è pagata da altri, come fa la BEW.",
              "Einen Teil der Trasse zahlen andere, wie bei der BEW."),
        _WHERE,
        (number("share", texts("Share", "Quota", "Anteil"), "%", 40.0, (0.0, 100.0), PLANNER),),
    ),
)  # fmt: skip

INDICATORS = (
    figure("heat", texts("Heat demand", "Fabbisogno di calore", "Wärmebedarf"), "GWh/a"),
    figure("network_heat", texts("Network heat", "Calore di rete", "Fernwärme"), "GWh/a"),
    figure("network_heat_share", texts("Network heat's share of all heat", "Quota di calore in rete",
                                       "Anteil der Fernwärme an der Wärme"), "%"),
    figure("heat_pumps", texts("Heat of decentral heat pumps", "Calore di pompe decentrate",
                               "Wärme dezentraler Wärmepumpen"), "GWh/a"),
    figure("biomass", texts("Heat of biomass boilers", "Calore di caldaie a biomassa", "Wärme aus Biomassekesseln"),
           "GWh/a"),
    figure("electricity", texts("Electricity for heat", "Elettricità per il calore", "Strom für Wärme"), "GWh/a",
           Direction.LOWER),
    figure("electricity_pumps", texts("of which decentral heat pumps", "di cui pompe decentrate",
                                      "davon dezentrale Wärmepumpen"), "GWh/a", Direction.LOWER),
    figure("electricity_network", texts("of which for network heat", "di cui per il calore di rete",
                                        "davon für Netzwärme"), "GWh/a", Direction.LOWER),
    figure("city_electricity", texts("Electricity of the whole city", "Elettricità di tutta la città",
                                     "Strom der ganzen Stadt"), "GWh/a"),
    figure("implied_other", texts("other new uses that would meet the expected electricity",
                                  "altri nuovi usi che darebbero l'elettricità attesa",
                                  "andere neue Nutzungen, die den erwarteten Strombedarf ergäben"), "GWh/a"),
    figure("implied_cop", texts("heat per electricity of heat pumps that would meet it",
                                "resa delle pompe di calore che la darebbe",
                                "Jahresarbeitszahl der Wärmepumpen, die ihn ergäbe"), "1", decimals=1),
    figure("implied_network_electricity", texts("electricity per unit of network heat that would meet it",
                                                "elettricità per unità di calore di rete che la darebbe",
                                                "Strom je Einheit Netzwärme, der ihn ergäbe"), "1", decimals=2),
    figure("cost", texts("Cost of all heat", "Costo di tutto il calore", "Kosten der gesamten Wärme"), "MEUR/a",
           Direction.LOWER),
    figure("cost_of_heat", texts("Cost of a unit of heat", "Costo unitario del calore", "Wärmegestehungskosten"),
           "EUR/MWh", Direction.LOWER),
    figure("investment", texts("Investment in pipes and stations", "Investimento in tubi e sottostazioni",
                               "Investition in Trassen und Stationen"), "MEUR", Direction.LOWER),
    figure("new_pipes", texts("New trench", "Nuovi scavi", "Neue Trassen"), "km", Direction.LOWER),
    figure("losses", texts("Losses of the networks", "Perdite delle reti", "Netzverluste"), "GWh/a", Direction.LOWER),
    figure("network_buildings", texts("Buildings on a network", "Edifici allacciati", "Gebäude am Netz"), "1"),
    figure("network_buildings_share", texts("Share of buildings on a network", "Quota di edifici allacciati",
                                            "Anteil der Gebäude am Netz"), "%"),
    figure("emissions", texts("Emissions", "Emissioni", "Emissionen"), "kt/a", Direction.LOWER),
)  # fmt: skip

FIELDS = (
    column("network", texts("On the network", "In rete", "Am Netz"), "%", "mean"),
    column("ground_pump", texts("Ground heat pumps", "Pompe geotermiche", "Erdwärmepumpen"), "%", "mean"),
    column("air_pump", texts("Air heat pumps", "Pompe ad aria", "Luftwärmepumpen"), "%", "mean"),
    column("biomass", texts("Biomass", "Biomassa", "Biomasse"), "%", "mean"),
    column("line_density", texts("Heat-line density", "Densità lineare di calore", "Wärmeliniendichte"),
           "MWh/(m·a)", "mean"),
    column("network_cost", texts("Cost by network", "Costo con rete", "Kosten über das Netz"), "EUR/MWh", "mean",
           Direction.LOWER),
    column("decentral_cost", texts("Cost by heat pumps", "Costo con pompe di calore", "Kosten mit Wärmepumpen"),
           "EUR/MWh", "mean", Direction.LOWER),
    column("network_demand", texts("Heat from the network", "Calore dalla rete", "Wärme aus dem Netz"), "MWh/a", "sum"),
    column("electricity", texts("Electricity of heat pumps", "Elettricità delle pompe", "Strom der Wärmepumpen"),
           "MWh/a", "sum", Direction.LOWER),
    column("connected_today", texts("On the network today (by density, not surveyed)",
                                    "In rete oggi (per densità, non rilevato)",
                                    "Heute am Netz (nach Dichte, nicht erhoben)"), "%", "mean"),
)  # fmt: skip

VALIDITY = texts(
    "A proposal by cost for areas, to be discussed; no right and no duty follows from it (§ 18 (2) WPG). Where the "
    "network lies today, and what its heat will cost, are assumptions. Not for a single street or house.",
    "Una proposta per costo da discutere; non ne seguono diritti né obblighi (§ 18 (2) WPG). Dove si trova oggi la "
    "rete e quanto costerà il suo calore sono ipotesi. Non per una singola via o casa.",
    "Ein Vorschlag nach Kosten, zu erörtern; Rechte und Pflichten folgen daraus nicht (§ 18 Abs. 2 WPG). Wo das Netz "
    "heute liegt und was seine Wärme kosten wird, sind Annahmen. Nicht für eine Straße oder ein Haus.",
)

PERIOD = texts("a year of usual weather", "un anno di clima usuale", "ein Jahr mit üblichem Wetter")
