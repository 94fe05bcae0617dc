"""Federation over HTTP: partners, trust and what twins show each other (``/api/federation``,
``/.well-known/did.json``), calls of each other's services,
and computations on each other's data.

Contracts and transfers are the Dataspace Protocol's (``api.dsp``).
"""

from sympolis.api.federation import calling, computing, learning
from sympolis.api.federation import operations as table
from sympolis.api.parts import ApiParts
from sympolis.api.routing import Operation


def operations(parts: ApiParts) -> tuple[Operation, ...]:
    """The routes; none where this twin cannot prove who it is."""
    return (
        *table.operations(parts),
        *calling.operations(parts),
        *computing.operations(parts),
        *learning.operations(parts),
    )


__all__ = ["operations"]
