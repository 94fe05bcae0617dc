"""Carries requests to other brokers, through the guard that all calls to others go through."""

from __future__ import annotations

from sympolis.context.distributed.asking import Answer, Ending
from sympolis.context.distributed.wording import Outgoing
from sympolis.domain.errors import Forbidden
from sympolis.egress import HttpClient
from sympolis.egress.http import ResponseTooLarge

_MOST_BYTES = 16 * 1024 * 1024
"""Of one answer; a larger one is no answer."""


class HttpCourier:
    """See ``Courier``. Follows no redirects: a source that moved is to be registered where it is."""

    def __init__(self, client: HttpClient, *, most_bytes: int = _MOST_BYTES) -> None:
        self._client = client
        self._most_bytes = most_bytes

    async def carry(self, request: Outgoing) -> Answer:
        """See ``Courier.carry``."""
        try:
            found = await self._client.request(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                timeout_s=request.timeout_s,
                most_bytes=self._most_bytes,
            )
        except TimeoutError:
            return Answer(Ending.SILENT)
        except ResponseTooLarge:
            return Answer(Ending.INVALID)
        except Forbidden:
            return Answer(Ending.UNREACHABLE)
        except ConnectionError:
            return Answer(Ending.UNREACHABLE)
        except (OSError, ValueError) as problem:
            broken = "not HTTP" in str(problem) or "ended early" in str(problem)
            return Answer(Ending.INVALID if broken else Ending.UNREACHABLE)
        return Answer(Ending.ANSWERED, found.status, found.headers, found.body)
