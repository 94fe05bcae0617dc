"""The user interface: its built files, and the ASGI application that serves them.

The sources are in ``ui/``; building them fills ``assets/`` here. No route of any API lives in this package.
"""

from sympolis.web.site import ASSETS, create_site

__all__ = ["ASSETS", "create_site"]
