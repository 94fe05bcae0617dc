"""The Dataspace Protocol 2025-1 over HTTP, the data that agreements let out, and contracts for the twin's own pages.

``protocol`` the protocol's binding · ``refusing`` its error messages · ``data`` data under contract · ``trading``
``/api/federation`` · ``rehearsing`` the test mode.
"""

from sympolis.api.dsp.operations import operations

__all__ = ["operations"]
