"""Calling out, safely: every connection that a stranger can make this server open goes through here.

``guard`` decides where to, ``http`` speaks HTTP through it. Notifications, fetched contexts and forwarded requests
share it.
"""

from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient, Response

__all__ = ["EgressPolicy", "Guard", "HttpClient", "Response"]
