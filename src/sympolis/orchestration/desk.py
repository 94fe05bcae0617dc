"""The desk: everything that the API, the command line and the start of the twin ask about models, scenarios and runs.

A facade only: the work is done by ``model_desk``, ``scenario_desk``, ``run_desk`` and ``comparison_desk``. Every method
answers with the JSON of ``docs/reference/twin-api.md`` as plain dicts and lists.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sympolis.analysis.ensemble import POLICIES
from sympolis.analysis.forecasting.plan import ForecastPlan
from sympolis.analysis.scenario import BASELINE, Reason
from sympolis.context.broker import Broker
from sympolis.domain import errors
from sympolis.domain.scenario import RunStatus, Scenario, ScenarioStatus
from sympolis.orchestration import documents, gather, run, saying
from sympolis.orchestration.atlas import AreaSetup, Atlas
from sympolis.orchestration.calibration_desk import CALIBRATE, EVALUATE, CalibrationDesk
from sympolis.orchestration.cells import GridReader, no_grids
from sympolis.orchestration.comparison_desk import ComparisonDesk
from sympolis.orchestration.compatibility import Compatibility
from sympolis.orchestration.deploying import DeployDesk
from sympolis.orchestration.detailing import Details
from sympolis.orchestration.executors import executor
from sympolis.orchestration.forecast_desk import ForecastDesk
from sympolis.orchestration.joint_desk import JointDesk
from sympolis.orchestration.learned_desk import LearnedDesk
from sympolis.orchestration.model_desk import ModelDesk, ModelSetup
from sympolis.orchestration.observed import ObservedIndicator, observed_figures
from sympolis.orchestration.prescription_desk import PrescriptionDesk
from sympolis.orchestration.quotas import Quotas
from sympolis.orchestration.request import Request
from sympolis.orchestration.review_book import FOLDER as REVIEWS
from sympolis.orchestration.review_book import ReviewBook
from sympolis.orchestration.review_desk import ReviewDesk
from sympolis.orchestration.run import Run
from sympolis.orchestration.run_desk import RunDesk
from sympolis.orchestration.scenario_desk import ScenarioDesk, with_baseline
from sympolis.orchestration.sensitivity_desk import SensitivityDesk
from sympolis.orchestration.service import ServiceSetup
from sympolis.orchestration.service_desk import ServiceDesk
from sympolis.orchestration.tabled import TableReader, no_tables
from sympolis.orchestration.workers import PoolSettings, Progress
from sympolis.orchestration.worklist import Asking, Owner, worklist
from sympolis.plugins.simulator import Simulator

Json = dict[str, Any]

_BASELINE_TITLE = {"it": "Situazione attuale", "de": "Heutiger Zustand", "en": "The city as it is"}
_BASELINE_QUESTION = {
    "it": "Com'è la situazione senza nessuna nuova misura?",
    "de": "Wie ist es ohne neue Maßnahme?",
    "en": "What is it like with no new measure taken?",
}


_NO_ESTIMATE: Json = {"cpu_s": None, "members": 0, "cached": False}
"""Of what the model refuses."""


class Desk:
    """One city's models, scenarios and runs.

    Parameters
    ----------
    broker, names : the twin's entities, and the city's terms
    simulators : plugin classes by id (``plugins.loader.simulators()``); taken from it only when needed
    folder : where prepared models, results and run records are kept; everything in it can be recomputed
    city : the city's id, part of every URN
    models, scenarios, services : what the city package declares; the baseline of each model is added
    grids : reads the cells of a coverage that a model needs
    tables : reads the table of very many things that a model needs
    tariff : what the machines draw and electricity costs, for the estimated energy of a run
    """

    def __init__(  # noqa: PLR0913 - a composition: each keyword is one part or one choice
        self,
        broker: Broker,
        names: gather.Names,
        simulators: Mapping[str, type[Simulator]],
        folder: Path,
        *,
        city: str,
        models: Sequence[ModelSetup] = (),
        scenarios: Sequence[Scenario] = (),
        services: Sequence[ServiceSetup] = (),
        forecasts: Sequence[ForecastPlan] = (),
        timezone: str = "UTC",
        areas: AreaSetup | None = None,
        observed: Sequence[ObservedIndicator] = (),
        language: str = "en",
        workers: PoolSettings | None = None,
        grids: GridReader = no_grids,
        tables: TableReader = no_tables,
        tariff: run.Tariff = run.NO_TARIFF,
        now: Callable[[], datetime] = run.now,
    ) -> None:
        self._broker = broker
        self._names = names
        self._observed = tuple(observed)
        self._pool = executor(workers or PoolSettings(), folder)
        self._atlas = Atlas(broker, names, areas or AreaSetup())
        self._models = ModelDesk(
            broker,
            names,
            simulators,
            models,
            pool=self._pool,
            folder=folder,
            now=now,
            grids=grids,
            tables=tables,
        )
        self.review_book = ReviewBook(folder / REVIEWS)
        self._scenarios = ScenarioDesk(
            broker,
            names,
            city=city,
            builtin=with_baseline(scenarios, _baselines(self._models)),
            models=self._models.ids,
            simulator=self._models.simulator,
            language=language,
            reviews=self.review_book,
            now=now,
        )
        self.reviews = ReviewDesk(self._scenarios, self.review_book, self._scenario, now)
        self._runs = RunDesk(
            broker,
            names,
            city=city,
            models=self._models,
            scenarios=self._scenarios,
            atlas=self._atlas,
            pool=self._pool,
            quotas=Quotas(folder / "usage.json", now),
            folder=folder,
            now=now,
            tariff=tariff,
        )
        self._calibrations = CalibrationDesk(
            broker,
            names,
            self._models,
            city=city,
            quotas=self._runs.quotas,
            folder=folder / "calibrations" / "history",
            now=now,
        )
        self._compatibility = Compatibility(broker, names, now)
        self._services = ServiceDesk(
            services,
            models=self._models,
            scenarios=self._scenarios,
            runs=self._runs,
            compatibility=self._compatibility,
        )
        self.deployed = DeployDesk(
            self._services, self._scenarios, self._models.simulator, folder / "deployed", now
        )
        self._comparisons = ComparisonDesk(self._models, self._runs, self._atlas)
        self.joint = JointDesk(
            broker,
            names,
            city=city,
            services=self._services,
            runs=self._runs,
            comparisons=self._comparisons,
            now=now,
        )
        self._sensitivity = SensitivityDesk(
            self._models,
            self._runs.board,
            self._runs.execution,
            quotas=self._runs.quotas,
            pool=self._pool,
            folder=folder / "sensitivity",
            now=now,
        )
        self.recommendations = PrescriptionDesk(
            broker,
            names,
            city=city,
            models=self._models,
            scenarios=self._scenarios,
            runs=self._runs,
            atlas=self._atlas,
            pool=self._pool,
            folder=folder / "recommendations",
            language=language,
            now=now,
        )
        self.details = Details(self._models, self._runs.board, self._pool, folder / "details")
        self.learned = LearnedDesk(self._pool, folder / "learned", now=now)
        self.forecasts = ForecastDesk(
            broker,
            names,
            forecasts,
            city=city,
            zone=timezone,
            pool=self._pool,
            folder=folder / "forecasts",
            now=now,
        )

    async def open(self) -> None:
        """Find the runs that were kept and publish the city's scenarios. Call once, before anything else."""
        self._runs.board.open()
        self._calibrations.open()
        self.learned.open()
        await self._scenarios.open()
        await self.deployed.open()

    async def close(self) -> None:
        """Stop runs and worker processes. Runs under way are found interrupted at the next start."""
        self.learned.close()
        await self.recommendations.close()
        await self._sensitivity.close()
        await self._calibrations.close()
        await self.forecasts.close()
        await self._runs.close()
        await self._pool.close()

    # --- models -------------------------------------------------------------------------------------------------------

    def model_ids(self) -> tuple[str, ...]:
        """Every model of the city, by its id."""
        return self._models.ids

    async def models(self) -> list[Json]:
        """Every model of the city."""
        return [await self.model(model_id) for model_id in self._models.ids]

    async def model(self, model_id: str) -> Json:
        """One model. Raises ``NotFound``."""
        simulator = self._models.simulator(model_id)
        calibration = await self._models.find_calibration(model_id)
        supplies = await self._compatibility.of(simulator)
        described = documents.model(self._models.setup(model_id), simulator, calibration, supplies)
        if calibration is not None:
            described["calibration"]["drift"] = self._calibrations.drift(calibration.id)
        return described

    def model_simulator(self, model_id: str) -> str:
        """The id of the simulator behind a model. Raises ``NotFound``."""
        return self._models.setup(model_id).simulator

    async def model_features(self, model_id: str) -> Json:
        """The GeoJSON of the features that the model's results refer to."""
        return await self._atlas.features(model_id, self._models.simulator(model_id))

    async def model_table(self, model_id: str, table: str) -> Path:
        """The file of a table that a model leaves, for the present data. Raises ``NotFound``, ``ModelFailed``."""
        name = self._models.simulator(model_id).tables.get(table)
        if name is None:
            raise errors.NotFound(f"{model_id} leaves no table {table!r}", where="table")
        return (await self._models.prepared(model_id)).folder / name

    async def work(self, task: Mapping[str, Any]) -> Any:
        """What a worker process makes of a task of the platform's own."""
        return (await self._pool.run(task)).result

    async def calibrate(self, model_id: str) -> Json:
        """Begin to fit a model to the present observations, even if it was fitted before; the job."""
        return self._calibrations.start(model_id, CALIBRATE)

    async def evaluate(self, model_id: str) -> Json:
        """Begin to judge a model's standing calibration on the present observations; the job."""
        return self._calibrations.start(model_id, EVALUATE)

    async def calibrations(self, model_id: str) -> Json:
        """Every calibration of a model and how it has aged, newest first. Raises ``NotFound``."""
        return await self._calibrations.history(model_id)

    # --- scenarios ----------------------------------------------------------------------------------------------------

    async def scenarios(self) -> list[Json]:
        """Every scenario, the city's own first."""
        return [self._scenario(scenario) for scenario in await self._scenarios.list_scenarios()]

    async def scenario(self, scenario_id: str) -> Json:
        """One scenario. Raises ``NotFound``."""
        return self._scenario(await self._scenarios.get(scenario_id))

    async def create_scenario(self, document: Any, *, by: str = "") -> Json:
        """Keep a new scenario of somebody's. Raises ``BadRequestData``, ``OverrideRefused``, ``AlreadyExists``."""
        scenario = await self._accepted(document)
        return self._scenario(await self._scenarios.create(scenario, by=by))

    async def update_scenario(self, scenario_id: str, document: Any, *, by: str = "") -> Json:
        """Replace a scenario; ``document["version"]`` is the version that was edited. Raises ``Conflict``."""
        if isinstance(document, Mapping) and "version" not in document:
            hint = "send the version that you loaded"
            raise errors.BadRequestData("is missing", where="version", hint=hint)
        scenario = await self._accepted(document)
        return self._scenario(await self._scenarios.update(scenario_id, scenario, by=by))

    async def delete_scenario(self, scenario_id: str) -> None:
        """Forget a scenario; its runs stay."""
        await self._scenarios.delete(scenario_id)

    async def check_scenario(self, document: Any) -> Json:
        """Whether the model allows it, every reason if not, what it touches and what it would cost."""
        scenario, reasons = await self._scenarios.read(document)
        ready = await self._models.prepared(scenario.simulator)
        overrides: Sequence[Any] = scenario.overrides
        if not reasons:
            overrides, reasons = await self._runs.objections(scenario, ready)
        places = await self._atlas.places(scenario.simulator, ready.simulator, ready.data_version)
        return {
            "allowed": not reasons,
            "reasons": [_reason(reason) for reason in reasons],
            "affected": places.touched_by(overrides),
            "estimate": await self._runs.estimate(scenario, ready, overrides)
            if not reasons
            else _NO_ESTIMATE,
        }

    async def _accepted(self, document: Any) -> Scenario:
        """The document as a scenario that the model allows. Raises the first reason against it."""
        scenario, reasons = await self._scenarios.read(document)
        if not reasons:
            ready = await self._models.prepared(scenario.simulator)
            _, reasons = await self._runs.objections(scenario, ready)
        if reasons:
            raise reasons[0].error()
        return scenario

    def _scenario(self, scenario: Scenario, *, exact: bool = False) -> Json:
        """A scenario and its newest run; ``exact``: only a run of this very version."""
        latest = self._latest(scenario, **({"scenario_version": scenario.version} if exact else {}))
        return documents.scenario(
            scenario,
            latest_run=latest.id if latest else None,
            builtin=self._scenarios.is_builtin(scenario.id),
            approved_version=self.review_book.find(scenario.id).approved_version,
        )

    def _latest(self, scenario: Scenario, **more: Any) -> Run | None:
        """The run that stands for a scenario: of its own hours and, for a baseline, as the city declares it."""
        setup = self._models.setup(scenario.simulator)
        like: dict[str, Any] = {"window": self._models.window(scenario.simulator, scenario.window), **more}
        if scenario.id == self._models.baseline_of(scenario.simulator):
            like |= {"mode": setup.baseline_mode, "seed": setup.baseline_seed, "plain": True}
        return self._runs.board.latest(scenario.id, **like)

    # --- services -----------------------------------------------------------------------------------------------------

    async def services(self) -> list[Json]:
        """Every service of the city."""
        return await self._services.list_services()

    def services_needing(self) -> list[tuple[ServiceSetup, Mapping[str, type[Simulator]]]]:
        """Every service and the models that it asks: what other twins compare with their data."""
        return self._services.needing()

    async def service(self, service_id: str) -> Json:
        """One service. Raises ``NotFound``."""
        return await self._services.describe(service_id)

    async def service_runs(self, service_id: str) -> list[Json]:
        """A service's runs, newest first."""
        return [self._run(found) for found in self._services.runs(service_id)]

    async def worklist(self, owners: Mapping[str, Owner], operator: str) -> list[Json]:
        """What the services of the city make do without, as tasks; ``owners`` is by entity type."""
        asking = []
        for described in await self._services.list_services():
            latest = self._runs.board.get(described["latest_run"]) if described["latest_run"] else None
            figures = documents.run(latest)["indicators"] if latest else []
            asking.append(
                Asking(
                    described["id"],
                    described["title"],
                    described["check"],
                    self._services.setup(described["id"]).gaps,
                    {figure["name"]: {**figure, "run": described["latest_run"]} for figure in figures},
                )
            )
        return worklist(asking, owners, operator)

    async def start_service(
        self,
        service_id: str,
        levers: Mapping[str, Any],
        *,
        mode: str = "interactive",
        members: int | None = None,
        seed: int = 1,
    ) -> Json:
        """Run a service with these lever values; the run that gives its answer."""
        return self._run(await self._services.start(service_id, levers, Request(mode, members, seed)))

    # --- runs ---------------------------------------------------------------------------------------------------------

    async def start_run(
        self, scenario_id: str, *, mode: str = "interactive", members: int | None = None, seed: int = 1
    ) -> Json:
        """Start an ensemble; ``cached`` and ``status`` "done" say that the answer was there already."""
        return self._run(await self._runs.start(scenario_id, Request(mode, members, seed)))

    async def start_model(
        self,
        model_id: str,
        what_if: Mapping[str, Any],
        *,
        mode: str = "interactive",
        members: int | None = None,
        seed: int = 1,
    ) -> Json:
        """Run a model with overrides and hours (``overrides``, ``window``) that no scenario has to hold yet.

        Raises ``NotFound``, ``BadRequestData``, ``OverrideRefused``.
        """
        baseline = await self._scenarios.get(self._models.baseline_of(self._models.setup(model_id).id))
        document = {"title": dict(self._models.simulator(model_id).title), "model": model_id, **what_if}
        asked = await self._accepted(document)
        if not asked.overrides and asked.window == baseline.window:
            return await self.start_run(baseline.id, mode=mode, members=members, seed=seed)
        scenario = await self._scenarios.named_by_content(asked, model_id)
        return await self.start_run(scenario.id, mode=mode, members=members, seed=seed)

    def _run(self, found: Run) -> Json:
        """A run as everybody reads it: with what is known of the drift of the calibration that it rests on."""
        return {**documents.run(found), "drift": self._calibrations.drift(found.calibration_id)}

    async def run(self, run_id: str) -> Json:
        """One run. Raises ``NotFound``."""
        return self._run(self._runs.board.get(run_id))

    async def runs(self, scenario: str | None = None) -> list[Json]:
        """Runs (of one scenario), newest first."""
        return [self._run(found) for found in self._runs.board.list_runs(scenario)]

    async def cancel_run(self, run_id: str) -> Json:
        """Ask a run to stop; a finished one stays as it is."""
        return self._run(self._runs.cancel(run_id))

    async def run_events(self, run_id: str) -> AsyncIterator[Json]:
        """The run now and after each change, to its end."""
        async for found in self._runs.board.follow(run_id):
            yield self._run(found)

    async def results(self, run_id: str) -> Json:
        """A finished run's fields per hour and feature."""
        return await self._comparisons.results(run_id)

    async def compare(self, base_run: str, with_run: str) -> Json:
        """What changes between two finished runs, and how clearly."""
        found = await self._comparisons.compare(base_run, with_run)
        return {**found, "drift": self._calibrations.drift(self._runs.board.get(with_run).calibration_id)}

    async def analyse(self, run_id: str, points: int = 16) -> Json:
        """Start (or find) the analysis of which inputs make a finished run uncertain."""
        return await self._sensitivity.start(run_id, points)

    async def sensitivity(self, run_id: str) -> Json:
        """The analysis of a run, finished or under way. Raises ``NotFound``."""
        return self._sensitivity.get(run_id)

    # --- the twin as a whole ------------------------------------------------------------------------------------------

    async def baseline_run(self, model_id: str) -> Run | None:
        """The run that stands for the world as it is in a model; None where it was not run. Raises ``NotFound``."""
        return self._latest(
            await self._scenarios.get(self._models.baseline_of(self._models.setup(model_id).id))
        )

    async def ensure_baseline(self, progress: Progress | None = None, model: str | None = None) -> Json:
        """Make a model (the city's first) ready and run the world as it is; instant where that was done before.

        Raises ``ModelFailed`` with the reason where it cannot be done, ``Cancelled`` if the desk is closed meanwhile.
        """
        model_id = model or self._models.ids[0]
        setup = self._models.setup(model_id)
        hear = progress or (lambda _share, _text: None)
        hear(0.0, "preparing the model")
        await self._models.ready(model_id, lambda share, text: hear(0.05 + 0.35 * share, text))
        # Always as many members as a scenario may have, so that each of its members finds its pair.
        members = setup.baseline_members or POLICIES[setup.baseline_mode].maximum
        request = Request(setup.baseline_mode, members, setup.baseline_seed)
        started = await self._runs.start(self._models.baseline_of(model_id), request)
        done = started if started.finished else await self._runs.wait(started.id, _heard(hear))
        if not done.finished:
            raise errors.Cancelled("the twin is stopping; the next start goes on from here", where=done.id)
        if done.status is not RunStatus.DONE:
            detail = done.error.detail if done.error else f"the run is {done.status}"
            raise errors.ModelFailed(f"the baseline could not be run: {detail}", where=done.id)
        hear(1.0, "baseline ready")
        return self._run(done)

    async def indicators(self) -> list[Json]:
        """The figures of the latest baseline, then those observed."""
        latest = self._latest(await self._scenarios.get(BASELINE)) if self._models.ids else None
        modelled = [_modelled(figure, latest) for figure in self._run(latest)["indicators"]] if latest else []
        return [*modelled, *await observed_figures(self._broker, self._names, self._observed)]

    async def jobs(self) -> list[Json]:
        """What is being prepared, calibrated or run, oldest first."""
        models = [
            {"id": f"{what}-{model}", "kind": what, "title": model, "status": "running", "progress": None,
             "started_at": documents.instant(since)}
            for model, (what, since) in self._models.working.items()
        ]  # fmt: skip
        models += [
            {"id": f"{one['kind']}-{one['model']}", "kind": one["kind"], "title": one["model"],
             "status": "running", "progress": one["progress"], "started_at": one["started_at"]}
            for one in self._calibrations.jobs()
            if one["model"] not in self._models.working
        ]  # fmt: skip
        return [*models, *self.forecasts.jobs(), *(_job(found) for found in self._runs.board.active())]


