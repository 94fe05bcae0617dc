"""From settings and a city package to a twin: every part is made and joined here, and nowhere else."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from pathlib import Path

from sympolis.acquisition.deliveries import Deliveries
from sympolis.acquisition.deposits import Deposits
from sympolis.acquisition.handover import Handovers
from sympolis.acquisition.hooks import Hooks
from sympolis.acquisition.ledger import Ledger, MemoryLedger
from sympolis.acquisition.listening import Listeners
from sympolis.acquisition.retention import Retention
from sympolis.acquisition.retrieval import Retriever
from sympolis.acquisition.schedule import Scheduler
from sympolis.acquisition.times import duration
from sympolis.analysis.dashboards.composing import Compositions
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts
from sympolis.api.sensorthings.announcing import Announcer
from sympolis.app.announcing import MqttPublisher
from sympolis.app.bounds import api_settings
from sympolis.app.contracting import take_learned, with_contracts
from sympolis.app.deciding import decisions_of
from sympolis.app.downloading import downloader, permit
from sympolis.app.federating import discover, open_federation
from sympolis.app.governing import gated_broker, open_government
from sympolis.app.ground import Ground, lay_ground
from sympolis.app.halfyearly import HalfYears
from sympolis.app.hearing import caller, feeds, twin_name
from sympolis.app.helping import open_help
from sympolis.app.lock import Lock
from sympolis.app.participating import participation_of, tidying
from sympolis.app.publishing import showing, with_assets, with_installed
from sympolis.app.server import speaks_websocket
from sympolis.app.setup import setup_of
from sympolis.app.subjects import Subjects, forget_in_plans
from sympolis.app.telling import open_notices, push_key
from sympolis.app.twin import Twin, data_folder
from sympolis.assessment.desk import AssessmentDesk
from sympolis.city import acquiring, describing, grids, modelling, package, tables
from sympolis.city.assets.holding import Holding
from sympolis.city.proposing.desk import Proposer
from sympolis.city.registered import Registered
from sympolis.city.schema import City
from sympolis.city.shown import Shown
from sympolis.context.broker import Broker
from sympolis.context.judging import judged
from sympolis.context.terms import Terms
from sympolis.decision.scenes.hub import Hub
from sympolis.governance.masterdata.model import MemoryBook
from sympolis.governance.masterdata.registry import MasterData
from sympolis.orchestration.atlases.desk import AtlasDesk, Credit
from sympolis.orchestration.dashboard_desk import DashboardDesk, DeskBaselines
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.planning.desk import PlanDesk
from sympolis.orchestration.run import Tariff
from sympolis.orchestration.workers import PoolSettings
from sympolis.plugins import loader
from sympolis.settings import Settings
from sympolis.stores.embedded.compositions import EmbeddedCompositions
from sympolis.stores.embedded.ledger import EmbeddedLedger
from sympolis.stores.embedded.masterdata import EmbeddedBook
from sympolis.web.site import create_site


async def open_twin(settings: Settings) -> Twin:
    """Build the twin of ``settings.city`` over its data folder.

    Raises ``CityPackageInvalid``, or ``StoreUnavailable`` where another process holds the folder.
    """
    city = package.load(settings.city)
    folder = data_folder(settings)
    lock = Lock(folder)
    lock.acquire()
    try:
        return await _joined(settings, city, folder, lock)
    except BaseException:
        lock.release()
        raise


async def _joined(settings: Settings, package_city: City, folder: Path, lock: Lock) -> Twin:
    laid = with_installed(package_city, settings, folder)
    city = laid.city
    ground = await lay_ground(settings, folder)
    terms = ground.contexts.resolve_local(city.context["@context"])
    ledger = MemoryLedger() if settings.store == "memory" else EmbeddedLedger.open(folder)
    book = MemoryBook() if settings.store == "memory" else EmbeddedBook.open(folder)
    desk = _desk(city, ground.broker, terms, folder, settings)
    twin = _twin(city, ground, terms, desk, (ledger, describing.master_data(city, book)), folder, lock)
    if settings.refresh:
        twin.scheduler = _scheduler(city, twin)
        _listen(settings, twin, folder)
    if settings.sensorthings_mqtt:
        twin.publisher = MqttPublisher(ground.guard, settings.sensorthings_mqtt)
        twin.announcer = Announcer(ground.broker, terms, twin.publisher.publish)
    twin.forecasting = settings.forecasts
    twin.desk.learned.known = twin.desk.reviews.known = settings.identity == "required"
    await twin.desk.open()
    twin.government = open_government(settings, folder, ground, city=city, terms=terms)
    twin.coordinator.erased = twin.registered.is_erased = twin.government.erasures.is_erased
    await forget_in_plans(twin.desk.joint.people, twin.government.erasures)
    twin.federation = open_federation(settings, folder, ground.client, city, lambda: twin.address)
    discover(twin, terms)
    twin.participation = participation_of(twin, settings, folder)
    twin.help = open_help(settings, twin, folder)
    twin.notices = open_notices(settings, twin, folder)
    twin.compositions = _compositions(settings, folder)
    parts = with_contracts(_parts(settings, twin, ground), settings, folder)
    twin.halfyears = HalfYears(parts)
    holding = Holding(package_city, laid, showing(twin))
    twin.asgi = create_api(with_assets(parts, holding, terms, folder, take_learned(twin.desk.learned)))
    return twin


def _twin(
    city: City,
    ground: Ground,
    terms: Terms,
    desk: Desk,
    books: tuple[Ledger, MasterData],
    folder: Path,
    lock: Lock,
) -> Twin:
    ledger, masterdata = books
    connectors = loader.connectors()
    deliveries = Deliveries(folder / "deliveries")
    coordinator = acquiring.coordinator(
        city,
        ground.broker,
        terms,
        connectors=connectors,
        ledger=ledger,
        retriever=Retriever(downloader(ground.client), deliveries, permit=permit(ground.guard)),
        identities=masterdata,
    )
    return Twin(
        city=city,
        ground=ground,
        ledger=ledger,
        masterdata=masterdata,
        registered=Registered(city, masterdata, ground.broker, terms),
        coordinator=coordinator,
        handovers=Handovers(coordinator, deliveries, folder / "handovers"),
        deposits=Deposits(coordinator, deliveries),
        retention=Retention(coordinator, ground.broker, terms, ledger, deliveries),
        desk=desk,
        dashboards=DashboardDesk(
            ground.broker,
            terms,
            city.dashboards,
            city=city.id,
            baselines=DeskBaselines(desk),
            timezone=city.facts.timezone,
        ),
        atlases=AtlasDesk(ground.broker, terms, city.atlases, models=desk, credits=_credits(city)),
        plans=PlanDesk(ground.broker, terms, desk, city.plans, folder / "desk" / "plans", city=city.id),
        shown=Shown(city),
        lock=lock,
    )


def _compositions(settings: Settings, folder: Path) -> Compositions:
    in_memory = settings.store == "memory"
    return Compositions(EmbeddedCompositions.in_memory() if in_memory else EmbeddedCompositions.open(folder))


def _credits(city: City) -> dict[str, Credit]:
    return {one.id: Credit(one.attribution, one.licence) for one in city.sources.values()}


def _scheduler(city: City, twin: Twin) -> Scheduler:
    """Reads every source anew that says how often, and lets go of what is kept no longer."""
    every = {
        source.id: interval
        for source in city.sources.values()
        if source.refresh is not None and (interval := duration(source.refresh.every)) is not None
    }
    tidy = tidying(twin)
    return Scheduler(twin.coordinator, every, clock=lambda: datetime.now(UTC), tidy=tidy)


def _listen(settings: Settings, twin: Twin, folder: Path) -> None:
    """Hears every source that speaks up itself, once the twin has started."""
    address = settings.public_url.rstrip("/")
    twin.hooks = Hooks(caller(twin.ground.client), lambda: address or twin.address)
    opens = feeds(twin.ground.guard, twin.hooks, twin_name(twin.city.id, folder.resolve()))
    twin.listeners = Listeners(twin.coordinator, opens)


def _desk(city: City, broker: Broker, terms: Terms, folder: Path, settings: Settings) -> Desk:
    return Desk(
        broker,
        terms,
        loader.simulators(),
        folder / "desk",
        city=city.id,
        models=modelling.models(city),
        scenarios=modelling.scenarios(city),
        services=modelling.services(city),
        forecasts=city.forecasts,
        timezone=city.facts.timezone,
        areas=modelling.areas(city),
        observed=modelling.observed(city),
        language=city.facts.languages[0],
        grids=functools.partial(grids.read, city.folder),
        tables=functools.partial(tables.read, city.folder),
        tariff=Tariff(settings.core_watts, settings.eur_per_kwh),
        workers=PoolSettings(
            executor=settings.executor, workers=settings.workers, memory_mb=settings.worker_memory_mb
        ),
    )


def _judged(city: City, ground: Ground) -> Broker:
    """The broker as clients write through it: where a dataset governs a type, its data model is asked."""
    judge = describing.write_judge(city, ground.contexts.resolve_local(city.context["@context"]))
    return ground.broker if judge is None else Broker(judged(ground.broker.store, judge))


def _parts(settings: Settings, twin: Twin, ground: Ground) -> ApiParts:
    assert twin.government is not None
    government = twin.government
    access = government.access
    models, broker = describing.registry(twin.city), _judged(twin.city, ground)
    return ApiParts(
        broker=broker if access is None else gated_broker(broker),
        contexts=ground.contexts,
        library=ground.library,
        subscriptions=ground.subscriptions,
        registrations=ground.sources.registrations,
        source_subscriptions=ground.sources.subscriptions,
        distribution=ground.sources.distribution,
        remote_subscriptions=ground.sources.remote,
        snapshots=ground.lasting.snapshots,
        transients=ground.lasting.transients,
        entity_maps=ground.lasting.entity_maps,
        city=twin.city,
        shown=twin.shown,
        coordinator=twin.coordinator,
        desk=twin.desk,
        dashboards=twin.dashboards,
        compositions=twin.compositions,
        atlases=twin.atlases,
        plans=twin.plans,
        handovers=twin.handovers,
        proposer=Proposer(twin.city, models, downloader(ground.client)),
        data_models=models,
        masterdata=twin.masterdata,
        registered=twin.registered,
        deposits=twin.deposits,
        retention=twin.retention,
        hooks=twin.hooks,
        listeners=twin.listeners,
        subjects=Subjects(
            ground.broker,
            twin.coordinator,
            government.directory,
            government.erasures,
            twin.participation,
            twin.help,
            twin.compositions,
            twin.desk.review_book,
            None if twin.notices is None else twin.notices.book,
            twin.desk.joint.people,
        ),
        readiness=lambda: twin.readiness,
        settings=api_settings(settings),
        site=create_site(),
        governed=government.governed,
        federation=twin.federation,
        participation=twin.participation,
        decisions=decisions_of(twin, data_folder(settings)),
        assessment=AssessmentDesk(
            data_folder(settings) / "assessment", setup=setup_of(settings, data_folder(settings))
        ),
        notices=twin.notices,
        help=twin.help,
        push_key=push_key(twin),
        scenes=Hub() if speaks_websocket() else None,
        access=access,
    )
