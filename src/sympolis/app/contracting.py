"""A twin's contracts with others, joined: books in the data folder, offers from the catalogue, policies that hold."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sympolis.analysis.learned.life import Stage
from sympolis.api.frames import DatasetFrames
from sympolis.api.holdings import Holdings
from sympolis.api.parts import ApiParts, Contracting
from sympolis.api.ranges import PutAside
from sympolis.dataspace.calling.bringing import Bringing, Take
from sympolis.dataspace.calling.caller import Calling
from sympolis.dataspace.computing.asking import Asking
from sympolis.dataspace.computing.providing import Providing
from sympolis.dataspace.contracts.book import ContractBook, MemoryBook
from sympolis.dataspace.contracts.desk import ContractDesk
from sympolis.dataspace.contracts.keeping import Keeping
from sympolis.dataspace.contracts.scripts import NO_SCRIPTS, ScriptedOffers, Scripts, read_scripts
from sympolis.dataspace.delivery.receiving import Receiving
from sympolis.dataspace.dsp.credentials import Anybody
from sympolis.dataspace.learning.coordinator import Coordinator
from sympolis.domain import errors
from sympolis.governance.policy.assets import Asset, asset_of
from sympolis.governance.policy.gate import Gate
from sympolis.settings import Settings
from sympolis.stores.embedded.contracts import EmbeddedContracts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sympolis.governance.policy.model import Policy
    from sympolis.orchestration.learned_desk import LearnedDesk

FOLDER = "federation"


def with_contracts(parts: ApiParts, settings: Settings, folder: Path) -> ApiParts:
    """The parts with contracts among them; as they are where this twin cannot prove who it is, or has no catalogue."""
    federation, governed = parts.federation, parts.governed
    if federation is None or governed is None or parts.city is None or parts.coordinator is None:
        return parts
    scripts = _scripts(settings)
    holdings = Holdings(parts, parts.city, parts.coordinator)
    rehearsing = scripts is not NO_SCRIPTS
    desk = ContractDesk(
        _book(settings, folder),
        federation.calls,
        Anybody("urn:sympolis:rehearsing", scripts.partner) if rehearsing else federation.identity,
        address=lambda: f"{federation.own.address()}/dsp",
        offers=ScriptedOffers(scripts, holdings) if rehearsing else holdings,
        endpoints=holdings,
        present=_present(governed.gate),
        suspended=lambda partner: federation.directory.standing(partner) == "suspended",
        note=governed.audit.note,
        scripts=scripts,
    )
    for one in scripts.agreements(desk.credentials.participant, desk.clock()) if rehearsing else ():
        desk.book.add(one)
    federation.dsp = desk
    federation.keeping = Keeping(desk.book, settings.ended_contract_days)
    federation.delivery = Receiving(desk, folder / FOLDER / "received")
    federation.calling = Calling(desk, federation.records, folder / FOLDER / "called")
    frames = DatasetFrames(parts, parts.city, parts.coordinator)
    federation.providing = Providing(desk, federation.records, federation.resolver, frames)
    federation.asking = Asking(
        desk, federation.calling, federation.records, federation.keys, federation.own.did
    )
    hand_in = None if parts.desk is None else take_learned(parts.desk.learned)
    federation.learning = Coordinator(
        federation.asking, federation.providing, frames, federation.records, hand_in=hand_in
    )
    desk.also_open = _opening(federation.calling.open, federation.providing.open, federation.learning.open)
    if parts.desk is not None:
        federation.bringing = Bringing(
            federation.calling, federation.resolver, take_learned(parts.desk.learned)
        )
    aside = PutAside(folder / FOLDER / "aside")
    desk.transfers.on_end = lambda transfer: aside.forget(transfer.id)
    return replace(parts, contracting=Contracting(desk, federation.delivery, holdings, aside))


def _opening(*parts: Callable[[], None]) -> Callable[[], None]:
    """Opens one after the other."""

    def open_all() -> None:
        for one in parts:
            one()

    return open_all


def take_learned(learned: LearnedDesk) -> Take:
    """Keeps what came as a draft of whoever gave it, and has it validated."""

    async def take(content: bytes, by: str, why: str) -> dict[str, Any]:
        kept = await learned.hand_in(content, by=by, why=why)
        card = kept.card
        kept = await learned.move(
            card.name, card.version, Stage.VALIDATED, by=by, why="its examples hold, locked in"
        )
        return {"name": card.name, "version": card.version, "stage": str(kept.record.stage)}

    return take


def _book(settings: Settings, folder: Path) -> ContractBook:
    return MemoryBook() if settings.store == "memory" else EmbeddedContracts.open(folder / FOLDER)


def _present(gate: Gate) -> Callable[[str], Sequence[Policy]]:
    """The policies that speak of a dataset, a service or a model now."""
    return lambda iri: gate.book.of(asset_of(iri) or Asset(iri))


def _scripts(settings: Settings) -> Scripts:
    """The test mode's scripts. Raises ``SettingsInvalid``."""
    if not settings.dsp_script:
        return NO_SCRIPTS
    if settings.identity == "required":
        raise errors.SettingsInvalid(
            "in the test mode everybody is taken for the kit",
            where="dsp_script",
            hint="use another twin for tests",
        )
    path = Path(settings.dsp_script)
    try:
        return read_scripts(tomllib.loads(path.read_text("utf-8")), where=str(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise errors.SettingsInvalid(f"cannot be read: {problem}", where=str(path)) from problem
