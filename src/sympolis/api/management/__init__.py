"""The twin as its operators manage it: the seven layers of a Local Digital Twin, each with its state and controls."""

from sympolis.api.management.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
