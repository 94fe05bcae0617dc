"""How @contexts that are not bundled come in: over HTTP, through the guard, bounded in size and time."""

from __future__ import annotations

from sympolis.context.terms import Fetch
from sympolis.domain.errors import ContextNotAvailable, Forbidden
from sympolis.egress.http import HttpClient

TIMEOUT_S = 5.0
MOST_BYTES = 2 * 1024 * 1024
ACCEPT = "application/ld+json, application/json;q=0.9"


def context_fetcher(client: HttpClient) -> Fetch:
    """Gets the bytes behind a context's URL. Raises ``ContextNotAvailable`` with the reason, within the timeout."""

    async def fetch(url: str) -> bytes:
        try:
            answer = await client.request(
                "GET", url, headers=(("Accept", ACCEPT),), timeout_s=TIMEOUT_S, most_bytes=MOST_BYTES
            )
        except Forbidden as problem:
            raise ContextNotAvailable(problem.message, where=url, hint=problem.hint) from problem
        except TimeoutError as problem:
            raise ContextNotAvailable(f"no answer within {TIMEOUT_S:g} s", where=url) from problem
        except (OSError, ValueError, KeyError) as problem:
            raise ContextNotAvailable(f"cannot be fetched: {problem}", where=url) from problem
        if answer.status != 200:
            raise ContextNotAvailable(f"its server answered {answer.status}", where=url)
        return answer.body

    return fetch
