"""A twin's assets, joined: what it can publish, what it took from others, and what of that holds since this start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sympolis.api.parts import ApiParts
from sympolis.app.federating import FOLDER as FEDERATION
from sympolis.app.federating import open_records
from sympolis.app.telling import own_rules
from sympolis.city.assets.assets import Assets, Making
from sympolis.city.assets.declared import Declared
from sympolis.city.assets.holding import Holding
from sympolis.city.assets.overlay import Laid, laid_over
from sympolis.city.assets.pointing import Pointing
from sympolis.city.assets.proving import Proving
from sympolis.city.assets.report import Fitting
from sympolis.city.assets.shop import Shop
from sympolis.city.assets.taking import Taking
from sympolis.dataspace.repository.desk import AssetDesk, Ours
from sympolis.dataspace.repository.market import Market
from sympolis.dataspace.repository.records import INSTALLED, Installed
from sympolis.orchestration.compatibility import Compatibility
from sympolis.orchestration.gather import Names
from sympolis.settings import Settings
from sympolis.stores.embedded.federation import FederationBook

if TYPE_CHECKING:
    from sympolis.app.twin import Twin
    from sympolis.city.schema import City

FOLDER: Final = "repository"
"""Below the data folder: the zips of what was published and installed."""


def with_installed(city: City, settings: Settings, folder: Path) -> Laid:
    """The city with the assets that were installed in its data folder before this start."""
    if settings.store == "memory" or not (folder / FEDERATION / FederationBook.FILE).exists():
        return Laid(city)
    records = open_records(settings, folder)
    try:
        return laid_over(city, records.all(INSTALLED, Installed))
    finally:
        records.close()


def with_assets(
    parts: ApiParts,
    holding: Holding,
    names: Names,
    folder: Path,
    take: Callable[[bytes, str, str], Awaitable[dict[str, Any]]] | None,
) -> ApiParts:
    """The parts with assets among them; as they are where this twin cannot prove who it is, or has no city."""
    federation, city, coordinator = parts.federation, parts.city, parts.coordinator
    if federation is None or city is None or coordinator is None:
        return parts
    market = Market(federation.directory, federation.contact, federation.resolver)
    federation.market = market
    pointing = Pointing(
        city,
        names,
        open_to=_open_to(parts),
        address=federation.own.address,
        rulebook=federation.rulebook,
    )
    broker = parts.broker

    def comparing(borrowed: Names) -> Compatibility:
        return Compatibility(broker, borrowed, lambda: datetime.now(UTC))

    desk = AssetDesk(federation.records, folder / FOLDER, Ours(federation.keys, federation.own.did))
    making = Making(
        Shop(city, Declared(city, names), pointing, None if parts.desk is None else parts.desk.learned),
        Proving(parts.desk, coordinator),
        Taking(desk, market, Fitting(city, names, comparing), holding, take=take),
    )
    assets = Assets(making, desk, market, federation.resolver, title=federation.own.title)
    return replace(parts, assets=assets)


def showing(twin: Twin) -> Callable[[City], None]:
    """Puts the views of a city in the place of those that a running twin shows."""

    def show(city: City) -> None:
        twin.shown.show(city)
        twin.dashboards.show(city.dashboards)
        if twin.notices is not None:
            twin.notices.watch_for(own_rules(city))

    return show


def _open_to(parts: ApiParts) -> Callable[[str], bool]:
    """Whether everybody may know of a dataset: it is released to the public."""
    governed = parts.governed
    if governed is None:
        return lambda _: True
    return lambda dataset: governed.lifecycle.stage(dataset).is_public
