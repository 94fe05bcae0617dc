"""OGC SensorThings API 1.1, Part 1: Sensing (OGC 18-088), for reading: things, their datastreams and observations."""

from sympolis.api.sensorthings.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
