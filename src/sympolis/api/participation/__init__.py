"""Participation over HTTP: ``/api/participation`` in our words, ``/api/participation/pds`` in those of DIPAS."""

from sympolis.api.participation.operations import SCHEMAS, operations

__all__ = ["SCHEMAS", "operations"]
