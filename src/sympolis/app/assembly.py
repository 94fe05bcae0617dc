"""From settings and a city package to a twin: every part is made and joined here, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from sympolis.acquisition.coordinator import Coordinator
from sympolis.acquisition.ingest import PlannedSource
from sympolis.acquisition.ledger import Ledger, MemoryLedger
from sympolis.acquisition.translate import Place
from sympolis.api.asgi import create_api
from sympolis.api.parts import ApiParts, ApiSettings
from sympolis.app.lock import Lock
from sympolis.app.twin import Twin, data_folder
from sympolis.city import package
from sympolis.city.schema import City, HourWindow, ModelPlan, ScenarioPlan
from sympolis.context.broker import Broker
from sympolis.context.store import Store
from sympolis.context.terms import Contexts, Terms
from sympolis.domain.scenario import Override, Scenario, ScenarioStatus, Window
from sympolis.orchestration.desk import Desk
from sympolis.orchestration.model_desk import ModelSetup
from sympolis.plugins import loader
from sympolis.settings import Settings
from sympolis.stores.embedded import EmbeddedStore
from sympolis.stores.embedded.ledger import EmbeddedLedger
from sympolis.stores.memory import MemoryStore
from sympolis.web.site import create_site


async def open_twin(settings: Settings) -> Twin:
    """Build the twin of ``settings.city`` over its data folder. Raises ``CityPackageInvalid``, ``StoreUnavailable``."""
    city = package.load(settings.city)
    folder = data_folder(settings)
    lock = Lock(folder)
    lock.acquire()
    try:
        return await _joined(settings, city, folder, lock)
    except BaseException:
        lock.release()
        raise


async def _joined(settings: Settings, city: City, folder: Path, lock: Lock) -> Twin:
    contexts = Contexts()
    terms = contexts.resolve_local(city.context["@context"])
    broker = Broker(open_store(settings, folder))
    ledger = MemoryLedger() if settings.store == "memory" else EmbeddedLedger.open(folder)
    twin = Twin(
        city=city,
        broker=broker,
        ledger=ledger,
        coordinator=_coordinator(city, broker, terms, ledger),
        desk=_desk(city, broker, terms, folder),
        lock=lock,
    )
    await twin.desk.open()
    twin.asgi = create_api(_parts(settings, twin, contexts))
    return twin


def open_store(settings: Settings, folder: Path) -> Store:
    """The store that ``settings.store`` names, its files below ``folder``. Raises ``StoreUnavailable``."""
    return MemoryStore() if settings.store == "memory" else EmbeddedStore.open(folder / "store")


def api_settings(settings: Settings) -> ApiSettings:
    """The API's bounds, from what a person may set."""
    return ApiSettings(hosts=settings.hosts, max_body_bytes=settings.max_body_mb * 1024 * 1024)


def _coordinator(city: City, broker: Broker, terms: Terms, ledger: Ledger) -> Coordinator:
    return Coordinator(
        broker,
        terms,
        place=Place(city.id, city.facts.timezone, city.facts.bbox),
        planned=_planned(city),
        connectors=loader.connectors(),
        ledger=ledger,
    )


def _planned(city: City) -> list[PlannedSource]:
    in_order = sorted(city.sources.values(), key=lambda source: (source.order, source.id))
    return [
        PlannedSource(
            source, city.mappings[source.mapping], city.folder / source.path, city.settings[source.id]
        )
        for source in in_order
    ]


def _desk(city: City, broker: Broker, terms: Terms, folder: Path) -> Desk:
    return Desk(
        broker,
        terms,
        loader.simulators(),
        folder / "models",
        city=city.id,
        models=[_model(plan) for plan in city.models.values()],
        scenarios=[_scenario(plan) for plan in city.scenarios],
        language=city.facts.languages[0],
    )


def _model(plan: ModelPlan) -> ModelSetup:
    calibration, baseline = plan.calibration, plan.baseline
    return ModelSetup(
        id=plan.id,
        simulator=plan.simulator,
        title=plan.title,
        parameters={fixed.name: fixed.value for fixed in plan.parameters},
        calibrated=calibration is not None,
        calibration_window=_window(calibration.window) if calibration else Window(),
        calibration_seed=calibration.seed if calibration else 1,
        baseline_window=_window(baseline.window),
        baseline_mode=baseline.mode,
        baseline_members=baseline.members,
        baseline_seed=baseline.seed,
    )


def _scenario(plan: ScenarioPlan) -> Scenario:
    overrides = tuple(Override(one.measure, one.where, one.parameters) for one in plan.overrides)
    return Scenario(
        id=plan.id,
        title=plan.title,
        question=plan.question,
        simulator=plan.model,
        overrides=overrides,
        window=_window(plan.window),
        base=plan.base,
        status=ScenarioStatus.REVIEWED,
    )


def _window(hours: HourWindow) -> Window:
    return Window(hours.start_hour, hours.end_hour)


def _parts(settings: Settings, twin: Twin, contexts: Contexts) -> ApiParts:
    return ApiParts(
        broker=twin.broker,
        contexts=contexts,
        city=twin.city,
        coordinator=twin.coordinator,
        desk=twin.desk,
        readiness=lambda: twin.readiness,
        settings=api_settings(settings),
        site=create_site(),
    )
