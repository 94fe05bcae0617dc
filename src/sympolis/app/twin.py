"""A twin at work: its parts, its first start and its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.deposits import Deposits
from sympolis.acquisition.handover import Handovers
from sympolis.acquisition.hooks import Hooks
from sympolis.acquisition.ledger import Ledger
from sympolis.acquisition.listening import Listeners
from sympolis.acquisition.retention import Retention
from sympolis.acquisition.schedule import Scheduler
from sympolis.analysis.dashboards.composing import Compositions
from sympolis.api.sensorthings.announcing import Announcer
from sympolis.app.announcing import MqttPublisher
from sympolis.app.governing import Government
from sympolis.app.ground import Ground
from sympolis.app.halfyearly import HalfYears
from sympolis.app.lock import Lock
from sympolis.app.participating import Participation
from sympolis.city import package
from sympolis.city.registered import Registered
from sympolis.city.shown import Shown
from sympolis.dataspace.federation import Federation
from sympolis.decision.notices.desk import NoticeDesk
from sympolis.domain import errors
from sympolis.governance.masterdata.registry import MasterData
from sympolis.help.house import Help
from sympolis.orchestration.atlases.desk import AtlasDesk
from sympolis.orchestration.dashboard_desk import DashboardDesk
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.planning.desk import PlanDesk
from sympolis.settings import Settings

log = logging.getLogger(__name__)

Report = Callable[[float, str], None]
"""Called with the share done (0..1) and what is being done."""

INGEST_SHARE = 0.3
"""Part of the first start's progress bar that is ingest: roughly its part of the CPU time."""

STEPS = {
    "starting": {"it": "Avvio", "de": "Start", "en": "Starting"},
    "ingest": {"it": "Caricamento dei dati", "de": "Daten werden geladen", "en": "Loading data"},
    "baseline": {
        "it": "Calibrazione e situazione di partenza",
        "de": "Kalibrierung und Ausgangslage",
        "en": "Calibration and baseline",
    },
    "ready": {"it": "Pronto", "de": "Bereit", "en": "Ready"},
    "failed": {
        "it": "L'avvio non è riuscito: vedi il registro",
        "de": "Der Start ist misslungen: siehe Protokoll",
        "en": "The start failed: see the log",
    },
}
"""What the start screen says, by step and language."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far the start has come: ``share`` 0..1, ``text`` for people by language."""

    ready: bool
    step: str
    share: float

    @property
    def text(self) -> Mapping[str, str]:
        """What the start screen says."""
        return STEPS[self.step]


@dataclass
class Twin:
    """One city's twin, its parts joined.

    ``address`` is known once it serves; setting ``stopped`` ends the serving.
    """

    city: package.City
    ground: Ground
    ledger: Ledger
    masterdata: MasterData
    registered: Registered
    coordinator: Coordinator
    handovers: Handovers
    deposits: Deposits
    retention: Retention
    desk: Desk
    dashboards: DashboardDesk
    atlases: AtlasDesk
    plans: PlanDesk
    shown: Shown
    """The city's views as they are now."""
    lock: Lock
    asgi: Any = None
    address: str = ""
    readiness: Readiness = field(default_factory=lambda: Readiness(False, "starting", 0.0))
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    scheduler: Scheduler | None = None
    """Reads sources anew; None where the twin keeps to what it has."""
    government: Government | None = None
    """Who may do what."""
    participation: Participation | None = None
    """What people are asked, and say."""
    federation: Federation | None = None
    """Dealings with other twins; None where this one cannot prove who it is."""
    compositions: Compositions | None = None
    """Dashboards that people put together."""
    help: Help | None = None
    """Questions and answers, tutorials, the search of the documentation."""
    notices: NoticeDesk | None = None
    """Tells people what needs them."""
    halfyears: HalfYears | None = None
    """Keeps the half-yearly state of the programme's indicators."""
    listeners: Listeners | None = None
    """Hear the sources that speak up themselves; None as before."""
    hooks: Hooks | None = None
    announcer: Announcer | None = None
    """Publishes new observations; None where no MQTT broker is set."""
    publisher: MqttPublisher | None = None
    forecasting: bool = False
    """Whether forecasts are worked out without being asked for."""
    _at_work: list[asyncio.Task[None]] = field(default_factory=list)

    async def first_start(self, report: Report | None = None) -> None:
        """Ingest what is new, calibrate and run the baseline if these data have none yet.

        Quick when nothing changed since the last start. Raises what made it fail; the twin serves on with what it has.
        """
        tell = self._teller(report)
        if self.federation is not None and self.federation.dsp is not None:
            self.federation.dsp.open()
        try:
            await self.coordinator.run_all(lambda share, words: tell("ingest", share * INGEST_SHARE, words))
            await self.registered.keep_all()
            if self.city.models:
                rest = 1 - INGEST_SHARE
                await self.desk.ensure_baseline(
                    lambda share, words: tell("baseline", INGEST_SHARE + share * rest, words)
                )
        except errors.SympolisError:
            self.readiness = Readiness(False, "failed", self.readiness.share)
            log.exception("the first start could not be finished")
            raise
        tell("ready", 1.0, "")
        self.readiness = Readiness(True, "ready", 1.0)
        keeping = None if self.federation is None else self.federation.keeping
        for part in (self.scheduler, self.listeners, self.announcer, self.notices, self.halfyears, keeping):
            if part is not None:
                self._at_work.append(asyncio.create_task(part.run(self.stopped)))
        if self.dashboards.plans or self.atlases.plans:
            self._at_work.append(asyncio.create_task(self._fill_views()))
        if self.forecasting:
            self._at_work.append(asyncio.create_task(self.desk.forecasts.keep_current(self.stopped)))

    async def _fill_views(self) -> None:
        await self.dashboards.prepare()
        await self.atlases.prepare()

    def _teller(self, report: Report | None) -> Callable[[str, float, str], None]:
        def tell(step: str, share: float, words: str) -> None:
            self.readiness = Readiness(False, step, share)
            if report is not None:
                report(share, f"{STEPS[step]['en']}: {words}" if words else STEPS[step]["en"])

        return tell

    async def close(self) -> None:
        """Finish what was acknowledged and let go of everything."""
        self.stopped.set()
        for task in self._at_work:
            task.cancel()
        if self._at_work:
            await asyncio.wait(self._at_work)
        if self.publisher is not None:
            await self.publisher.close()
        await self.desk.close()
        if self.federation is not None:
            await self.federation.close()
        if self.participation is not None:
            self.participation.close()
        if self.government is not None:
            await self.government.close()
        if self.notices is not None:
            self.notices.book.close()
        if self.compositions is not None:
            self.compositions.book.close()
        if self.help is not None:
            self.help.close()
        await self.ground.close()
        self.ledger.close()
        self.masterdata.close()
        self.lock.release()


def data_folder(settings: Settings) -> Path:
    """Where this city's twin keeps everything it knows; absolute, for engines run in folders of their own."""
    return settings.data.absolute() / package.locate(settings.city).name
