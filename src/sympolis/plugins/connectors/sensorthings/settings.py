"""What a source file may say under ``[settings]`` for a SensorThings API."""

from __future__ import annotations

from dataclasses import dataclass

from sympolis.domain.reading import option


@dataclass(frozen=True, kw_only=True)
class SensorThingsSettings:
    """Which set of entities, and how they are asked for (OGC 18-088, section 9)."""

    resource: str = option("Observations", pattern=r"[A-Za-z]+(\([^)]*\))?(/[A-Za-z]+)*")
    """The set that becomes the rows, e.g. ``Observations``, ``Things``, ``Datastreams(5)/Observations``."""
    expand: str = ""
    """``$expand``, e.g. ``Datastream($expand=Thing)``: members of expanded entities become fields with dotted names."""
    filter: str = ""
    """``$filter``, e.g. ``phenomenonTime ge 2024-01-01T00:00:00Z``."""
    select: str = ""
    order_by: str = "id"
    """``$orderby``; without an order pages may overlap."""
    geometry: str = ""
    """The field with a GeoJSON geometry, by its dotted name, e.g. ``FeatureOfInterest.feature``."""
    page_rows: int = option(1_000, minimum=1, maximum=10_000)
    mqtt: str = option("", pattern=r"(mqtts?://[^/?#@\s]+)?")
    """The service's MQTT broker, to hear new entities as they come; empty: they are only read."""
    topics: tuple[str, ...] = ()
    """What to hear there, e.g. ``v1.1/Datastreams(5)/Observations``; empty: ``v1.1/`` and ``resource``."""
    user: str = ""
    password: str = ""
    """For MQTT: the name of the password in ``local/secrets.toml``."""
