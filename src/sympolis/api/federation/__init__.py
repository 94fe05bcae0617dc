"""Federation over HTTP: partners, trust and what twins show each other (``/api/federation``,
``/.well-known/did.json``).

Contracts and transfers are the Dataspace Protocol's (``api.dsp``).
"""

from sympolis.api.federation.operations import operations

__all__ = ["operations"]
