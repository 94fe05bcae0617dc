"""Proposals for files that are sent and for addresses: the one service behind the API and ``sympolis source new``."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.mapping import EntityMapping
from sympolis.acquisition.retrieval import Download, Retriever
from sympolis.acquisition.source import ADDRESS, Refresh, Source
from sympolis.city.proposing.proposal import Proposal, Wish, propose
from sympolis.city.proposing.sampling import SUFFIXES, recognise, recognise_address, sample
from sympolis.city.schema import City
from sympolis.domain import errors, reading
from sympolis.governance.datamodels.registry import Registry
from sympolis.plugins import loader

MOST_MB: Final = 50
"""A sample is larger only by mistake."""
_PATIENCE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal and the sample it was made from, as long as the context lasts."""

    proposal: Proposal
    sample: Path


class Proposer:
    """Makes proposals for one city. ``download`` is None where nothing may be fetched."""

    def __init__(self, city: City, registry: Registry, download: Download | None = None) -> None:
        self._city = city
        self._registry = registry
        self._download = download

    async def of_file(self, path: Path, wish: Wish) -> Proposal:
        """The proposal for a file. Raises ``SourceFailed`` (unreadable), ``NotFound`` (no such model)."""
        return await asyncio.to_thread(propose, path, self._city, self._registry, wish)

    async def of_content(self, content: bytes, name: str, wish: Wish) -> Proposal:
        """The proposal for a file that was sent."""
        with tempfile.TemporaryDirectory(prefix="sympolis-proposal-") as folder:
            path = Path(folder) / (Path(name).name or "sample")
            await asyncio.to_thread(path.write_bytes, content)
            return await self.of_file(path, wish)

    @asynccontextmanager
    async def of_address(self, url: str, wish: Wish) -> AsyncIterator[Proposed]:
        """The proposal for what is at an address: a download, or a dataset of a portal.

        Raises ``SourceFailed``, also for an address that may not be called.
        """
        with tempfile.TemporaryDirectory(prefix="sympolis-proposal-") as folder:
            yield await self._fetched(url, wish, Path(folder))

    async def _fetched(self, url: str, wish: Wish, folder: Path) -> Proposed:
        portal = recognise_address(url)
        begin = url if portal is None else portal[1]
        file = await self._file(url, begin, None if portal is None else portal[0].connector, portal, folder)
        known = recognise(file) if portal is None else portal[0]
        named = file.with_name(_stem(url) + SUFFIXES.get(known.connector, ".json"))
        file.rename(named)
        taken = await asyncio.to_thread(sample, named, known)
        made = await asyncio.to_thread(
            propose, named, self._city, self._registry, replace(wish, url=wish.url or url), taken=taken
        )
        made.source["refresh"] = {"url": begin}
        made.source["expectations"]["min_rows"] = 1
        return Proposed(made, named)

    async def _file(self, url: str, begin: str, connector: str | None, portal: object, folder: Path) -> Path:
        """The first file of what is there."""
        if self._download is None:
            raise errors.Conflict("nothing may be fetched here", where=url, hint="give a file")
        planned = _planned(begin, connector or "csv", portal)
        delivery = await Retriever(self._download, Deliveries(folder)).retrieve(
            planned, loader.connectors()[connector or "csv"]
        )
        found = delivery.path
        return found if found.is_file() else min(one for one in found.iterdir() if one.is_file())


def _planned(begin: str, connector: str, portal: object) -> PlannedSource:
    """A source that exists only to be fetched once."""
    settings_type = loader.connectors()[connector].settings_type
    given = portal[0].settings if isinstance(portal, tuple) else {}
    settings = reading.read(settings_type, given, "settings", [])
    source = Source(
        id="proposal", title={}, connector=connector, mapping="proposal", path="proposal", url=begin, licence="",
        owner="", attribution="", refresh=Refresh(url=begin, max_size_mb=MOST_MB, timeout_s=_PATIENCE_S),
    )  # fmt: skip
    mapping = EntityMapping(id="proposal", version="1", entity_type="Thing", entity_id="x")
    return PlannedSource(source, mapping, Path("proposal"), settings)


def _stem(url: str) -> str:
    """A name for what is at an address: its dataset, or its file."""
    portal = recognise_address(url)
    named = next(iter(portal[0].settings.values()), "") if portal is not None else ""
    last = Path(unquote(urlsplit(url).path)).stem
    return str(named or last or "source").replace("/", "-")[:60]


def is_address(words: str) -> bool:
    """Whether ``words`` are an address to fetch, not a file."""
    import re

    return re.fullmatch(ADDRESS, words) is not None
