"""How sources' data come in from portals: over HTTP, through the guard, straight into a file, bounded in size, time and
bandwidth; a transfer that breaks off goes on where it stopped.

Portals move their downloads to other hosts, so redirects are followed; the guard checks each address on the way.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from sympolis import __version__
from sympolis.acquisition.retrieval import Download, Downloaded, Permit
from sympolis.domain.errors import Forbidden, SourceFailed
from sympolis.egress.guard import Guard
from sympolis.egress.http import EndedEarly, HttpClient, Pace, Response, ResponseTooLarge

_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
_OK: Final = 200
_PARTIAL: Final = 206
_TAKEN: Final = frozenset((_OK, 304))
_SECRET: Final = frozenset(("authorization", "cookie", "proxy-authorization"))
"""Headers that only the host they were meant for gets to see."""
_AGENT: Final = f"Sympolis/{__version__}"
_MOST_BREAKS: Final = 5
"""So often a transfer may break off."""
_PAUSE_S: Final = 1.0

Sleep = Callable[[float], Awaitable[object]]


def downloader(client: HttpClient, sleep: Sleep = asyncio.sleep) -> Download:
    """The port ``acquisition.retrieval.Download`` over this client."""

    async def download(
        url: str,
        *,
        headers: Mapping[str, str],
        to: Path,
        most_bytes: int,
        timeout_s: float,
        most_bytes_s: float | None = None,
    ) -> Downloaded:
        pace = None if most_bytes_s is None else paced(most_bytes_s, sleep=sleep)
        transfer = _Transfer(client, url, to, most_bytes, timeout_s, pace)
        try:
            async with asyncio.timeout(timeout_s):
                answer = await transfer.whole(headers, sleep)
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


def paced(
    most_bytes_s: float, *, clock: Callable[[], float] = time.monotonic, sleep: Sleep = asyncio.sleep
) -> Pace:
    """Lets no more bytes through, on average since its first, than this many a second."""
    begun, count = clock(), 0

    async def wait(came: int) -> None:
        nonlocal count
        count += came
        ahead = count / most_bytes_s - (clock() - begun)
        if ahead > 0:
            await sleep(ahead)

    return wait


@dataclass(frozen=True, slots=True)
class _Transfer:
    """One document on its way into the file ``to``."""

    client: HttpClient
    url: str
    to: Path
    most_bytes: int
    timeout_s: float
    pace: Pace | None

    async def whole(self, headers: Mapping[str, str], sleep: Sleep) -> Response:
        """The final answer; the body of a 200 is in the file, whole, however often it broke off."""
        self.to.touch()
        asked, first = dict(headers), Response()
        more = self.to.with_name(f"{self.to.name}.more")
        try:
            for _ in range(_MOST_BREAKS):
                try:
                    answer = await self._followed(asked, more)
                except EndedEarly as problem:
                    first = problem.response if problem.response.status == _OK else first
                    onward = self._onward(first) if self._take_in(problem.response, more) else None
                    if onward is None:
                        raise
                    asked = {**headers, **onward}
                    await sleep(_PAUSE_S)
                else:
                    self._take_in(answer, more)
                    return answer if answer.status != _PARTIAL else self._checked(first, answer)
            raise OSError(f"broke off {_MOST_BREAKS} times")
        finally:
            more.unlink(missing_ok=True)

    def _take_in(self, answer: Response, more: Path) -> bool:
        """Put what came behind what there is, or in its place where the portal began anew; whether there was any."""
        came = more.stat().st_size
        if answer.status == _OK:
            more.replace(self.to)
        elif answer.status == _PARTIAL:
            self._append(answer, more, came)
        return came > 0 and answer.status in (_OK, _PARTIAL)

    def _append(self, answer: Response, more: Path, came: int) -> None:
        start = answer.headers.get("content-range", "").removeprefix("bytes ").split("-")[0]
        size = self.to.stat().st_size
        if size == 0 or start != str(size):
            raise OSError(f"the portal went on at byte {start or '?'} and not at {size}")
        if size + came > self.most_bytes:
            raise ResponseTooLarge(f"the answer has more than {self.most_bytes} bytes")
        with more.open("rb") as source, self.to.open("ab") as target:
            shutil.copyfileobj(source, target)

    def _onward(self, first: Response) -> dict[str, str] | None:
        """What to ask for the rest with (RFC 9110, 13.1.5, 14.2); None where nobody could tell that it is the same."""
        etag = first.headers.get("etag", "")
        same = first.headers.get("last-modified") if etag.startswith("W/") or not etag else etag
        return None if same is None else {"Range": f"bytes={self.to.stat().st_size}-", "If-Range": same}

    def _checked(self, first: Response, last: Response) -> Response:
        """The first answer, which the last has completed."""
        total, size = last.headers["content-range"].rpartition("/")[2], self.to.stat().st_size
        if total not in ("*", str(size)):
            raise OSError(f"the portal gave {size} bytes of {total}")
        return first

    async def _followed(self, headers: Mapping[str, str], into: Path) -> Response:
        """The answer at the end of the redirects; its content is in ``into``."""
        url, asked = self.url, {"User-Agent": _AGENT, "Accept": "*/*", **headers}
        with into.open("wb") as stream:
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await self.client.request(
                    "GET", url, headers=asked.items(), timeout_s=self.timeout_s,
                    most_bytes=self.most_bytes, sink=stream.write, pace=self.pace,
                )  # fmt: skip
                onward = answer.headers.get("location")
                if answer.status not in _REDIRECTS or onward is None:
                    return answer
                following = urljoin(url, onward)
                if _origin(following) != _origin(url):
                    # Whoever moved a file must not learn the key of where it was.
                    asked = {name: value for name, value in asked.items() if name.lower() not in _SECRET}
                url = following
        raise OSError(f"more than {_MOST_REDIRECTS} redirects")


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