def _baselines(models: ModelDesk) -> dict[str, Scenario]:
    setups = [models.setup(model_id) for model_id in models.ids]
    return {
        setup.id: Scenario(
            id=models.baseline_of(setup.id),
            title=_BASELINE_TITLE,
            question=_BASELINE_QUESTION,
            simulator=setup.id,
            window=setup.baseline_window,
            status=ScenarioStatus.ADOPTED,
        )
        for setup in setups
    }


def _reason(reason: Reason) -> Json:
    return {
        "override": reason.override,
        "where": reason.where,
        "reason": reason.reason,
        "texts": saying.texts([reason.reason])[0],
        "hint": reason.hint,
    }


def _modelled(figure: Json, latest: Run) -> Json:
    at = documents.instant(latest.finished_at)
    lineage = f"/api/lineage/{latest.id}"
    return {**figure, "at": at, "run": latest.id, "source": None, "lineage": lineage}


def _job(found: Run) -> Json:
    return {
        "id": found.id,
        "kind": "run",
        "title": dict(found.scenario_title),
        "status": str(found.status),
        "progress": documents.run(found)["progress"],
        "started_at": documents.instant(found.started_at or found.queued_at),
    }


def _heard(hear: Progress) -> Callable[[Run], None]:
    def heard(found: Run) -> None:
        hear(0.4 + 0.6 * found.progress.share, "running the baseline")

    return heard
