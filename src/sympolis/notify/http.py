"""Notifications by HTTP POST (GS CIM 009, clause 6.3.8)."""

from __future__ import annotations

from sympolis.context.subscriptions.notice import Notice
from sympolis.domain.errors import DeliveryFailed, DeliveryRefused, Forbidden
from sympolis.egress import Guard, HttpClient

TIMEOUT_S = 10.0
"""Where the endpoint names none."""
_FOR_NOW = frozenset({408, 425, 429})
"""Answers of the 4xx kind that another attempt may change."""


class HttpNotifier:
    """See ``Notifier``: any 2xx is a delivery; 5xx and silence are tried again; the rest is refused for good."""

    def __init__(self, guard: Guard) -> None:
        self._client = HttpClient(guard)

    async def send(self, notice: Notice) -> None:
        """See ``Notifier.send``."""
        headers = [*notice.headers, ("Content-Type", notice.media)]
        endpoint = notice.endpoint
        try:
            answer = await self._client.request(
                "POST",
                endpoint.uri,
                headers=headers,
                body=notice.body,
                timeout_s=endpoint.timeout_s or TIMEOUT_S,
            )
        except Forbidden as problem:
            raise DeliveryRefused(problem.message, where=problem.where, hint=problem.hint) from problem
        except TimeoutError as problem:
            raise DeliveryFailed("no answer in time") from problem
        except OSError as problem:
            raise DeliveryFailed(f"no answer: {problem}") from problem
        _check(answer.status)

    async def close(self) -> None:
        """See ``Notifier.close``."""
        await self._client.close()


def _check(status: int) -> None:
    if 200 <= status < 300:
        return
    if status >= 500 or status in _FOR_NOW:
        raise DeliveryFailed(f"the receiver answered {status}")
    raise DeliveryRefused(f"the receiver answered {status}")
