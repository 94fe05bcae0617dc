"""NGSI-LD (ETSI GS CIM 009 v1.9.1): everything below ``/ngsi-ld/v1``.

``operations`` is what is offered; ``refuse_later`` names what the standard has and this twin does not have yet.
"""

from sympolis.api.ngsi_ld.operations import SCHEMAS, operations, refuse_later
from sympolis.api.ngsi_ld.scoping import echoed

__all__ = ["SCHEMAS", "echoed", "operations", "refuse_later"]
