"""The kinds of things that SensorThings knows, what they have and where they lead (OGC 18-088, section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Way:
    """Where a navigation leads: to one thing of the kind, or to many."""

    kind: Kind
    many: bool


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind: the name of its set, its properties in order, those that are objects (``open``), its navigation."""

    name: str
    properties: tuple[str, ...]
    open: frozenset[str] = frozenset()
    navigation: dict[str, Way] = field(default_factory=dict)


_NAMED: Final = ("name", "description")
THINGS: Final = Kind("Things", (*_NAMED, "properties"), frozenset({"properties"}))
LOCATIONS: Final = Kind(
    "Locations", (*_NAMED, "encodingType", "location", "properties"), frozenset({"location", "properties"})
)
HISTORICAL: Final = Kind("HistoricalLocations", ("time",))
DATASTREAMS: Final = Kind(
    "Datastreams",
    (
        *_NAMED,
        *(
            "observationType",
            "unitOfMeasurement",
            "observedArea",
            "phenomenonTime",
            "resultTime",
            "properties",
        ),
    ),
    frozenset({"unitOfMeasurement", "observedArea", "properties"}),
)
SENSORS: Final = Kind(
    "Sensors", (*_NAMED, "encodingType", "metadata", "properties"), frozenset({"properties"})
)
OBSERVED: Final = Kind(
    "ObservedProperties", ("name", "definition", "description", "properties"), frozenset({"properties"})
)
OBSERVATIONS: Final = Kind(
    "Observations",
    ("phenomenonTime", "resultTime", "result", "parameters"),
    frozenset({"result", "parameters"}),
)
FEATURES: Final = Kind(
    "FeaturesOfInterest",
    (*_NAMED, "encodingType", "feature", "properties"),
    frozenset({"feature", "properties"}),
)
KINDS: Final[Mapping[str, Kind]] = {
    one.name: one
    for one in (THINGS, LOCATIONS, HISTORICAL, DATASTREAMS, SENSORS, OBSERVED, OBSERVATIONS, FEATURES)
}

THINGS.navigation.update(
    Locations=Way(LOCATIONS, True),
    HistoricalLocations=Way(HISTORICAL, True),
    Datastreams=Way(DATASTREAMS, True),
)
LOCATIONS.navigation.update(Things=Way(THINGS, True), HistoricalLocations=Way(HISTORICAL, True))
HISTORICAL.navigation.update(Thing=Way(THINGS, False), Locations=Way(LOCATIONS, True))
DATASTREAMS.navigation.update(
    Thing=Way(THINGS, False),
    Sensor=Way(SENSORS, False),
    ObservedProperty=Way(OBSERVED, False),
    Observations=Way(OBSERVATIONS, True),
)
SENSORS.navigation.update(Datastreams=Way(DATASTREAMS, True))
OBSERVED.navigation.update(Datastreams=Way(DATASTREAMS, True))
OBSERVATIONS.navigation.update(Datastream=Way(DATASTREAMS, False), FeatureOfInterest=Way(FEATURES, False))
FEATURES.navigation.update(Observations=Way(OBSERVATIONS, True))
