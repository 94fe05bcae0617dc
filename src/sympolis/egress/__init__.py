"""Calling out, safely: every connection that a stranger can make this server open goes through here.

``guard`` decides where to, ``http`` and ``mqtt`` speak through it. Notifications, fetched contexts, forwarded requests,
deliveries of sources and what is listened to share it.
"""

from sympolis.egress.guard import EgressPolicy, Guard
from sympolis.egress.http import HttpClient, Response

__all__ = ["EgressPolicy", "Guard", "HttpClient", "Response"]
