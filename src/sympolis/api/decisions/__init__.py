"""Decision files over HTTP: put together, decided, measured afterwards, verified, printed."""

from sympolis.api.decisions.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
