"""Gets a source's data from its portal: whole, within its bounds, and only where it has changed.

The connector says what it wants (``plugins.connector.Paging``) or there is one file; the port ``Download`` fetches.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from sympolis.acquisition.deliveries import Deliveries, Delivery, Draft, manifest_of
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.source import Refresh
from sympolis.acquisition.unpacking import unpack
from sympolis.domain import errors
from sympolis.plugins.connector import (
    Connector,
    Drawing,
    Incremental,
    Limits,
    Note,
    Origin,
    Page,
    Pages,
    Paging,
    Wanted,
)

_MOST_PAGES: Final = 10_000
_NOT_MODIFIED: Final = 304


@dataclass(frozen=True, slots=True)
class Downloaded:
    """An answer whose body went into a file; names of headers in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


class Download(Protocol):
    """Fetches one document into a file, through the guard, following redirects."""

    async def __call__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        to: Path,
        most_bytes: int,
        timeout_s: float,
        most_bytes_s: float | None = None,
    ) -> Downloaded:
        """The final answer, with 200 or 304. Raises ``SourceFailed`` naming the address for anything else."""
        ...


class Permit(Protocol):
    """Asks the guard whether a server that does not speak HTTP may be called."""

    async def __call__(self, host: str, port: int) -> None:
        """Raises ``SourceFailed`` where it may not, or has no address."""
        ...


async def _call_nobody(host: str, port: int) -> None:
    raise errors.SourceFailed("this twin calls no databases", where=f"{host}:{port}")


def _now() -> datetime:
    return datetime.now(UTC)


class Retriever:
    """Brings deliveries in. ``clock`` is the present moment (UTC)."""

    def __init__(
        self,
        download: Download,
        deliveries: Deliveries,
        clock: Callable[[], datetime] = _now,
        permit: Permit = _call_nobody,
    ) -> None:
        self.deliveries = deliveries
        self._download = download
        self._clock = clock
        self._permit = permit

    async def retrieve(self, planned: PlannedSource, connector: Connector) -> Delivery:
        """The newest delivery: a new one where the portal has other data than the last, else the last.

        Raises ``SourceFailed`` (unreachable, refused, too large), ``Conflict`` for a source without ``[refresh]``.
        """
        source, refresh = planned.source, planned.source.refresh
        if refresh is None:
            hint = "give the source a [refresh] with the portal's download"
            raise errors.Conflict(
                "this source cannot be read anew", where=f"sources/{source.id}.toml", hint=hint
            )
        last = self.deliveries.newest(source.id)
        if last is not None and last.manifest.bookmark is not None and not last.taken:
            return last  # going on from here would lose what is in it
        begun = None if last is None else last.manifest.bookmark
        planned = replace(planned, bookmark=begun)
        with self.deliveries.draft(source.id) as draft:
            first = await self._fetch(planned, connector, refresh, draft, last)
            if last is not None and first.status == _NOT_MODIFIED:
                return last
            found = manifest_of(
                draft,
                source=source.id,
                url=refresh.url,
                at=self._clock(),
                headers=first.headers,
                paged=isinstance(connector, Paging),
            )
            end = await asyncio.to_thread(_bookmark, connector, planned, draft, paged=found.paged)
            if last is not None and (last.manifest.sha256 == found.sha256 or (begun and end == begun)):
                return last
            found = msgspec.structs.replace(found, bookmark=end, portal=refresh.has_own_form)
            return await asyncio.to_thread(self.deliveries.keep, draft, found, most=refresh.keep)

    async def _fetch(
        self,
        planned: PlannedSource,
        connector: Connector,
        refresh: Refresh,
        draft: Draft,
        last: Delivery | None,
    ) -> Downloaded:
        """All documents of a delivery; the first answer."""
        if isinstance(connector, Paging):
            pages = connector.pages(planned.origin, planned.settings)
            return await self._all_pages(pages, refresh, draft, last)
        if isinstance(connector, Drawing):
            return await self._draw(planned, connector, refresh, draft)
        wanted = Wanted(refresh.url, f"data{planned.path.suffix}", _conditions(last))
        answer = await self._one(wanted, refresh, draft)
        await asyncio.to_thread(_unpack, draft, planned.path.suffix, refresh.max_size_mb * 1_000_000)
        return answer

    async def _draw(
        self, planned: PlannedSource, connector: Drawing, refresh: Refresh, draft: Draft
    ) -> Downloaded:
        """One file, drawn by the connector from a server that the guard lets through."""
        host = connector.host(planned.origin, planned.settings)
        if host is not None:
            await self._permit(*host)
        to = draft.file("drawn")
        limits = Limits(refresh.max_size_mb * 1_000_000, float(refresh.timeout_s))
        await asyncio.to_thread(connector.draw, planned.origin, planned.settings, to, limits)
        return Downloaded(200)

    async def _all_pages(
        self, pages: Pages, refresh: Refresh, draft: Draft, last: Delivery | None
    ) -> Downloaded:
        first: Downloaded | None = None
        wanted = await asyncio.to_thread(next, pages, None)
        while wanted is not None:
            if len(draft.files) >= _MOST_PAGES:
                raise errors.SourceFailed(f"has more than {_MOST_PAGES} pages", where=refresh.url)
            answer = await asyncio.to_thread(_known, wanted, draft, last)
            answer = answer or await self._one(wanted, refresh, draft)
            first = first or answer
            page = Page(draft.folder / draft.files[-1], answer.headers)
            wanted = await asyncio.to_thread(_following, pages, page)
        if first is None:
            raise errors.SourceFailed("the connector wanted nothing", where=refresh.url)
        return first

    async def _one(self, wanted: Wanted | Note, refresh: Refresh, draft: Draft) -> Downloaded:
        assert isinstance(wanted, Wanted)
        room = refresh.max_size_mb * 1_000_000 - draft.size()
        if room <= 0:
            raise errors.SourceFailed(
                f"is larger than {refresh.max_size_mb} MB",
                where=refresh.url,
                hint="raise refresh.max_size_mb",
            )
        to = draft.file(wanted.name)
        to.touch()
        return await self._download(
            wanted.url,
            headers=wanted.headers,
            to=to,
            most_bytes=room,
            timeout_s=refresh.timeout_s,
            most_bytes_s=None if refresh.max_kb_s is None else refresh.max_kb_s * 1000,
        )


