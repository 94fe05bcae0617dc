"""How sources' data come in from portals: over HTTP, through the guard, straight into a file, bounded in size and time.

Portals move their downloads to other hosts, so redirects are followed; the guard checks each address on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final
from urllib.parse import urljoin, urlsplit

from sympolis import __version__
from sympolis.acquisition.retrieval import Download, Downloaded, Permit
from sympolis.domain.errors import Forbidden, SourceFailed
from sympolis.egress.guard import Guard
from sympolis.egress.http import HttpClient, Response, ResponseTooLarge

_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_TAKEN: Final = frozenset((200, 304))
_SECRET: Final = frozenset(("authorization", "cookie", "proxy-authorization"))
"""Headers that only the host they were meant for gets to see."""
_AGENT: Final = f"Sympolis/{__version__}"


def downloader(client: HttpClient) -> Download:
    """The port ``acquisition.retrieval.Download`` over this client."""

    async def download(
        url: str, *, headers: Mapping[str, str], to: Path, most_bytes: int, timeout_s: float
    ) -> Downloaded:
        try:
            async with asyncio.timeout(timeout_s):
                with to.open("wb") as stream:
                    answer = await _followed(client, url, headers, stream, most_bytes, timeout_s)
        except Forbidden as problem:
            raise SourceFailed(problem.message, where=url, hint=problem.hint) from problem
        except TimeoutError as problem:
            message = f"no complete answer within {timeout_s:g} s"
            raise SourceFailed(message, where=url, hint="raise refresh.timeout_s") from problem
        except ResponseTooLarge as problem:
            message = f"is larger than {most_bytes / 1e6:.0f} MB"
            raise SourceFailed(message, where=url, hint="raise refresh.max_size_mb") from problem
        except (OSError, ValueError, KeyError) as problem:
            raise SourceFailed(f"cannot be fetched: {problem}", where=url) from problem
        if answer.status not in _TAKEN:
            raise SourceFailed(f"the portal answered {answer.status}", where=url)
        return Downloaded(answer.status, answer.headers)

    return download


def permit(guard: Guard) -> Permit:
    """The port ``acquisition.retrieval.Permit`` over this guard."""

    async def check(host: str, port: int) -> None:
        try:
            await guard.addresses(host, port)
        except Forbidden as problem:
            raise SourceFailed(problem.message, where=f"{host}:{port}", hint=problem.hint) from problem
        except OSError as problem:
            raise SourceFailed(f"has no address: {problem}", where=host) from problem

    return check


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


async def _followed(
    client: HttpClient,
    url: str,
    headers: Mapping[str, str],
    stream: IO[bytes],
    most_bytes: int,
    timeout_s: float,
) -> Response:
    """The answer at the end of the redirects; the body of a 200 is in ``stream``."""
    asked = {"User-Agent": _AGENT, "Accept": "*/*", **headers}
    for _ in range(_MOST_REDIRECTS + 1):
        answer = await client.request(
            "GET", url, headers=asked.items(), timeout_s=timeout_s, most_bytes=most_bytes, sink=stream.write
        )
        onward = answer.headers.get("location")
        if answer.status not in _REDIRECTS or onward is None:
            return answer
        following = urljoin(url, onward)
        if _origin(following) != _origin(url):  # whoever moved a file must not learn the key of where it was
            asked = {name: value for name, value in asked.items() if name.lower() not in _SECRET}
        url = following
    raise OSError(f"more than {_MOST_REDIRECTS} redirects")
