"""NGSI-LD (ETSI GS CIM 009 v1.9.1), first cut: entities, batches and temporal reads.

``operations`` is what is offered; ``refuse_later`` names what the standard has and this twin does not have yet.
"""

from sympolis.api.ngsi_ld.operations import SCHEMAS, operations, refuse_later

__all__ = ["SCHEMAS", "operations", "refuse_later"]
