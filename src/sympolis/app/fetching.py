"""How @contexts that are not bundled come in: over HTTP, through the guard, bounded in size and time.

Published contexts live behind addresses that lead elsewhere (w3id.org above all), so redirects are followed; the guard
checks each address on the way.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urljoin

from sympolis.context.terms import Fetch
from sympolis.domain.errors import ContextNotAvailable, Forbidden
from sympolis.egress.http import HttpClient, Response

MOST_BYTES = 2 * 1024 * 1024
ACCEPT = "application/ld+json, application/json;q=0.9"
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))


def context_fetcher(client: HttpClient, timeout_s: float = 5.0) -> Fetch:
    """Gets the bytes behind a context's URL. Raises ``ContextNotAvailable`` with the reason, within the timeout."""

    async def fetch(url: str) -> bytes:
        if not url.lower().startswith(("http://", "https://")):
            raise ContextNotAvailable(
                "this is not a web address", where=url, hint="begin it with http:// or https://"
            )
        try:
            async with asyncio.timeout(timeout_s):
                answer = await _followed(client, url, timeout_s)
        except Forbidden as problem:
            raise ContextNotAvailable(problem.message, where=url, hint=problem.hint) from problem
        except TimeoutError as problem:
            raise ContextNotAvailable(f"no answer within {timeout_s:g} s", where=url) from problem
        except (OSError, ValueError, KeyError) as problem:
            raise ContextNotAvailable(f"cannot be fetched: {problem}", where=url) from problem
        if answer.status != 200:
            raise ContextNotAvailable(f"its server answered {answer.status}", where=url)
        return answer.body

    return fetch


async def _followed(client: HttpClient, url: str, timeout_s: float) -> Response:
    """The answer at the end of the redirects."""
    for _ in range(_MOST_REDIRECTS + 1):
        answer = await client.request(
            "GET", url, headers=(("Accept", ACCEPT),), timeout_s=timeout_s, most_bytes=MOST_BYTES
        )
        onward = answer.headers.get("location")
        if answer.status not in _REDIRECTS or onward is None:
            return answer
        url = urljoin(url, onward)
    raise OSError(f"more than {_MOST_REDIRECTS} redirects")
