"""What a member gives: scores per street and theme, and the figures of the whole quarter."""

from __future__ import annotations

import numpy as np

from sympolis.domain.measure import Direction
from sympolis.plugins.simulator import FieldSpec, IndicatorSpec
from sympolis.plugins.simulators.street_liveability.classes import STREETS
from sympolis.plugins.simulators.street_liveability.declaring import texts
from sympolis.plugins.simulators.street_liveability.network import Values
from sympolis.plugins.simulators.street_liveability.settings import THEMES
from sympolis.plugins.simulators.street_liveability.state import State
from sympolis.plugins.simulators.street_liveability.themes import WALKING_KMH, Judged, people
from sympolis.plugins.simulators.street_liveability.town import Town

POOR = 40.0
"""Below, a street counts as a poor place to be; declared."""

INDICATORS = (
    IndicatorSpec(
        "liveability",
        texts(
            "Liveability where people live", "Vivibilità dove si abita", "Lebensqualität, wo Menschen wohnen"
        ),
        "of 100",
        Direction.HIGHER,
        1,
    ),
    IndicatorSpec(
        "people_poor",
        texts("People on streets below 40", "Persone in strade sotto 40", "Menschen an Straßen unter 40"),
        "persons",
        Direction.LOWER,
    ),
    IndicatorSpec(
        "noise",
        texts("Mean noise by day", "Rumore medio diurno", "Mittlerer Lärm am Tag"),
        "dB",
        Direction.LOWER,
        1,
    ),
    IndicatorSpec(
        "traffic_no2",
        texts(
            "NO2 from near traffic (proxy)",
            "NO2 dal traffico vicino (indiretto)",
            "NO2 nahen Verkehrs (Ersatzmaß)",
        ),
        "µg/m³",
        Direction.LOWER,
        1,
    ),
    IndicatorSpec(
        "shade",
        texts("Streets in the shade at noon", "Strade in ombra a mezzogiorno", "Straßen im Mittagsschatten"),
        "%",
        Direction.HIGHER,
        1,
    ),
    IndicatorSpec(
        "minutes",
        texts(
            "Minutes on foot, mean over the kinds",
            "Minuti a piedi, media dei tipi",
            "Gehminuten im Mittel der Arten",
        ),
        "min",
        Direction.LOWER,
        1,
    ),
    IndicatorSpec(
        "kinds",
        texts(
            "Kinds of places within 15 minutes",
            "Tipi di luoghi entro 15 minuti",
            "Arten von Orten in 15 Minuten",
        ),
        "kinds",
        Direction.HIGHER,
        1,
    ),
    IndicatorSpec(
        "for_people",
        texts("Streets at walking pace", "Strade a passo d'uomo", "Straßen im Schritttempo"),
        "km",
        Direction.HIGHER,
        2,
    ),
    IndicatorSpec(
        "displaced",
        texts("Traffic moved elsewhere", "Traffico spostato altrove", "Verlagerter Verkehr"),
        "veh·km/d",
        Direction.LOWER,
    ),
)
FIELDS = (
    FieldSpec(
        "liveability",
        texts("Liveability", "Vivibilità", "Lebensqualität"),
        "of 100",
        Direction.HIGHER,
        over_area="mean",
    ),
    *(
        FieldSpec(f"score_{name}", title, "of 100", Direction.HIGHER, over_area="mean")
        for name, title in THEMES.items()
    ),
    FieldSpec(
        "noise",
        texts("Noise by day", "Rumore diurno", "Lärm am Tag"),
        "dB(A)",
        Direction.LOWER,
        over_area="mean",
    ),
    FieldSpec(
        "vehicles", texts("Vehicles a day", "Veicoli al giorno", "Fahrzeuge am Tag"), "veh/d", Direction.LOWER
    ),
    FieldSpec(
        "kinds",
        texts(
            "Kinds of places in 15 minutes", "Tipi di luoghi in 15 minuti", "Arten von Orten in 15 Minuten"
        ),
        "kinds",
        Direction.HIGHER,
    ),
)


def fields(state: State, found: Judged) -> dict[str, list[list[float]]]:
    """One row per field; NaN where a theme is not known."""
    columns = {
        "liveability": found.total,
        **{f"score_{name}": values for name, values in found.scores.items()},
        "noise": found.noise_db,
        "vehicles": state.flow,
        "kinds": found.kinds,
    }
    return {name: [values.tolist()] for name, values in columns.items()}


def indicators(town: Town, state: State, found: Judged) -> dict[str, float]:
    """Means by the people along the streets, by metres where nobody is known to live."""
    living, length = people(town), np.array(town.length_m)
    by_people = living if living.sum() > 0 else length
    cars = np.array([STREETS[name].vehicles > 0 for name in town.classes])
    streets = cars | np.array([name in ("pedestrian", "living_street") for name in town.classes])
    at_walking_pace = (state.flow <= 0) | (state.speed_kmh <= WALKING_KMH)
    return {
        "liveability": _mean(found.total, by_people),
        "people_poor": float(living[found.total < POOR].sum()),
        "noise": _mean(found.noise_db, by_people),
        "traffic_no2": _mean(found.traffic_no2, by_people),
        "shade": 100 * _mean(state.shade, length),
        "minutes": _mean(found.minutes, by_people),
        "kinds": _mean(found.kinds, by_people),
        "for_people": float(length[streets & at_walking_pace].sum()) / 1000,
        "displaced": state.displaced,
    }


def _mean(values: Values, weights: Values) -> float:
    known = np.isfinite(values)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum()) / total if total else 0.0
