"""Assets over HTTP: publish, find across twins, judge, install (``/api/assets``), and what partners are told."""

from sympolis.api.assets.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