def _unpack(draft: Draft, suffix: str, most_bytes: int) -> None:
    """What came as an archive is read unpacked; the archive stays beside it, as it came."""
    archive = unpack(draft.folder / draft.files[0], suffix, most_bytes)
    if archive is not None:
        draft.files.append(archive.name)


def _known(wanted: Wanted | Note, draft: Draft, last: Delivery | None) -> Downloaded | None:
    """What needs no fetching: a note, or the document of the last delivery whose version is still the one wanted."""
    if isinstance(wanted, Note):
        draft.file(wanted.name).write_bytes(wanted.content)
        return Downloaded(200)
    plain = Path(wanted.name).name
    kept = None if last is None else last.file_of(plain, wanted.version)
    if wanted.version:
        draft.versions[plain] = wanted.version
    if kept is None or not kept.is_file():
        return None
    shutil.copyfile(kept, draft.file(wanted.name))
    return Downloaded(200)


def _bookmark(connector: Connector, planned: PlannedSource, draft: Draft, *, paged: bool) -> str | None:
    if not isinstance(connector, Incremental):
        return None
    path = draft.folder if paged else draft.folder / draft.files[0]
    origin: Origin = planned.reading(path).origin
    return connector.bookmark(origin, planned.settings)


def _following(pages: Pages, page: Page) -> Wanted | Note | None:
    try:
        return pages.send(page)
    except StopIteration:
        return None


def _conditions(last: Delivery | None) -> dict[str, str]:
    """Ask only for what has changed since (RFC 9110, section 13)."""
    if last is None:
        return {}
    found = {"If-None-Match": last.manifest.etag, "If-Modified-Since": last.manifest.last_modified}
    return {name: value for name, value in found.items() if value}
