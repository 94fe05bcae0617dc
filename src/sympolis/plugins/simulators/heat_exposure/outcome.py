"""The figures that a run gives for the city, and by area and street."""

from __future__ import annotations

from sympolis.domain.measure import Direction
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec
from sympolis.plugins.simulators.heat_exposure.declaring import texts

INDICATORS = (
    IndicatorSpec(
        "heat_hours",
        texts(
            "Hours people spend outdoors in strong heat stress",
            "Ore di persone all'aperto con forte stress da caldo",
            "Stunden von Menschen im Freien bei starker Hitzebelastung",
        ),
        "person·h/d",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "severe_hours",
        texts(
            "Hours people spend outdoors in very strong heat stress",
            "Ore di persone all'aperto con stress da caldo molto forte",
            "Stunden von Menschen im Freien bei sehr starker Hitzebelastung",
        ),
        "person·h/d",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "vulnerable_hours",
        texts(
            "Hours of people over 65 in strong heat stress",
            "Ore di over 65 con forte stress da caldo",
            "Stunden von Menschen über 65 bei starker Hitzebelastung",
        ),
        "person·h/d",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "felt_temperature",
        texts(
            "Felt temperature of people outdoors, 12–18 (UTCI)",
            "Temperatura percepita all'aperto, 12–18 (UTCI)",
            "Gefühlte Temperatur im Freien, 12–18 (UTCI)",
        ),
        "°C",
        Direction.LOWER,
        2,
    ),
    IndicatorSpec(
        "relief",
        texts(
            "Relief: hours out of very strong heat stress",
            "Sollievo: ore fuori dallo stress da caldo molto forte",
            "Entlastung: Stunden ohne sehr starke Hitzebelastung",
        ),
        "person·h/d",
        Direction.HIGHER,
    ),
    IndicatorSpec(
        "fair_relief",
        texts(
            "Relief, weighted by vulnerability",
            "Sollievo, pesato per vulnerabilità",
            "Entlastung, nach Verletzlichkeit gewichtet",
        ),
        "person·h/d",
        Direction.HIGHER,
    ),
    IndicatorSpec("investment", texts("Investment", "Investimento", "Investition"), "EUR", Direction.LOWER),
    IndicatorSpec(
        "yearly_cost", texts("Cost a year", "Costo annuo", "Kosten im Jahr"), "EUR/a", Direction.LOWER
    ),
    IndicatorSpec(
        "relief_per_1000_eur",
        texts("Relief in a year per 1,000 €", "Sollievo annuo per 1.000 €", "Entlastung im Jahr je 1.000 €"),
        "person·h",
        Direction.HIGHER,
        1,
    ),
    IndicatorSpec(
        "hot_days",
        texts(
            "Heat-wave days a year, last ten summers",
            "Giorni di ondata di calore l'anno, ultime dieci estati",
            "Hitzewellentage im Jahr, letzte zehn Sommer",
        ),
        "d/a",
        Direction.LOWER,
        1,
    ),
)

FIELDS = (
    FieldSpec(
        "utci",
        texts(
            "Felt temperature, 12–18 (UTCI)",
            "Temperatura percepita, 12–18 (UTCI)",
            "Gefühlte Temperatur, 12–18 (UTCI)",
        ),
        "°C",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "stress",
        texts(
            "Hours of strong heat stress in the day",
            "Ore di forte stress da caldo nel giorno",
            "Stunden starker Hitzebelastung am Tag",
        ),
        "h",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "air_temperature",
        texts("Air temperature, 12–18", "Temperatura dell'aria, 12–18", "Lufttemperatur, 12–18"),
        "°C",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "surface_temperature",
        texts(
            "Surface temperature, summer mean",
            "Temperatura del suolo, media estiva",
            "Oberflächentemperatur, Sommermittel",
        ),
        "°C",
        Direction.LOWER,
        "mean",
    ),
    FieldSpec(
        "heat_hours",
        texts(
            "Hours people spend in strong heat stress",
            "Ore di persone con forte stress da caldo",
            "Stunden von Menschen bei starker Hitzebelastung",
        ),
        "person·h/d",
        Direction.LOWER,
        "sum",
    ),
    FieldSpec(
        "vulnerable_hours",
        texts("Hours of people over 65 in it", "Ore di over 65", "Stunden von Menschen über 65"),
        "person·h/d",
        Direction.LOWER,
        "sum",
    ),
    FieldSpec(
        "risk",
        texts("Risk (100: the city's mean)", "Rischio (100: media della città)", "Risiko (100: Stadtmittel)"),
        "1",
        Direction.LOWER,
    ),
)
